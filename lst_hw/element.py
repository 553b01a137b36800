"""Processing elements: multiply-accumulate units for one or two lanes that share a weight.

All kinds have the same form: a registered operand that goes on to the next element, a registered weight, a product,
and a sum that ``first`` starts anew. The data path has no reset.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lst_model.ranges import Range

from .booth import digit_count, partial_range

DSP_WIDTHS = (25, 18)
"""Widest factors of a DSP48E1's signed multiplier."""


class ProcessingElement(wiring.Component):
    """Multiply-accumulate unit in the shape of a DSP block.

    Latency: 3 cycles from ``operand`` and ``weight`` to ``totals``; ``operand_out`` follows ``operand`` by 1 cycle.
    Throughput: one product per cycle. Everything holds while ``advance`` is low.

    Parameters
    ----------
    operand, weight : Range
        Their values.
    accumulator_bits : int
        Must hold every partial sum; :mod:`lst_model.ranges` derives it.

    Members
    -------
    advance : In(1)
        Clock enable.
    operand : In(signed)
    weight : In(signed)
    first : In(1)
        Two cycles behind the operand: its product starts a new sum.
    operand_out : Out(signed)
        ``operand`` for the next element, one cycle later.
    totals : Out(signed(accumulator_bits)).array(1)

    Raises
    ------
    TypeError
        If a range is not a :class:`~lst_model.ranges.Range` or the width is not a positive integer.
    """

    LANES = 1

    def __init__(self, *, operand: Range, weight: Range, accumulator_bits: int) -> None:
        check_widths(operand, weight, accumulator_bits)
        super().__init__(_signature(operand.bits, weight.bits, accumulator_bits, lanes=1))

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        operand = Signal.like(self.operand, reset_less=True)
        weight = Signal.like(self.weight, reset_less=True)
        product = Signal(signed(len(operand) + len(weight)), reset_less=True)
        total = Signal.like(self.totals[0], reset_less=True)
        with m.If(self.advance):
            m.d.sync += [
                operand.eq(self.operand),
                weight.eq(self.weight),
                product.eq(operand * weight),
                total.eq(Mux(self.first, 0, total) + product),
            ]
        m.d.comb += [self.operand_out.eq(operand), self.totals[0].eq(total)]
        return m


class PairedElement(wiring.Component):
    """Two lanes that share a weight and one DSP block's multiplier.

    The operands of both lanes are packed into one factor, ``high * 2**shift + low``, whose product with the weight
    holds both products: the low one in ``shift`` bits, which are enough for every product, the high one above, 1 too
    small where the low one is negative.

    Latency and throughput as for :class:`ProcessingElement`, per lane.

    Parameters
    ----------
    operand, weight : Range
        Values of an operand and of a weight. :meth:`fits` tells whether they can be packed.
    accumulator_bits : int

    Members
    -------
    advance, weight, first
        As for :class:`ProcessingElement`.
    operand, operand_out : In, Out(signed)
        Packed by :meth:`pack`.
    totals : Out(signed(accumulator_bits)).array(2)
        Sums of the low and the high operand.

    Raises
    ------
    TypeError
        As for :class:`ProcessingElement`.
    ValueError
        If the packed factor is too wide for a DSP block.
    """

    LANES = 2

    def __init__(self, *, operand: Range, weight: Range, accumulator_bits: int) -> None:
        check_widths(operand, weight, accumulator_bits)
        check_packing(operand, weight)
        self._shift = self.packing(operand, weight)
        super().__init__(_signature(self.packed(operand, weight).bits, weight.bits, accumulator_bits, lanes=2))

    @staticmethod
    def fits(operand: Range, weight: Range) -> bool:
        """Whether two operands share one DSP block."""
        return PairedElement.packed(operand, weight).bits <= DSP_WIDTHS[0] and weight.bits <= DSP_WIDTHS[1]

    @staticmethod
    def packing(operand: Range, weight: Range) -> int:
        """Bit at which the high operand begins."""
        return _product(operand, weight).bits

    @staticmethod
    def packed(operand: Range, weight: Range) -> Range:
        """Values of a packed factor."""
        shift = PairedElement.packing(operand, weight)
        return Range((operand.low << shift) + operand.low, (operand.high << shift) + operand.high)

    def pack(self, low: Signal, high: Signal) -> Cat:
        """The factor that holds two operands."""
        extended = Cat(low, low[-1].replicate(self._shift - len(low)))
        return Cat(extended, (high - low[-1])[: len(self.operand) - self._shift])

    def elaborate(self, platform: object) -> Module:
        """Build the multiplier and two accumulators."""
        m = Module()
        operand = Signal.like(self.operand, reset_less=True)
        weight = Signal.like(self.weight, reset_less=True)
        product = Signal(signed(len(operand) + len(weight)), reset_less=True)
        low, high = product[: self._shift].as_signed(), product[self._shift :].as_signed()
        totals = [Signal.like(total, name=f"total_{k}", reset_less=True) for k, total in enumerate(self.totals)]
        with m.If(self.advance):
            m.d.sync += [
                operand.eq(self.operand),
                weight.eq(self.weight),
                product.eq(operand * weight),
                totals[0].eq(Mux(self.first, 0, totals[0]) + low),
                totals[1].eq(Mux(self.first, 0, totals[1]) + high + low[-1]),
            ]
        m.d.comb += self.operand_out.eq(operand)
        m.d.comb += [port.eq(total) for port, total in zip(self.totals, totals, strict=True)]
        return m


