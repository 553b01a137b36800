"""In-place FPGA accelerators for LST networks, in Amaranth."""
