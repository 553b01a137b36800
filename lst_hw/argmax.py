"""The class decision."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class ArgMax(wiring.Component):
    """Finds the greatest of ``classes`` logits that arrive one after the other; the first of equals wins.

    Latency: 1 cycle from the last logit to ``done``. Throughput: one logit per cycle.

    Parameters
    ----------
    classes : int
        Logits per decision, at least 2.
    logit_bits : int
        Width.

    Members
    -------
    valid : In(1)
        ``logit`` is the next one.
    logit : In(signed(logit_bits))
    done : Out(1)
        ``winner`` and ``winner_logit`` are the decision.
    winner : Out(range(classes))
    winner_logit : Out(signed(logit_bits))

    Raises
    ------
    ValueError
        If there are fewer than 2 classes.
    """

    def __init__(self, *, classes: int, logit_bits: int) -> None:
        if classes < 2:
            raise ValueError(f"Number of classes must be at least 2, not {classes!r}")
        self._classes = classes
        super().__init__(
            {
                "valid": In(1),
                "logit": In(signed(logit_bits)),
                "done": Out(1),
                "winner": Out(range(classes)),
                "winner_logit": Out(signed(logit_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build comparator and counter."""
        m = Module()
        index = Signal(range(self._classes))
        last = index == self._classes - 1
        m.d.sync += self.done.eq(self.valid & last)
        with m.If(self.valid):
            m.d.sync += index.eq(Mux(last, 0, index + 1))
            with m.If((index == 0) | (self.logit > self.winner_logit)):
                m.d.sync += [self.winner.eq(index), self.winner_logit.eq(self.logit)]
        return m
