# Block design: the processing system, a DMA that feeds images and fetches results, the accelerator.

# The newest release of an IP core in this Vivado.
proc add_ip {vendor_library_name cell} {
    set known [lsort -dictionary [get_ipdefs -filter "VLNV =~ ${vendor_library_name}:*"]]
    if {[llength $known] == 0} {
        error "this Vivado has no $vendor_library_name"
    }
    return [create_bd_cell -type ip -vlnv [lindex $known end] $cell]
}

proc connect_bus {from to} {
    connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to]
}

# One driver and its loads.
proc connect_pins {from args} {
    connect_bd_net [get_bd_pins $from] {*}[lmap to $args {get_bd_pins $to}]
}

create_bd_design system

set ps7 [add_ip xilinx.com:ip:processing_system7 ps7]
if {!$use_board_files} {
    source [file join $here scripts zybo_z7_ps7.tcl]
}
apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 \
    -config [list make_external "FIXED_IO, DDR" apply_board_preset $use_board_files Master Disable Slave Disable] $ps7
set_property -dict [list \
    CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $clock_mhz \
    CONFIG.PCW_USE_M_AXI_GP0 1 \
    CONFIG.PCW_USE_S_AXI_HP0 1 \
    CONFIG.PCW_USE_FABRIC_INTERRUPT 1 \
    CONFIG.PCW_IRQ_F2P_INTR 1 \
] $ps7

set accelerator [add_ip [join [lrange [split $ip_vlnv :] 0 2] :] $top]

# Without scatter-gather, a transfer is one image or one result, which TLAST ends. Images may start at any byte (DRE).
set dma [add_ip xilinx.com:ip:axi_dma axi_dma]
set_property -dict [list \
    CONFIG.c_include_sg 0 \
    CONFIG.c_sg_include_stscntrl_strm 0 \
    CONFIG.c_sg_length_width 26 \
    CONFIG.c_m_axi_mm2s_data_width 32 \
    CONFIG.c_m_axis_mm2s_tdata_width $pixel_stream_bits \
    CONFIG.c_include_mm2s_dre 1 \
    CONFIG.c_m_axi_s2mm_data_width 32 \
] $dma
connect_bus axi_dma/M_AXIS_MM2S $top/s_axis
connect_bus $top/m_axis axi_dma/S_AXIS_S2MM

# The DMA's way to the memory.
set memory [add_ip xilinx.com:ip:smartconnect memory_interconnect]
set_property -dict {CONFIG.NUM_SI 2 CONFIG.NUM_MI 1} $memory
connect_bus axi_dma/M_AXI_MM2S memory_interconnect/S00_AXI
connect_bus axi_dma/M_AXI_S2MM memory_interconnect/S01_AXI
connect_bus memory_interconnect/M00_AXI ps7/S_AXI_HP0

# The processor's way to the registers.
set registers [add_ip xilinx.com:ip:smartconnect register_interconnect]
set_property -dict [list CONFIG.NUM_SI 1 CONFIG.NUM_MI [expr {$control_bus eq "" ? 1 : 2}]] $registers
connect_bus ps7/M_AXI_GP0 register_interconnect/S00_AXI
connect_bus register_interconnect/M00_AXI axi_dma/S_AXI_LITE
if {$control_bus ne ""} {
    connect_bus register_interconnect/M01_AXI $top/$control_bus
}

# One clock for all, and a reset that follows it.
add_ip xilinx.com:ip:proc_sys_reset reset
connect_pins ps7/FCLK_CLK0 \
    ps7/M_AXI_GP0_ACLK ps7/S_AXI_HP0_ACLK reset/slowest_sync_clk \
    axi_dma/s_axi_lite_aclk axi_dma/m_axi_mm2s_aclk axi_dma/m_axi_s2mm_aclk \
    memory_interconnect/aclk register_interconnect/aclk $top/aclk
connect_pins ps7/FCLK_RESET0_N reset/ext_reset_in
connect_pins reset/peripheral_aresetn \
    axi_dma/axi_resetn memory_interconnect/aresetn register_interconnect/aresetn $top/aresetn

set interrupts {axi_dma/mm2s_introut axi_dma/s2mm_introut}
if {$interrupt ne ""} {
    lappend interrupts $top/$interrupt
}
set concat [add_ip xilinx.com:ip:xlconcat interrupts]
set_property CONFIG.NUM_PORTS [llength $interrupts] $concat
for {set number 0} {$number < [llength $interrupts]} {incr number} {
    connect_pins [lindex $interrupts $number] interrupts/In$number
}
connect_pins interrupts/dout ps7/IRQ_F2P

assign_bd_address
validate_bd_design
save_bd_design
