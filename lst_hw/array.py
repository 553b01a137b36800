"""The shared array of processing elements."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out


class ProcessingElement(wiring.Component):
    """Multiply-accumulate unit in the shape of a DSP block: registered operand, weight, product and sum.

    Latency: 3 cycles from ``operand`` and ``weight`` to ``total``; ``operand_out`` and ``first_out`` follow their
    inputs by 1 cycle. Throughput: one product per cycle. Everything holds while ``advance`` is low. The
    data path has no reset: ``first`` starts a sum.

    Parameters
    ----------
    operand_bits, weight_bits, accumulator_bits : int
        Widths. The accumulator must hold every partial sum; :mod:`lst_model.ranges` derives it.

    Members
    -------
    advance : In(1)
        Clock enable.
    operand : In(signed(operand_bits))
    weight : In(signed(weight_bits))
    first : In(1)
        Two cycles behind the operand: its product starts a new sum.
    operand_out, first_out : Out
        ``operand`` and ``first`` for the next PE, one cycle later.
    total : Out(signed(accumulator_bits))

    Raises
    ------
    TypeError
        If a width is not a positive integer.
    """

    def __init__(self, *, operand_bits: int, weight_bits: int, accumulator_bits: int) -> None:
        for name, value in (("Operand", operand_bits), ("Weight", weight_bits), ("Accumulator", accumulator_bits)):
            if not isinstance(value, int) or value < 1:
                raise TypeError(f"{name} width must be a positive integer, not {value!r}")
        super().__init__(
            {
                "advance": In(1),
                "operand": In(signed(operand_bits)),
                "weight": In(signed(weight_bits)),
                "first": In(1),
                "operand_out": Out(signed(operand_bits)),
                "first_out": Out(1),
                "total": Out(signed(accumulator_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        operand = Signal.like(self.operand, reset_less=True)
        weight = Signal.like(self.weight, reset_less=True)
        product = Signal(signed(len(operand) + len(weight)), reset_less=True)
        total = Signal.like(self.total, reset_less=True)
        first = Signal(reset_less=True)
        with m.If(self.advance):
            m.d.sync += [
                operand.eq(self.operand),
                weight.eq(self.weight),
                product.eq(operand * weight),
                total.eq(Mux(self.first, 0, total) + product),
                first.eq(self.first),
            ]
        m.d.comb += [self.operand_out.eq(operand), self.first_out.eq(first), self.total.eq(total)]
        return m


class PEArray(wiring.Component):
    """A chain of processing elements: PE ``k`` works on the operand that PE 0 had ``k`` cycles before.

    The sums of a pass are complete in one PE after the other, one per cycle, so they can be read in order without
    a register for each. Latency from ``operand`` to ``totals[k]``: ``3 + k`` cycles. Throughput: ``pes`` products
    per cycle.

    Parameters
    ----------
    pes : int
        Number of PEs.
    operand_bits, weight_bits, accumulator_bits : int
        As for :class:`ProcessingElement`.

    Members
    -------
    advance : In(1)
        Clock enable of the whole array.
    operand : In(signed(operand_bits))
    first : In(1)
        Together with the operand: it is the first of a pass.
    weights : In(signed(weight_bits)).array(pes)
        Weight of PE ``k`` for the operand of PE ``k``, that is, already delayed by ``k`` cycles.
    totals : Out(signed(accumulator_bits)).array(pes)

    Raises
    ------
    TypeError
        If ``pes`` is not a positive integer.
    """

    def __init__(self, *, pes: int, operand_bits: int, weight_bits: int, accumulator_bits: int) -> None:
        if not isinstance(pes, int) or pes < 1:
            raise TypeError(f"Number of PEs must be a positive integer, not {pes!r}")
        self._pes = pes
        self._widths = {
            "operand_bits": operand_bits,
            "weight_bits": weight_bits,
            "accumulator_bits": accumulator_bits,
        }
        super().__init__(
            {
                "advance": In(1),
                "operand": In(signed(operand_bits)),
                "first": In(1),
                "weights": In(signed(weight_bits)).array(pes),
                "totals": Out(signed(accumulator_bits)).array(pes),
            }
        )

    @property
    def pes(self) -> int:
        """Number of PEs."""
        return self._pes

    def elaborate(self, platform: object) -> Module:
        """Build the chain."""
        m = Module()
        # A product is two registers behind its operand, and so must `first` be.
        first = Signal(2, reset_less=True)
        with m.If(self.advance):
            m.d.sync += first.eq((first << 1) | self.first)
        operand, start = self.operand, first[1]
        for k in range(self._pes):
            m.submodules[f"pe_{k}"] = pe = ProcessingElement(**self._widths)
            m.d.comb += [
                pe.advance.eq(self.advance),
                pe.operand.eq(operand),
                pe.first.eq(start),
                pe.weight.eq(self.weights[k]),
                self.totals[k].eq(pe.total),
            ]
            operand, start = pe.operand_out, pe.first_out
        return m
