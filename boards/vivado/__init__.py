"""A Vivado project around the accelerator: IP core, block design, bitstream."""
