"""The clock of the board designs."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockSignal, Elaboratable, Instance, Module, Signal
from amaranth.lib import io
from amaranth.lib.cdc import ResetSynchronizer


class XilinxPLL(Elaboratable):
    """Drives ``sync`` from the board's clock through a PLL of a Xilinx 7-series part, in reset until it locks.

    The domain itself is its parent's, which is where it is used.

    Parameters
    ----------
    input_hz, output_hz : float
        Frequencies of the board's clock and of ``sync``.

    Raises
    ------
    ValueError
        If no whole divider gives the output frequency.
    """

    VCO_HZ = 1000e6
    """Within 800 to 1600 MHz, what a part of speed grade 1 allows (DS187)."""

    def __init__(self, *, input_hz: float, output_hz: float) -> None:
        for name, frequency in (("Input", input_hz), ("Output", output_hz)):
            if self.VCO_HZ % frequency:
                raise ValueError(f"{name} frequency must divide {self.VCO_HZ / 1e6:g} MHz, not {frequency / 1e6:g} MHz")
        self._input_hz = input_hz
        self._output_hz = output_hz

    def elaborate(self, platform: Any) -> Module:
        """Connect pin, PLL and clock buffer."""
        m = Module()
        m.submodules.pin = pin = io.Buffer("i", platform.request(platform.default_clk, dir="-"))
        feedback, divided, locked = Signal(), Signal(), Signal()
        m.submodules.pll = Instance(
            "PLLE2_BASE",
            p_CLKIN1_PERIOD=1e9 / self._input_hz,
            p_CLKFBOUT_MULT=int(self.VCO_HZ / self._input_hz),
            p_CLKOUT0_DIVIDE=int(self.VCO_HZ / self._output_hz),
            i_CLKIN1=pin.i,
            i_CLKFBIN=feedback,
            i_PWRDWN=0,
            i_RST=0,
            o_CLKFBOUT=feedback,
            o_CLKOUT0=divided,
            o_LOCKED=locked,
        )
        m.submodules.buffer = Instance("BUFG", i_I=divided, o_O=ClockSignal("sync"))
        m.submodules.reset = ResetSynchronizer(~locked, domain="sync")
        return m
