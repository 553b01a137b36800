# Stands in for Vivado: tclsh vivado.tcl SCRIPT
#
# Knows the commands that the scripts use, and insists that files, cells, pins, buses and settings exist, that buses
# join a master and a slave of one kind, and that nothing is left open or connected twice. Prints each command.
#
# Environment: BOARD_FILES, board parts that are installed; SLACK, worst slack of the routed design; STATUS, how
# implementation ends; HANDOFF, gen or srcs; RELEASE, of the IP cores.

proc option {name default} {
    expr {[info exists ::env($name)] ? $::env($name) : $default}
}

proc note {args} {
    puts stdout "CALL $args"
}

proc need {condition message} {
    if {![uplevel 1 [list expr $condition]]} {
        error "stand-in: $message"
    }
}

# Values of -options in a list of arguments, and what is left of it.
proc parse {arguments flags} {
    set values {}
    set rest {}
    while {[llength $arguments]} {
        set arguments [lassign $arguments word]
        if {[string match -* $word] && ![string is double $word]} {
            if {$word in $flags} {
                dict set values $word 1
            } else {
                need {[llength $arguments]} "$word has no value"
                set arguments [lassign $arguments value]
                dict set values $word $value
            }
        } else {
            lappend rest $word
        }
    }
    return [list $values $rest]
}

# ---- IP cores: pins {name direction}, buses {name kind role}, settings.

set catalogue {
    processing_system7 {
        pins {FCLK_CLK0 out FCLK_RESET0_N out M_AXI_GP0_ACLK in S_AXI_HP0_ACLK in IRQ_F2P in}
        buses {M_AXI_GP0 {aximm master} S_AXI_HP0 {aximm slave} DDR {ddr external} FIXED_IO {fixedio external}}
        settings {
            PCW_PRESET_BANK0_VOLTAGE PCW_PRESET_BANK1_VOLTAGE PCW_CRYSTAL_PERIPHERAL_FREQMHZ PCW_APU_PERIPHERAL_FREQMHZ
            PCW_UIPARAM_DDR_MEMORY_TYPE PCW_UIPARAM_DDR_PARTNO PCW_UIPARAM_DDR_BUS_WIDTH PCW_UIPARAM_DDR_FREQ_MHZ
            PCW_UIPARAM_DDR_BOARD_DELAY0 PCW_UIPARAM_DDR_BOARD_DELAY1 PCW_UIPARAM_DDR_BOARD_DELAY2
            PCW_UIPARAM_DDR_BOARD_DELAY3 PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_0 PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_1
            PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_2 PCW_UIPARAM_DDR_DQS_TO_CLK_DELAY_3
            PCW_QSPI_PERIPHERAL_ENABLE PCW_QSPI_GRP_SINGLE_SS_ENABLE PCW_QSPI_GRP_SINGLE_SS_IO PCW_QSPI_GRP_FBCLK_ENABLE
            PCW_ENET0_PERIPHERAL_ENABLE PCW_ENET0_ENET0_IO PCW_ENET0_GRP_MDIO_ENABLE PCW_ENET0_GRP_MDIO_IO
            PCW_USB0_PERIPHERAL_ENABLE PCW_USB0_USB0_IO PCW_USB0_RESET_ENABLE PCW_USB0_RESET_IO
            PCW_SD0_PERIPHERAL_ENABLE PCW_SD0_SD0_IO PCW_SD0_GRP_CD_ENABLE PCW_SD0_GRP_CD_IO
            PCW_UART1_PERIPHERAL_ENABLE PCW_UART1_UART1_IO PCW_GPIO_MIO_GPIO_ENABLE
            PCW_FPGA0_PERIPHERAL_FREQMHZ PCW_USE_M_AXI_GP0 PCW_USE_S_AXI_HP0 PCW_USE_FABRIC_INTERRUPT PCW_IRQ_F2P_INTR
        }
    }
    axi_dma {
        pins {s_axi_lite_aclk in m_axi_mm2s_aclk in m_axi_s2mm_aclk in axi_resetn in mm2s_introut out s2mm_introut out}
        buses {
            S_AXI_LITE {aximm slave} M_AXI_MM2S {aximm master} M_AXI_S2MM {aximm master}
            M_AXIS_MM2S {axis master} S_AXIS_S2MM {axis slave}
        }
        settings {
            c_include_sg c_sg_include_stscntrl_strm c_sg_length_width c_m_axi_mm2s_data_width c_m_axis_mm2s_tdata_width
            c_include_mm2s_dre c_m_axi_s2mm_data_width
        }
    }
    smartconnect {pins {aclk in aresetn in} buses {} settings {NUM_SI NUM_MI}}
    proc_sys_reset {pins {slowest_sync_clk in ext_reset_in in peripheral_aresetn out} buses {} settings {}}
    xlconcat {pins {dout out} buses {} settings {NUM_PORTS}}
}

