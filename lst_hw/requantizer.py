"""From a sum of products to a pre-activation code."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lst_model.fixed import Formats


class Requantizer(wiring.Component):
    """Adds the bias, rounds to nearest and saturates.

    The rounding constant comes with the bias, so that rounding is a plain truncation.
    Latency: 1 cycle to ``biased``, 2 cycles to ``preactivation``. Throughput: one sum per cycle.

    Parameters
    ----------
    formats : Formats
    accumulator_bits, biased_bits : int
        Widths of a sum before and behind the bias.

    Members
    -------
    total : In(signed(accumulator_bits))
    bias : In(signed(biased_bits))
    biased : Out(signed(biased_bits))
        ``total + bias``; for the output layer, the logit.
    preactivation : Out(signed)
        Code in ``formats.preactivation``.

    Raises
    ------
    ValueError
        If ``biased_bits`` is less than ``accumulator_bits``.
    """

    def __init__(self, *, formats: Formats, accumulator_bits: int, biased_bits: int) -> None:
        if biased_bits < accumulator_bits:
            raise ValueError(f"Biased sum must be at least {accumulator_bits} bits wide, not {biased_bits!r}")
        self._formats = formats
        super().__init__(
            {
                "total": In(signed(accumulator_bits)),
                "bias": In(signed(biased_bits)),
                "biased": Out(signed(biased_bits)),
                "preactivation": Out(signed(formats.preactivation.bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build adder and limiter."""
        m = Module()
        q = self._formats.preactivation
        shift = self._formats.weight.fraction_bits
        # The exact sum fits by the choice of widths, so the carry out is never needed.
        m.d.sync += self.biased.eq(self.total + self.bias)
        rounded = Signal(signed(max(1, len(self.biased) - shift)))
        m.d.comb += rounded.eq(self.biased >> shift)
        m.d.sync += self.preactivation.eq(
            Mux(rounded > q.highest, q.highest, Mux(rounded < q.lowest, q.lowest, rounded))
        )
        return m
