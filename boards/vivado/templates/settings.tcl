# What build.tcl builds. Written by lst-hw.

# Board and clock.
set part {$part}
set board_part {$board_part}
set clock_mhz $clock_mhz

# IP core.
set top {$top}
set ip_vlnv {$ip_vlnv}
set ip_description {$title, $pes PEs, weights $weight_format}
set buses {$buses}
set control_bus {$control_bus}
set interrupt {$interrupt}
set pixel_stream_bits $pixel_stream_bits
