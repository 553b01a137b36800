"""Tells frames apart on the pixel stream, and malformed ones from others."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .select import counter


class FrameCheck(wiring.Component):
    """Watches the beats of a stream as the core does: a frame ends with ``last``, and then has so many beats.

    Latency: 0 cycles. Throughput: one beat per cycle.

    Parameters
    ----------
    beats : int
        Beats of a well-formed frame.

    Members
    -------
    transfer, last : In(1)
        A beat is being transferred, and ends its frame.
    restart : In(1)
        The next beat begins a frame.
    receiving : Out(1)
        A frame has begun and not ended.
    first : Out(1)
        Pulse: a frame begins.
    short, long : Out(1)
        Pulse: a frame ends too early; does not end where it should.

    Raises
    ------
    ValueError
        If a frame has no beats.
    """

    def __init__(self, *, beats: int) -> None:
        if beats < 1:
            raise ValueError(f"A frame must have at least 1 beat, not {beats!r}")
        self._beats = beats
        inputs = {name: In(1) for name in ("transfer", "last", "restart")}
        super().__init__({**inputs, **{name: Out(1) for name in ("receiving", "first", "short", "long")}})

    def elaborate(self, platform: object) -> Module:
        """Build the counter; beyond a frame's proper end it stands still."""
        m = Module()
        place, beyond, at_end = counter(self._beats, "place"), Signal(), Signal()
        m.d.comb += [
            at_end.eq(place == self._beats - 1),
            self.first.eq(self.transfer & ~self.receiving),
            self.short.eq(self.transfer & self.last & ~at_end & ~beyond),
            self.long.eq(self.transfer & ~self.last & at_end & ~beyond),
        ]
        with m.If(self.transfer):
            m.d.sync += [
                self.receiving.eq(~self.last),
                beyond.eq(~self.last & (at_end | beyond)),
                place.eq(Mux(self.last | at_end, 0, place + 1)),
            ]
        with m.If(self.restart):
            m.d.sync += [self.receiving.eq(0), beyond.eq(0), place.eq(0)]
        return m
