# Makes bitstream and hardware description of the accelerator on a Zynq board, in this folder:
#
#     vivado -mode batch -source build.tcl
#
# All that depends on the accelerator and the board is in settings.tcl. Work files go to build/.

set here [file dirname [file normalize [info script]]]
source [file join $here settings.tcl]
set work [file join $here build]
set ip_folder [file join $work ip]
file mkdir $work

# A build that fails must not leave the products of an earlier one.
set bit [file join $here $top.bit]
set hwh [file join $here $top.hwh]
file delete $bit $hwh

source [file join $here scripts package_ip.tcl]

create_project -force system [file join $work system] -part $part
set installed [lsort -dictionary [get_board_parts -quiet ${board_part}:*]]
set use_board_files [expr {[llength $installed] > 0}]
if {$use_board_files} {
    set_property board_part [lindex $installed end] [current_project]
} else {
    puts "No board files for $board_part: the processing system is set by scripts/zybo_z7_ps7.tcl."
}
set_property ip_repo_paths $ip_folder [current_project]
update_ip_catalog

source [file join $here scripts block_design.tcl]

generate_target all [get_files system.bd]
add_files -norecurse [make_wrapper -fileset sources_1 -files [get_files -norecurse system.bd] -top]
add_files -fileset constrs_1 -norecurse [file join $here constraints.xdc]
set_property top system_wrapper [get_filesets sources_1]
update_compile_order -fileset sources_1

launch_runs impl_1 -to_step route_design -jobs 4
wait_on_run impl_1
set status [get_property STATUS [get_runs impl_1]]
if {![string match "route_design Complete*" $status]} {
    error "implementation stopped: $status; see [file join $work system system.runs]"
}
open_run impl_1
report_utilization -file [file join $work utilization.rpt]
report_timing_summary -file [file join $work timing.rpt]
source [file join $here scripts check_timing.tcl]
write_bitstream -force [file join $work $top.bit]

# Where Vivado puts the hardware description depends on its release.
set handoff {}
foreach folder {gen srcs} {
    lappend handoff [file join $work system system.$folder sources_1 bd system hw_handoff system.hwh]
}
set found [lsearch -inline -glob [lmap path $handoff {expr {[file exists $path] ? $path : ""}}] ?*]
if {$found eq ""} {
    error "no hardware description at any of: $handoff"
}

# PYNQ looks for the two under one name.
file copy -force [file join $work $top.bit] $bit
file copy -force $found $hwh
puts "Built $bit and $hwh."