set release [option RELEASE 2.1]
set vlnvs [lmap name [dict keys $catalogue] {string cat xilinx.com:ip:$name:$release}]
lappend vlnvs xilinx.com:ip:axi_dma:1.9

# Ports of a Verilog module: {name direction}.
proc verilog_ports {file module} {
    set handle [open $file]
    set text [read $handle]
    close $handle
    set start [string first "\nmodule $module\(" $text]
    need {$start >= 0} "$file has no module $module"
    set body [string range $text $start [string first "\nendmodule" $text $start]]
    set ports {}
    foreach {- direction name} [regexp -all -inline -line {^  (input|output) (?:\[[^]]*\] )?(\w+);} $body] {
        dict set ports $name [string range $direction 0 [expr {$direction eq "input" ? 1 : 2}]]
    }
    return $ports
}

# What Vivado finds in port names: buses by prefix, with all their signals; the others are pins.
proc infer {ports} {
    set kinds {
        axis {tdata tlast tready tvalid}
        aximm {
            araddr arprot arready arvalid awaddr awprot awready awvalid bready bresp bvalid rdata rready rresp rvalid
            wdata wready wstrb wvalid
        }
    }
    set found {}
    set pins {}
    dict for {name direction} $ports {
        if {[regexp {^(.*)_([a-z]+)$} $name - bus signal]} {
            dict lappend found $bus $signal
        } else {
            dict set pins $name [string map {ou out} [string range $direction 0 1]]
        }
    }
    set buses {}
    dict for {bus signals} $found {
        foreach {kind names} $kinds {
            if {[lsort $signals] eq [lsort $names]} {
                set first [expr {$kind eq "axis" ? "tvalid" : "awvalid"}]
                dict set buses $bus [list $kind [expr {[dict get $ports ${bus}_$first] eq "in" ? "slave" : "master"}]]
            }
        }
    }
    return [list $pins $buses]
}

# ---- Projects and files.

set project {}

proc create_project {args} {
    note create_project {*}$args
    lassign [parse $args -force] options rest
    lassign $rest name folder
    need {$::project eq ""} "a project is already open"
    need {[dict get $options -part] in {xc7z010clg400-1 xc7z020clg400-1}} "no part [dict get $options -part]"
    file mkdir $folder
    set ::project [dict create name $name folder $folder files {} properties {}]
}

proc close_project {} {
    note close_project
    need {$::project ne ""} "no open project"
    set ::project {}
}

proc add_files {args} {
    note add_files {*}$args
    lassign [parse $args -norecurse] options files
    need {[llength $files]} "add_files without files"
    foreach file $files {
        need {[file isfile $file]} "$file does not exist"
        dict lappend ::project files $file
    }
    return $files
}

proc current_project {} {return project}
proc get_filesets {name} {
    need {$name in {sources_1 constrs_1}} "no fileset $name"
    return $name
}
proc update_compile_order {args} {note update_compile_order {*}$args}
proc get_board_parts {args} {
    note get_board_parts {*}$args
    lassign [parse $args -quiet] - patterns
    lsearch -all -inline -glob [option BOARD_FILES {}] [lindex $patterns 0]
}

proc get_files {args} {
    lassign [parse $args -norecurse] - names
    set found [lsearch -all -inline -glob [dict get $::project files] *[lindex $names 0]]
    need {[llength $found]} "no file [lindex $names 0] in the project"
    return $found
}

proc set_property {args} {
    note set_property {*}$args
    if {[lindex $args 0] eq "-dict"} {
        lassign $args - values object
        need {[llength $values] % 2 == 0} "-dict takes names and values"
    } else {
        lassign $args name value object
        set values [list $name $value]
    }
    need {$object ne ""} "set_property of nothing"
    foreach {name value} $values {
        if {[string match CONFIG.* $name]} {
            configure $object [string range $name 7 end] $value
        } else {
            dict set ::project properties $name $value
        }
    }
}

