"""The accelerator's output: the results of a batch, one beat each."""

from __future__ import annotations

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .result import result_layout


class ResultRegister(wiring.Component):
    """Takes the results of all lanes at once and gives them out in order.

    Latency: 1 cycle to the first. Throughput: one result per cycle.

    Parameters
    ----------
    lanes : int
        Images at a time.
    classes : int
    logit_bits : int
        Width of a result's logit field or less.

    Members
    -------
    valid : In(1)
        The results are there; only while ``ready``.
    ready : Out(1)
        Nothing is left, or the last result is on its way out.
    count : In
        Results to give out, from lane 0 on, at least 1.
    winners : In(range(classes)).array(lanes)
    logits : In(signed(logit_bits)).array(lanes)
    dropped : In(lanes)
    o : Out(stream)
        Payload :func:`~lst_hw.result.result_layout`.
    """

    def __init__(self, *, lanes: int, classes: int, logit_bits: int) -> None:
        super().__init__(
            {
                "valid": In(1),
                "ready": Out(1),
                "count": In(range(lanes + 1)),
                "winners": In(range(classes)).array(lanes),
                "logits": In(signed(logit_bits)).array(lanes),
                "dropped": In(lanes),
                "o": Out(stream.Signature(result_layout())),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build a shift register of results."""
        m = Module()
        lanes = len(self.winners)
        waiting = [Signal(result_layout(), name=f"waiting_{lane}") for lane in range(1, lanes)]
        places = [self.o.payload, *waiting]
        left = Signal(range(max(2, lanes)))
        m.d.comb += self.ready.eq(~self.o.valid | (self.o.ready & (left == 0)))
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [place.eq(following) for place, following in zip(places, waiting, strict=False)]
            if lanes > 1:
                m.d.sync += left.eq(left - 1)
            with m.If(left == 0):
                m.d.sync += [self.o.valid.eq(0), left.eq(0)]
        with m.If(self.valid):
            m.d.sync += [self.o.valid.eq(1), left.eq(self.count - 1)]
            for lane, place in enumerate(places):
                m.d.sync += [
                    place.winner.eq(self.winners[lane]),
                    place.logit.eq(self.logits[lane]),
                    place.dropped.eq(self.dropped[lane]),
                ]
        return m
