"""From a sum of products to a pre-activation code."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lst_model.fixed import QFormat


class Requantizer(wiring.Component):
    """Adds the bias, rounds to nearest and saturates.

    The rounding constant comes with the bias, so that rounding is a plain truncation.
    Latency: 1 cycle to ``biased``, 2 cycles to ``preactivation``. Throughput: one sum per cycle.

    Parameters
    ----------
    shift : int
        Fractional bits of a weight, which the pre-activation does not have.
    preactivation : QFormat
    accumulator_bits, biased_bits : int
        Widths of a sum before and behind the bias.

    Members
    -------
    total : In(signed(accumulator_bits))
    bias : In(signed(biased_bits))
    biased : Out(signed(biased_bits))
        ``total + bias``; for the output layer, the logit.
    preactivation : Out(signed)
        Code in that format.

    Raises
    ------
    ValueError
        If ``biased_bits`` is less than ``accumulator_bits``.
    """

    def __init__(self, *, shift: int, preactivation: QFormat, accumulator_bits: int, biased_bits: int) -> None:
        if biased_bits < accumulator_bits:
            raise ValueError(f"Biased sum must be at least {accumulator_bits} bits wide, not {biased_bits!r}")
        self._shift, self._preactivation = shift, preactivation
        super().__init__(
            {
                "total": In(signed(accumulator_bits)),
                "bias": In(signed(biased_bits)),
                "biased": Out(signed(biased_bits)),
                "preactivation": Out(signed(preactivation.bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build adder and limiter."""
        m = Module()
        q, shift = self._preactivation, self._shift
        # The exact sum fits by the choice of widths, so the carry out is never needed.
        m.d.sync += self.biased.eq(self.total + self.bias)
        rounded = Signal(signed(max(1, len(self.biased) - shift)))
        m.d.comb += rounded.eq(self.biased >> shift)
        m.d.sync += self.preactivation.eq(
            Mux(rounded > q.highest, q.highest, Mux(rounded < q.lowest, q.lowest, rounded))
        )
        return m
