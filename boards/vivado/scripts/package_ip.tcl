# Packages $top.v as an IP core in $ip_folder, each bus bound to clock and reset.

lassign [split $ip_vlnv :] ip_vendor ip_library ip_name ip_version

create_project -force package_ip [file join $work package_ip] -part $part
add_files -norecurse [file join $here $top.v]
set_property top $top [get_filesets sources_1]
update_compile_order -fileset sources_1

ipx::package_project -root_dir $ip_folder -vendor $ip_vendor -library $ip_library -taxonomy /UserIP -import_files -force
set core [ipx::current_core]
set_property name $ip_name $core
set_property version $ip_version $core
set_property display_name "LST accelerator" $core
set_property description $ip_description $core

# A bus that belongs to no clock would get another frequency than the DMA's, and the block design would not validate.
foreach bus $buses {
    if {[llength [ipx::get_bus_interfaces $bus -of_objects $core]] == 0} {
        error "Vivado found no bus $bus in the ports of $top.v"
    }
    ipx::associate_bus_interfaces -busif $bus -clock aclk $core
}
ipx::associate_bus_interfaces -clock aclk -reset aresetn $core
if {$interrupt ne ""} {
    ipx::infer_bus_interface $interrupt xilinx.com:signal:interrupt_rtl:1.0 $core
}

ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::check_integrity $core
ipx::save_core $core
close_project
