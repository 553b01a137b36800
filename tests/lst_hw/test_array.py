# amaranth: UnusedElaboratable=no
"""The chain of processing elements."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate
from drivers.random_values import draw

from lst_hw.array import PEArray
from lst_hw.booth import digit_count, shortfall
from lst_hw.signs import Signs, gray
from lst_model.ranges import Range

OPERAND = Range(-16, 16)
WEIGHTS = {"odd": Range(-16, 15), "even": Range(-8, 7), "one digit": Range(-2, 1)}


def bits_of(weights: np.ndarray, step: int, pe: int, digits: int, width: int) -> int:
    """What the ROM gives a PE in a cycle: with several digits, bits of the weights of as many operands."""
    if digits == 1:
        return int(weights[step - pe, pe]) if step >= pe else 0
    word = sum(int(weights[step - pe - d, pe]) & (3 << 2 * d) for d in range(digits) if step >= pe + d)
    word &= (1 << width) - 1
    return word - ((word >> (width - 1)) << width)


@pytest.mark.parametrize("stalls", [0.0, 0.5])
@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize(("multiplier", "lanes"), [("dsp", 1), ("dsp", 2), ("dsp", 3), ("lut", 1), ("lut", 2)])
@pytest.mark.parametrize("pes", [1, 4])
def test_pe_k_runs_k_cycles_behind_pe_0(pes: int, multiplier: str, lanes: int, weight: Range, stalls: float) -> None:
    rng = np.random.default_rng(pes)
    period, steps = 6, 90
    digits = digit_count(weight.bits) if multiplier == "lut" else 1
    packing = int(multiplier == "dsp" and lanes > 1)
    latency = 2 + digits + packing
    array = PEArray(operand=OPERAND, weight=weight, accumulator_bits=[13] * pes, lanes=lanes, multiplier=multiplier)
    operands, weights = draw(rng, OPERAND, (steps, lanes)), draw(rng, weight, (steps, pes))

    def expected(step: int, pe: int, lane: int) -> int:
        line = slice(step - step % period, step + 1)
        exact = int((operands[line, lane] * weights[line, pe]).sum())
        return exact - (shortfall(weights[line, pe].tolist(), digits) if multiplier == "lut" else 0)

    async def bench(ctx: Any) -> None:
        for step in range(steps):
            for lane in range(lanes):
                ctx.set(array.operands[lane], int(operands[step, lane]))
            ctx.set(array.first, step % period == 0)
            for k in range(pes):
                ctx.set(array.weights[k], bits_of(weights, step - packing, k, digits, weight.bits))
            while rng.random() < stalls:
                ctx.set(array.advance, 0)
                await ctx.tick()
            ctx.set(array.advance, 1)
            await ctx.tick()
            for k in range(pes):
                done = step + 1 - latency - k
                if done >= 0:
                    found = [ctx.get(total) for total in array.totals[k]]
                    assert found == [expected(done, k, lane) for lane in range(lanes)]

    simulate(array, bench)


SIGNS = Signs(1, 1, ((0b01, 0b11), (0b10, 0b00), (0b11, 0b10)), (0, 1), (4, 4), has_padding=False)


@pytest.mark.parametrize("stalls", [0.0, 0.5])
@pytest.mark.parametrize("weight", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize(("multiplier", "lanes"), [("dsp", 1), ("dsp", 2), ("dsp", 3), ("lut", 1), ("lut", 2)])
def test_pes_that_only_add_keep_step_with_those_that_multiply(
    multiplier: str, lanes: int, weight: Range, stalls: float
) -> None:
    rng = np.random.default_rng(lanes)
    period, steps, pes = 4, 60, 4
    digits = digit_count(weight.bits) if multiplier == "lut" else 1
    packing = int(multiplier == "dsp" and lanes > 1)
    array = PEArray(
        operand=OPERAND, weight=weight, accumulator_bits=[13] * pes, lanes=lanes, multiplier=multiplier, signs=SIGNS
    )
    assert len(array.weights) == SIGNS.first_pe
    operands = draw(rng, OPERAND, (steps, lanes))
    selections = [step // period % 2 for step in range(steps)]

    def expected(step: int, pe: int, lane: int) -> int:
        line = range(step - step % period, step + 1)
        mask = SIGNS.masks[pe - SIGNS.first_pe][selections[step]]
        return sum(2 * int(operands[at, lane]) * sign_of(mask, at % period) for at in line)

    async def bench(ctx: Any) -> None:
        for step in range(steps):
            for lane in range(lanes):
                ctx.set(array.operands[lane], int(operands[step, lane]))
            ctx.set(array.first, step % period == 0)
            ctx.set(array.index, gray(step % period))
            ctx.set(array.selection, selections[step])
            while rng.random() < stalls:
                ctx.set(array.advance, 0)
                await ctx.tick()
            ctx.set(array.advance, 1)
            await ctx.tick()
            for k in range(SIGNS.first_pe, pes):
                done = step + 1 - (2 + digits + packing) - k
                if done >= 0:
                    found = [ctx.get(total) for total in array.totals[k]]
                    assert found == [expected(done, k, lane) for lane in range(lanes)]

    simulate(array, bench)


def sign_of(mask: int, place: int) -> int:
    return -1 if (mask & gray(place)).bit_count() % 2 else 1


def test_a_pe_may_have_a_narrower_sum_than_others() -> None:
    array = PEArray(operand=Range(-4, 3), weight=Range(-2, 1), accumulator_bits=[12, 8])
    assert [len(array.totals[k][0]) for k in range(2)] == [12, 12]

    async def bench(ctx: Any) -> None:
        ctx.set(array.advance, 1)
        ctx.set(array.operands[0], -4)
        ctx.set(array.weights[1], 1)
        for step in range(5):
            ctx.set(array.first, step == 0)
            await ctx.tick()
        assert ctx.get(array.totals[1][0]) < 0

    simulate(array, bench)


def test_an_array_without_pes_is_refused() -> None:
    with pytest.raises(TypeError, match="Array must have at least one PE"):
        PEArray(operand=OPERAND, weight=WEIGHTS["odd"], accumulator_bits=[])


@pytest.mark.parametrize("lanes", [0, -3, 1.0, None])
def test_the_number_of_lanes_must_be_a_positive_integer(lanes: Any) -> None:
    with pytest.raises(TypeError, match=f"Number of lanes must be a positive integer, not {lanes!r}"):
        PEArray(operand=OPERAND, weight=WEIGHTS["odd"], accumulator_bits=[9], lanes=lanes)


def test_an_unknown_multiplier_is_refused() -> None:
    with pytest.raises(ValueError, match="Multiplier must be one of dsp, lut, not 'wood'"):
        PEArray(operand=OPERAND, weight=WEIGHTS["odd"], accumulator_bits=[9], multiplier="wood")


@pytest.mark.parametrize("multiplier", ["dsp", "lut"])
def test_elaboration_is_repeatable(multiplier: str) -> None:
    array = PEArray(operand=OPERAND, weight=WEIGHTS["odd"], accumulator_bits=[9, 9], lanes=3, multiplier=multiplier)
    assert array.pes == 2
    assert_repeatable(array)
