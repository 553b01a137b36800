"""Processing elements for Walsh-Hadamard transforms: they add and subtract, with signs from counter bits."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lst_model.ranges import Range

from .element import PairedElement, check_packing, check_widths
from .select import by_index
from .signs import Signs


class SignElement(wiring.Component):
    """Adds operands to a sum or subtracts them: a multiply-accumulate unit for weights of ``+-2**shift``.

    The factor is left out of the sum and comes back as wires. Two lanes whose operands are packed for
    :class:`PairedElement` are taken apart again.

    Latency: 2 cycles from ``term`` and ``negative`` to ``totals``; ``operand_out`` follows ``operand`` by 1 cycle.
    Throughput: one operand per cycle and lane. Everything holds while ``advance`` is low.

    Parameters
    ----------
    operand, weight : Range
        Their values; the weights are those of the PEs that multiply, with which operands are packed.
    accumulator_bits : int
        Must hold the complete sum, the factor included.
    shift : int
    lanes : int
        1, or 2 for packed operands.

    Members
    -------
    advance, operand, operand_out
        As for :class:`ProcessingElement`, or packed by :meth:`PairedElement.pack`.
    term : In(signed)
        What is added or subtracted: ``operand_out``, or that of a following element, where the other elements of the
        chain take longer.
    negative : In(1)
        Subtract it.
    first : In(1)
        One cycle behind the term: it starts a new sum.
    totals : Out(signed(accumulator_bits)).array(lanes)

    Raises
    ------
    TypeError
        As for :class:`ProcessingElement`.
    ValueError
        If the shift is negative, there are neither one nor two lanes, or two operands do not fit a DSP block.
    """

    def __init__(self, *, operand: Range, weight: Range, accumulator_bits: int, shift: int, lanes: int = 1) -> None:
        check_widths(operand, weight, accumulator_bits)
        if shift < 0:
            raise ValueError(f"Shift must not be negative, not {shift!r}")
        if lanes not in (1, 2):
            raise ValueError(f"Number of lanes must be 1 or 2, not {lanes!r}")
        self._shift = shift
        # The operand of the second lane begins here.
        self._packing = PairedElement.packing(operand, weight)
        bits = operand.bits
        if lanes == 2:
            check_packing(operand, weight)
            bits = PairedElement.packed(operand, weight).bits
        super().__init__(
            {
                "advance": In(1),
                "operand": In(signed(bits)),
                "term": In(signed(bits)),
                "negative": In(1),
                "first": In(1),
                "operand_out": Out(signed(bits)),
                "totals": Out(signed(accumulator_bits)).array(lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build one adder per lane."""
        m = Module()
        operand = Signal.like(self.operand, reset_less=True)
        with m.If(self.advance):
            m.d.sync += operand.eq(self.operand)
        m.d.comb += self.operand_out.eq(operand)
        if len(self.totals) == 1:
            terms = [(self.term, Const(0, 1))]
        else:
            low, high = self.term[: self._packing].as_signed(), self.term[self._packing :].as_signed()
            terms = [(low, Const(0, 1)), (high, low[-1])]
        bits = max(1, len(self.totals[0]) - self._shift)
        for lane, (term, one_more) in enumerate(terms):
            # -(x + c) is ~x + ~c for a bit c, and the adder takes that bit as its carry.
            part = Signal(signed(len(term)), name=f"part_{lane}", reset_less=True)
            carry = Signal(name=f"carry_{lane}", reset_less=True)
            total = Signal(signed(bits), name=f"total_{lane}", reset_less=True)
            so_far = Mux(self.first, 0, total)
            with m.If(self.advance):
                m.d.sync += [
                    part.eq(term ^ self.negative.replicate(len(term))),
                    carry.eq(one_more ^ self.negative),
                    total.eq((Cat(1, so_far).as_signed() + Cat(carry, part).as_signed()) >> 1),
                ]
            m.d.comb += self.totals[lane].eq(total << self._shift)
        return m


class SignChain(wiring.Component):
    """Signs for a chain of elements, each a cycle behind the one before.

    The operand's place moves along as the operand does; the sign is the parity of some of its bits
    (:mod:`lst_hw.signs`). In a PE that serves one row of up to 64 operands, that is one LUT.

    Latency: ``delay + k + 1`` cycles from ``index`` to ``negatives[k]``. Throughput: one operand per cycle. Everything
    holds while ``advance`` is low.

    Parameters
    ----------
    signs : Signs
    delay : int
        Cycles by which the first element's operand comes later than ``index``.

    Members
    -------
    advance : In(1)
        Clock enable.
    index : In(signs.index_bits)
        Gray code of an operand's place in its line.
    selection : In(range(signs.selection_count))
        Which masks belong to it.
    negatives : Out(1).array(len(signs.masks))
        Whether each element subtracts its operand.
    """

    def __init__(self, *, signs: Signs, delay: int) -> None:
        self._signs, self._delay = signs, delay
        super().__init__(
            {
                "advance": In(1),
                **signs.ports(In),
                "negatives": Out(1).array(len(signs.masks)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the chain and the parities."""
        m = Module()
        passing = self.index if self._signs.selection_count == 1 else Cat(self.index, self.selection)
        for place in range(self._delay):
            passing = self._behind(m, passing, f"delayed_{place}")
        for k, masks in enumerate(self._signs.masks):
            index, selection = passing[: len(self.index)], passing[len(self.index) :]
            negative = Signal(name=f"negative_{k}", reset_less=True)
            with m.If(self.advance):
                m.d.sync += negative.eq((index & by_index(m, selection, masks, f"mask_{k}")).xor())
            m.d.comb += self.negatives[k].eq(negative)
            passing = self._behind(m, passing, f"passing_{k}")
        return m

    def _behind(self, m: Module, value: Value, name: str) -> Value:
        behind = Signal(len(value), name=name, reset_less=True)
        with m.If(self.advance):
            m.d.sync += behind.eq(value)
        return behind
