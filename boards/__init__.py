"""Boards: platforms, designs without software, Vivado projects, the PYNQ driver."""