# ---- Packaging.

namespace eval ipx {
    variable core {}

    proc package_project {args} {
        variable core
        note ipx::package_project {*}$args
        lassign [parse $args {-import_files -force}] options rest
        need {$rest eq ""} "package_project: $rest"
        set top [dict get $::project properties top]
        set file [lindex [dict get $::project files] 0]
        lassign [infer [verilog_ports $file $top]] pins buses
        need {[dict exists $options -import_files]} "sources must be copied into the core"
        file mkdir [dict get $options -root_dir]
        set core [dict create folder [dict get $options -root_dir] pins $pins buses $buses clocked {} reset 0 saved 0]
        foreach part {vendor library} {
            dict set core $part [dict get $options -$part]
        }
        return core
    }

    proc current_core {} {return core}

    proc get_bus_interfaces {name args} {
        variable core
        expr {[dict exists $core buses $name] ? $name : ""}
    }

    proc associate_bus_interfaces {args} {
        variable core
        note ipx::associate_bus_interfaces {*}$args
        lassign [parse $args {}] options
        need {[dict get $core pins [dict get $options -clock]] eq "in"} "no clock [dict get $options -clock]"
        if {[dict exists $options -busif]} {
            need {[dict exists $core buses [dict get $options -busif]]} "no bus [dict get $options -busif]"
            dict lappend core clocked [dict get $options -busif]
        }
        if {[dict exists $options -reset]} {
            need {[dict get $core pins [dict get $options -reset]] eq "in"} "no reset [dict get $options -reset]"
            dict set core reset 1
        }
    }

    proc infer_bus_interface {port kind - } {
        variable core
        note ipx::infer_bus_interface $port $kind
        need {[dict get $core pins $port] eq "out"} "$port is no output"
    }

    proc create_xgui_files {core} {note ipx::create_xgui_files}
    proc update_checksums {core} {note ipx::update_checksums}

    proc check_integrity {-} {
        variable core
        note ipx::check_integrity
        foreach bus [dict keys [dict get $core buses]] {
            need {$bus in [dict get $core clocked]} "bus $bus has no clock"
        }
        need {[dict get $core reset]} "the clock has no reset"
    }

    proc save_core {-} {
        variable core
        note ipx::save_core
        close [open [file join [dict get $core folder] component.xml] w]
        set properties [dict get $::project properties]
        dict set ::catalogue [dict get $properties name] [list \
            pins [dict get $core pins] buses [dict get $core buses] settings {}]
        set ::packaged [join [list [dict get $core vendor] [dict get $core library] [dict get $properties name] \
            [dict get $properties version]] :]
    }
}

proc update_ip_catalog {} {
    note update_ip_catalog
    need {[file exists [file join [dict get $::project properties ip_repo_paths] component.xml]]} "no core in the repository"
    lappend ::vlnvs $::packaged
}

# ---- Block design.

set cells {}
set joined {}

proc get_ipdefs {args} {
    lassign [parse $args {}] options
    need {[regexp {^VLNV =~ (\S+)$} [dict get $options -filter] - pattern]} "filter [dict get $options -filter]"
    lsearch -all -inline -glob $::vlnvs $pattern
}

proc create_bd_design {name} {
    note create_bd_design $name
    set ::design $name
}

proc create_bd_cell {args} {
    note create_bd_cell {*}$args
    lassign [parse $args {}] options name
    need {[dict get $options -vlnv] in $::vlnvs} "no core [dict get $options -vlnv]"
    need {![dict exists $::cells $name]} "two cells $name"
    set type [lindex [split [dict get $options -vlnv] :] 2]
    dict set ::cells $name [dict create type $type {*}[dict get $::catalogue $type] values {}]
    return $name
}

proc configure {cell name value} {
    need {[dict exists $::cells $cell]} "no cell $cell"
    need {$name in [dict get $::cells $cell settings]} "$cell has no setting $name"
    dict set ::cells $cell values $name $value
    switch $name {
        NUM_SI {foreach n {0 1} {if {$n < $value} {dict set ::cells $cell buses S0${n}_AXI {aximm slave}}}}
        NUM_MI {foreach n {0 1} {if {$n < $value} {dict set ::cells $cell buses M0${n}_AXI {aximm master}}}}
        NUM_PORTS {for {set n 0} {$n < $value} {incr n} {dict set ::cells $cell pins In$n in}}
    }
}

