"""How long a frame took."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .events import events_signature

PIXEL_CYCLES = 1
"""From a pixel's transfer to its arrival in an idle core: the pixel register."""

RESULT_CYCLES = 1
"""From the last logit to the offer of the result: the result register."""


class FrameTimer(wiring.Component):
    """Counts the cycles from a frame's first pixel to its result; stays at the largest number.

    The next frame may begin before a result is there, so the time of a well-formed frame is handed on when its last
    pixel has come.
    Latency: 1 cycle. Throughput: any.

    Parameters
    ----------
    bits : int
        Width, at least 2.

    Members
    -------
    events : In(events_signature)
    cycles : Out(bits)
        Of the last frame with a result.

    Raises
    ------
    ValueError
        If there are fewer bits.
    """

    def __init__(self, *, bits: int) -> None:
        if bits < 2:
            raise ValueError(f"Width must be at least 2 bits, not {bits!r}")
        super().__init__({"events": In(events_signature()), "cycles": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        """Build two counters and the result."""
        m = Module()
        receiving, computing = Signal.like(self.cycles), Signal.like(self.cycles)
        m.d.sync += [receiving.eq(receiving + ~receiving.all()), computing.eq(computing + ~computing.all())]
        with m.If(self.events.first):
            m.d.sync += receiving.eq(1 + PIXEL_CYCLES + RESULT_CYCLES)
        with m.If(self.events.accepted):
            m.d.sync += computing.eq(receiving + ~receiving.all())
        with m.If(self.events.done):
            m.d.sync += self.cycles.eq(computing)
        return m
