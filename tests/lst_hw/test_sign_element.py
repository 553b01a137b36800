# amaranth: UnusedElaboratable=no
"""Elements that add and subtract, and where their signs come from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate
from drivers.random_values import draw

from lst_hw.element import PairedElement
from lst_hw.sign_element import SignChain, SignElement
from lst_hw.signs import Signs, gray, sign_mask
from lst_model.bases import hadamard_matrix, walsh_matrix
from lst_model.ranges import Range

OPERAND, WEIGHT = Range(-16, 16), Range(-8, 7)
WIDTHS = {"operand": OPERAND, "weight": WEIGHT, "accumulator_bits": 14, "shift": 2}
LATENCY = 2
FIRST_DELAY = 1


@pytest.mark.parametrize("lanes", [1, 2])
def test_every_operand_is_added_or_subtracted_times_the_factor(lanes: int) -> None:
    pe = SignElement(**WIDTHS, lanes=lanes)
    cases = [
        (low, high, negative)
        for low in range(OPERAND.low, OPERAND.high + 1)
        for high in range(OPERAND.low, OPERAND.high + 1)[:: 1 if lanes == 2 else 33]
        for negative in (0, 1)
    ]
    packing = PairedElement.packing(OPERAND, WEIGHT)

    async def bench(ctx: Any) -> None:
        ctx.set(pe.advance, 1)
        ctx.set(pe.first, 1)
        for number in range(len(cases) + LATENCY - 1):
            low, high, negative = cases[min(number, len(cases) - 1)]
            ctx.set(pe.term, low + (high << packing if lanes == 2 else 0))
            ctx.set(pe.negative, negative)
            await ctx.tick()
            if number + 1 >= LATENCY:
                *operands, negative = cases[number + 1 - LATENCY]
                factor = -4 if negative else 4
                assert [ctx.get(total) for total in pe.totals] == [factor * x for x in operands[:lanes]]

    simulate(pe, bench)


@pytest.mark.parametrize("lanes", [1, 2])
def test_a_sum_goes_on_until_the_next_begins_and_stalls_change_nothing(lanes: int) -> None:
    rng = np.random.default_rng(0)
    pe, steps = SignElement(**WIDTHS, lanes=lanes), 200
    operands = draw(rng, OPERAND, (steps, lanes))
    signs = rng.choice([-1, 1], steps)
    packing = PairedElement.packing(OPERAND, WEIGHT)

    def expected(step: int) -> list[int]:
        line = slice(step - step % 7, step + 1)
        sums: list[int] = (4 * operands[line] * signs[line, None]).sum(0).tolist()
        return sums

    async def bench(ctx: Any) -> None:
        for step in range(steps):
            packed = sum(int(x) << (packing * lane) for lane, x in enumerate(operands[step]))
            ctx.set(pe.operand, packed)
            ctx.set(pe.term, packed)
            ctx.set(pe.negative, int(signs[step] < 0))
            ctx.set(pe.first, step >= FIRST_DELAY and (step - FIRST_DELAY) % 7 == 0)
            while rng.random() < 0.5:
                ctx.set(pe.advance, 0)
                await ctx.tick()
            ctx.set(pe.advance, 1)
            await ctx.tick()
            assert ctx.get(pe.operand_out) == packed
            if step + 1 >= LATENCY:
                assert [ctx.get(total) for total in pe.totals] == expected(step + 1 - LATENCY)

    simulate(pe, bench)


def test_a_sum_that_reaches_both_ends_of_its_width_is_exact() -> None:
    pe = SignElement(operand=Range(-2, 1), weight=Range(-1, 1), accumulator_bits=4, shift=0)
    found = []

    async def bench(ctx: Any) -> None:
        ctx.set(pe.advance, 1)
        for step in range(2 * 4 + 1):
            ctx.set(pe.term, -2 if step < 4 else 1)
            ctx.set(pe.negative, step >= 4)
            ctx.set(pe.first, step in (1, 5))
            await ctx.tick()
            found.append(ctx.get(pe.totals[0]))

    simulate(pe, bench)
    assert found[1:] == [-2, -4, -6, -8, -1, -2, -3, -4]


class TestArguments:
    def test_a_range_must_be_one(self) -> None:
        with pytest.raises(TypeError, match="Operand must be a Range object, not 8"):
            SignElement(**{**WIDTHS, "operand": 8})

    def test_the_shift_must_not_be_negative(self) -> None:
        with pytest.raises(ValueError, match="Shift must not be negative, not -1"):
            SignElement(**{**WIDTHS, "shift": -1})

    @pytest.mark.parametrize("lanes", [0, 3])
    def test_there_are_one_or_two_lanes(self, lanes: int) -> None:
        with pytest.raises(ValueError, match=f"Number of lanes must be 1 or 2, not {lanes}"):
            SignElement(**WIDTHS, lanes=lanes)

    def test_packed_operands_must_fit_a_dsp_block(self) -> None:
        with pytest.raises(ValueError, match="two operands of 9 bits do not fit a DSP block with 9 bit weights"):
            SignElement(operand=Range(-128, 128), weight=Range(-256, 255), accumulator_bits=20, shift=0, lanes=2)


@pytest.mark.parametrize("stalls", [0.0, 0.5])
@pytest.mark.parametrize("delay", [0, 3])
@pytest.mark.parametrize("matrix", [hadamard_matrix(8), walsh_matrix(16)], ids=["hadamard", "walsh"])
def test_element_k_gets_the_signs_of_its_row_k_cycles_later(matrix: np.ndarray, delay: int, stalls: float) -> None:
    rng = np.random.default_rng(0)
    size = len(matrix)
    masks = tuple((sign_mask(row) or 0,) for row in matrix.tolist())
    chain = SignChain(signs=Signs(0, 0, masks, (0,), (size,), has_padding=False), delay=delay)

    async def bench(ctx: Any) -> None:
        for step in range(3 * size):
            ctx.set(chain.index, gray(step % size))
            while rng.random() < stalls:
                ctx.set(chain.advance, 0)
                await ctx.tick()
            ctx.set(chain.advance, 1)
            await ctx.tick()
            for k in range(size):
                place = step - delay - k
                if place >= 0:
                    assert ctx.get(chain.negatives[k]) == (matrix[k, place % size] < 0)

    simulate(chain, bench)


def test_a_selection_changes_the_rows_from_one_operand_to_the_next() -> None:
    matrix = walsh_matrix(4)
    masks = tuple((sign_mask(matrix[k].tolist()) or 0, sign_mask(matrix[3 - k].tolist()) or 0) for k in range(4))
    chain = SignChain(signs=Signs(0, 0, masks, (0,), (4,), has_padding=False), delay=1)
    selections = [0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0, 1]

    async def bench(ctx: Any) -> None:
        ctx.set(chain.advance, 1)
        for step, selection in enumerate(selections):
            ctx.set(chain.index, gray(step % 4))
            ctx.set(chain.selection, selection)
            await ctx.tick()
            for k in range(4):
                at = step - 1 - k
                if at >= 0:
                    row = 3 - k if selections[at] else k
                    assert ctx.get(chain.negatives[k]) == (matrix[row, at % 4] < 0)

    simulate(chain, bench)


@pytest.mark.parametrize(
    "component",
    [
        SignElement(**WIDTHS),
        SignElement(**WIDTHS, lanes=2),
        SignChain(signs=Signs(1, 0, ((1, 2),), (0, 1), (4, 4), has_padding=True), delay=2),
    ],
)
def test_elaboration_is_repeatable(component: Any) -> None:
    assert_repeatable(component)