proc apply_bd_automation {args} {
    note apply_bd_automation {*}$args
    lassign [parse $args {}] options cell
    need {[dict get $options -rule] eq "xilinx.com:bd_rule:processing_system7"} "rule [dict get $options -rule]"
    set preset [dict get $options -config]
    need {!([dict get $preset apply_board_preset] && ![dict exists $::project properties board_part])} "no board"
    foreach bus [split [string map {" " ""} [dict get $preset make_external]] ,] {
        dict set ::joined $cell/$bus external
    }
}

proc thing {kind path} {
    lassign [split $path /] cell name
    need {[dict exists $::cells $cell $kind $name]} "no $path among the $kind of $cell"
    return $path
}
proc get_bd_intf_pins {path} {thing buses $path}
proc get_bd_pins {path} {thing pins $path}

proc attribute {kind path} {
    lassign [split $path /] cell name
    dict get $::cells $cell $kind $name
}

proc connect_bd_intf_net {from to} {
    note connect_bd_intf_net $from $to
    lassign [attribute buses $from] kind role
    lassign [attribute buses $to] other_kind other_role
    need {$kind eq $other_kind && $role eq "master" && $other_role eq "slave"} "$from cannot drive $to"
    foreach path [list $from $to] {
        need {![dict exists $::joined $path]} "$path is connected twice"
        dict set ::joined $path 1
    }
}

proc connect_bd_net {from args} {
    note connect_bd_net $from {*}$args
    need {[attribute pins $from] eq "out"} "$from drives nothing"
    dict set ::joined $from 1
    foreach path $args {
        need {[attribute pins $path] eq "in"} "$path is no input"
        need {![dict exists $::joined $path]} "$path is connected twice"
        dict set ::joined $path $from
    }
}

proc assign_bd_address {} {note assign_bd_address}

proc validate_bd_design {} {
    note validate_bd_design
    dict for {cell parts} $::cells {
        foreach kind {pins buses} {
            foreach name [dict keys [dict get $parts $kind]] {
                need {[dict exists $::joined $cell/$name]} "$cell/$name is open"
            }
        }
    }
    foreach name {PCW_USE_M_AXI_GP0 PCW_USE_S_AXI_HP0 PCW_USE_FABRIC_INTERRUPT PCW_IRQ_F2P_INTR} {
        need {[dict get $::cells ps7 values $name] == 1} "$name is off"
    }
}

proc save_bd_design {} {
    note save_bd_design
    set file [file join [dict get $::project folder] system.srcs sources_1 bd $::design $::design.bd]
    file mkdir [file dirname $file]
    close [open $file w]
    dict lappend ::project files $file
}

proc generate_target {target file} {
    note generate_target $target $file
    set folder [file join [dict get $::project folder] system.[option HANDOFF gen] sources_1 bd $::design hw_handoff]
    file mkdir $folder
    close [open [file join $folder $::design.hwh] w]
}

proc make_wrapper {args} {
    note make_wrapper {*}$args
    set file [file join [dict get $::project folder] ${::design}_wrapper.v]
    close [open $file w]
    return $file
}

# ---- Runs.

proc launch_runs {args} {
    note launch_runs {*}$args
    need {[dict get $::project properties top] eq "${::design}_wrapper"} "the wrapper is not the top module"
}
proc wait_on_run {name} {note wait_on_run $name}
proc get_runs {name} {return run}
proc open_run {name} {note open_run $name}
proc report_utilization {args} {note report_utilization {*}$args}
proc report_timing_summary {args} {note report_timing_summary {*}$args}
proc get_timing_paths {args} {
    note get_timing_paths {*}$args
    return [lindex $args 0]
}
proc get_property {name object} {
    switch $name {
        STATUS {return [option STATUS "route_design Complete!"]}
        SLACK {
            set worst [option SLACK {-setup 1.2 -hold 0.05}]
            return [dict get $worst $object]
        }
    }
    error "stand-in: no property $name"
}
proc write_bitstream {args} {
    note write_bitstream {*}$args
    close [open [lindex $args end] w]
}

set script [lindex $argv 0]
source $script