class LutElement(wiring.Component):
    """Multiply-accumulate unit without a multiplier: one LUT per bit of each Booth digit's multiple.

    The digits are worked off in a pipeline, digit ``d`` one cycle after digit ``d - 1``: the weight's bits ``2d`` and
    ``2d + 1`` come ``d`` cycles late (the ROM's contents see to it), and the operand for digit ``d`` is the one that
    has moved on to the ``d``-th next element. Three weight bits, two operand bits and the bit to add to are one
    six-input LUT in a carry chain. Sums are short by :func:`lst_hw.booth.shortfall`, modulo the accumulator's width.

    Latency: 2 cycles and one per digit from ``operand`` to ``totals``. Throughput: one product per cycle. Everything
    holds while ``advance`` is low.

    Parameters
    ----------
    operand, weight : Range
    accumulator_bits : int
        Must hold the complete sum, less the shortfall.

    Members
    -------
    advance, operand, operand_out
        As for :class:`ProcessingElement`.
    weight : In(signed)
        Bits ``2d`` and ``2d + 1`` belong to the operand of ``d`` cycles ago.
    later : In(signed).array(digits - 1)
        ``operand_out`` of the following elements.
    first : In(1)
        One cycle and one per digit behind the operand: its product starts a new sum.
    totals : Out(signed(accumulator_bits)).array(1)

    Raises
    ------
    TypeError
        As for :class:`ProcessingElement`.
    """

    LANES = 1

    def __init__(self, *, operand: Range, weight: Range, accumulator_bits: int) -> None:
        check_widths(operand, weight, accumulator_bits)
        self._operand, self._digits = operand, digit_count(weight.bits)
        members = _signature(operand.bits, weight.bits, accumulator_bits, lanes=1)
        super().__init__({**members, "later": In(signed(operand.bits)).array(self._digits - 1)})

    def elaborate(self, platform: object) -> Module:
        """Build the pipeline of digits."""
        m = Module()
        operand = Signal.like(self.operand, reset_less=True)
        weight = Signal.like(self.weight, reset_less=True)
        total = Signal.like(self.totals[0], reset_less=True)
        sign = len(weight) - 1
        # There is no bit below the first digit, and no sum so far.
        below: Value = Const(0, 1)
        so_far: Value = Const(0, 1)
        for place in range(self._digits):
            x = operand if place == 0 else self.later[place - 1]
            one, two = weight[2 * place], weight[min(2 * place + 1, sign)]
            added = so_far + (_multiple(m, x, two, one, below) << (2 * place))
            bits = partial_range(place, self._operand, len(weight)).bits
            part = Signal(signed(bits), name=f"part_{place}", reset_less=True)
            following = Signal(name=f"below_{place + 1}", reset_less=True)
            with m.If(self.advance):
                # The next digit looks at this one's upper bit, a cycle later.
                m.d.sync += [part.eq(added), following.eq(two)]
            below, so_far = following, part
        with m.If(self.advance):
            m.d.sync += [
                operand.eq(self.operand),
                weight.eq(self.weight),
                total.eq(so_far + Mux(self.first, 0, total)),
            ]
        m.d.comb += [self.operand_out.eq(operand), self.totals[0].eq(total)]
        return m


def _multiple(m: Module, x: Signal, two: Value, one: Value, below: Value) -> Signal:
    """The multiple of ``x`` for a Booth digit of bits ``two``, ``one`` and ``below``, negative ones complemented."""
    multiple = Signal(signed(len(x) + 1))
    with m.Switch(Cat(below, one, two)):
        with m.Case(0b001, 0b010):
            m.d.comb += multiple.eq(x)
        with m.Case(0b011):
            m.d.comb += multiple.eq(x << 1)
        with m.Case(0b100):
            m.d.comb += multiple.eq(~(x << 1))
        with m.Case(0b101, 0b110):
            m.d.comb += multiple.eq(~x)
        with m.Default():
            m.d.comb += multiple.eq(0)
    return multiple


def _signature(operand_bits: int, weight_bits: int, accumulator_bits: int, *, lanes: int) -> dict[str, In | Out]:
    return {
        "advance": In(1),
        "operand": In(signed(operand_bits)),
        "weight": In(signed(weight_bits)),
        "first": In(1),
        "operand_out": Out(signed(operand_bits)),
        "totals": Out(signed(accumulator_bits)).array(lanes),
    }


def _product(operand: Range, weight: Range) -> Range:
    ends = [x * w for x in (operand.low, operand.high) for w in (weight.low, weight.high)]
    return Range(min(ends), max(ends))


def check_widths(operand: Range, weight: Range, accumulator_bits: int) -> None:
    """Refuse ranges and widths of another type with a TypeError."""
    for name, value in (("Operand", operand), ("Weight", weight)):
        if not isinstance(value, Range):
            raise TypeError(f"{name} must be a Range object, not {value!r}")
    if not isinstance(accumulator_bits, int) or accumulator_bits < 1:
        raise TypeError(f"Accumulator width must be a positive integer, not {accumulator_bits!r}")


def check_packing(operand: Range, weight: Range) -> None:
    """Refuse operands of which two do not fit a DSP block with a ValueError."""
    if not PairedElement.fits(operand, weight):
        raise ValueError(f"two operands of {operand.bits} bits do not fit a DSP block with {weight.bits} bit weights")
