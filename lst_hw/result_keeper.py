"""Results that outlive a soft reset of the core."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .result import result_layout


class ResultKeeper(wiring.Component):
    """Keeps a result on offer that a reset of its source would withdraw, as AXI4-Stream demands.

    Latency: 0 cycles. Throughput: one result per cycle.

    Members
    -------
    i : In(stream)
        From the core.
    o : Out(stream)
    reset : In(1)
        The core is being reset.
    offered : Out(1)
        Pulse: a result is on offer for the first time.
    last : Out(result_layout)
        The last one offered.
    """

    def __init__(self) -> None:
        results = stream.Signature(result_layout())
        super().__init__(
            {"i": In(results), "o": Out(results), "reset": In(1), "offered": Out(1), "last": Out(result_layout())}
        )

    def elaborate(self, platform: object) -> Module:
        """Build one register, which serves as the last result and as the kept one: these never differ."""
        m = Module()
        kept, seen = Signal(), Signal()
        m.d.comb += [
            self.o.valid.eq(self.i.valid | kept),
            self.o.payload.eq(Mux(kept, self.last, self.i.payload)),
            self.i.ready.eq(self.o.ready & ~kept),
            self.offered.eq(self.i.valid & ~kept & ~seen),
        ]
        m.d.sync += [
            seen.eq(self.i.valid & ~kept & ~self.o.ready & ~self.reset),
            kept.eq(self.o.valid & ~self.o.ready & (self.reset | kept)),
        ]
        with m.If(self.offered):
            m.d.sync += self.last.eq(self.i.payload)
        return m
