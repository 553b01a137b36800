"""The shared array of processing elements."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from amaranth.hdl import Module, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lst_model.ranges import Range

from .booth import digit_count
from .element import LutElement, PairedElement, ProcessingElement
from .sign_element import SignChain, SignElement
from .signs import Signs

Element = ProcessingElement | PairedElement | LutElement | SignElement

MULTIPLIERS = ("dsp", "lut")
"""What the array multiplies with: DSP blocks, or LUTs only."""


class PEArray(wiring.Component):
    """A chain of processing elements: PE ``k`` works on the operand that PE 0 had ``k`` cycles before.

    The sums of a pass are complete in one PE after the other, one per cycle, so they can be read in order without
    a register for each. Several lanes, that is, images at the same place of the schedule, share each weight: two lanes
    one DSP block where their operands fit it. Latency from ``operand`` to ``totals[k]``: ``3 + k`` cycles with
    DSP blocks, one more if lanes share them or per further Booth digit with LUTs. Throughput: ``pes * lanes``
    products per cycle.

    Parameters
    ----------
    operand, weight : Range
        Their values.
    accumulator_bits : sequence of int
        Width of a sum, for each PE.
    lanes : int
        Images at a time.
    multiplier : str
        One of :data:`MULTIPLIERS`.
    signs : Signs, optional
        The last PEs only add and subtract, by these signs; they have no weight.

    Members
    -------
    advance : In(1)
        Clock enable of the whole array.
    operands : In(signed).array(lanes)
    first : In(1)
        Together with the operands: they are the first of a pass.
    index : In(signs.index_bits), selection : In
        With ``signs``, together with the operands: as for :class:`~lst_hw.sign_element.SignChain`. Operands without
        weight must be 0.
    weights : In(signed).array(pes that multiply)
        Weight of PE ``k`` for the operand of PE ``k``, that is, already delayed by ``k`` cycles, one more if lanes
        share DSP blocks; with LUTs, its Booth digit ``d`` by ``k + d``.
    totals : Out(signed).array(pes, lanes)

    Raises
    ------
    TypeError
        If there is no PE, or ``lanes`` is not a positive integer.
    ValueError
        If the multiplier is unknown.
    """

    def __init__(
        self,
        *,
        operand: Range,
        weight: Range,
        accumulator_bits: Sequence[int],
        lanes: int = 1,
        multiplier: str = "dsp",
        signs: Signs | None = None,
    ) -> None:
        if not accumulator_bits:
            raise TypeError("Array must have at least one PE")
        if not isinstance(lanes, int) or lanes < 1:
            raise TypeError(f"Number of lanes must be a positive integer, not {lanes!r}")
        if multiplier not in MULTIPLIERS:
            raise ValueError(f"Multiplier must be one of {', '.join(MULTIPLIERS)}, not {multiplier!r}")
        self._operand, self._weight = operand, weight
        self._accumulator_bits = tuple(accumulator_bits)
        self._multiplier, self._signs = multiplier, signs
        super().__init__(
            {
                "advance": In(1),
                "operands": In(signed(operand.bits)).array(lanes),
                "first": In(1),
                "weights": In(signed(weight.bits)).array(self.pes if signs is None else signs.first_pe),
                "totals": Out(signed(max(accumulator_bits))).array(self.pes, lanes),
                **({} if signs is None else signs.ports(In)),
            }
        )

    @staticmethod
    def weight_digits(weight: Range, multiplier: str) -> int:
        """Digits of a weight that a PE multiplies with one after the other."""
        return digit_count(weight.bits) if multiplier == "lut" else 1

    @staticmethod
    def operand_latency(operand: Range, weight: Range, lanes: int, multiplier: str) -> int:
        """Cycles from an operand's arrival to its entry into PE 0: packing is an addition."""
        return int(multiplier == "dsp" and lanes > 1 and PairedElement.fits(operand, weight))

    @property
    def pes(self) -> int:
        """Number of PEs."""
        return len(self._accumulator_bits)

    def elaborate(self, platform: object) -> Module:
        """Build one chain per lane or pair of lanes."""
        m = Module()
        digits = self.weight_digits(self._weight, self._multiplier)
        latency = self.operand_latency(self._operand, self._weight, len(self.operands), self._multiplier)

        # A sum takes its product two registers behind the operand, and one more for each further digit.
        delayed = Signal(latency + 1 + digits, reset_less=True)
        starts = [delayed[-1], *(Signal(name=f"first_{k}", reset_less=True) for k in range(1, self.pes))]
        with m.If(self.advance):
            m.d.sync += delayed.eq((delayed << 1) | self.first)
            m.d.sync += [following.eq(start) for start, following in pairwise(starts)]

        negatives: list[Value] = []
        if self._signs is not None:
            # The sign must meet the operand two cycles before the sum, as late as the others' first product.
            delay = latency + self._signs.first_pe + digits - 1
            m.submodules.signs = chain = SignChain(signs=self._signs, delay=delay)
            m.d.comb += [chain.advance.eq(self.advance), chain.index.eq(self.index), chain.selection.eq(self.selection)]
            negatives = list(chain.negatives)

        lanes = list(range(len(self.operands)))
        while lanes:
            width = 2 if latency and len(lanes) > 1 else 1
            served, lanes = lanes[:width], lanes[width:]
            self._chain(m, served, starts, negatives, digits, latency)
        return m

    def _elements(self, lanes: int) -> list[Element]:
        """The PEs of a lane, or of two."""
        kind = PairedElement if lanes == 2 else LutElement if self._multiplier == "lut" else ProcessingElement
        shared = {"operand": self._operand, "weight": self._weight}
        elements: list[Element] = [
            kind(**shared, accumulator_bits=bits) for bits in self._accumulator_bits[: len(self.weights)]
        ]
        if self._signs is not None:
            shift = self._signs.shift
            elements += [
                SignElement(**shared, accumulator_bits=bits, shift=shift, lanes=lanes)
                for bits in self._accumulator_bits[len(self.weights) :]
            ]
        return elements

    def _chain(
        self,
        m: Module,
        lanes: list[int],
        starts: list[Signal],
        negatives: list[Value],
        digits: int,
        latency: int,
    ) -> None:
        """Connect the PEs of a lane, or of two."""
        elements = self._elements(len(lanes))
        operand = self.operands[lanes[0]]
        if len(lanes) == 2:
            operand = elements[0].pack(operand, self.operands[lanes[1]])
        if latency:
            ready = Signal.like(elements[0].operand, name=f"lane_{lanes[0]}_operand", reset_less=True)
            with m.If(self.advance):
                m.d.sync += ready.eq(operand)
            operand = ready
        passing = [operand, *(element.operand_out for element in elements)]
        for place in range(digits - 1):
            # The last elements' later digits need operands that have left the chain.
            beyond = Signal.like(elements[0].operand_out, name=f"lane_{lanes[0]}_beyond_{place}", reset_less=True)
            with m.If(self.advance):
                m.d.sync += beyond.eq(passing[-1])
            passing.append(beyond)
        suffix = "" if len(self.operands) == 1 else f"_{'_'.join(map(str, lanes))}"
        for k, element in enumerate(elements):
            m.submodules[f"pe_{k}{suffix}"] = element
            m.d.comb += [
                element.advance.eq(self.advance),
                element.operand.eq(passing[k]),
                element.first.eq(starts[k]),
            ]
            m.d.comb += [self.totals[k][lane].eq(total) for lane, total in zip(lanes, element.totals, strict=True)]
            if isinstance(element, SignElement):
                negative = negatives[k - len(self.weights)]
                m.d.comb += [element.term.eq(passing[k + digits]), element.negative.eq(negative)]
                continue
            m.d.comb += element.weight.eq(self.weights[k])
            if digits > 1:
                m.d.comb += [later.eq(passing[k + 2 + place]) for place, later in enumerate(element.later)]
