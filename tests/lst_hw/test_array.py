# amaranth: UnusedElaboratable=no
"""Processing elements and their chain."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.array import PEArray, ProcessingElement

WIDTHS = {"operand_bits": 5, "weight_bits": 4, "accumulator_bits": 14}
LOW, HIGH = {"operand": -16, "weight": -8}, {"operand": 15, "weight": 7}
PE_LATENCY = 3
FIRST_DELAY = 2


def draw(rng: np.random.Generator, kind: str, shape: int | tuple[int, ...]) -> np.ndarray:
    """Random numbers of a width, a third of them at its ends."""
    ends = rng.choice([LOW[kind], HIGH[kind]], shape)
    return np.where(rng.random(shape) < 1 / 3, ends, rng.integers(LOW[kind], HIGH[kind] + 1, shape))


def running_sums(products: list[int], first: list[bool]) -> list[int]:
    sums: list[int] = []
    for product, starts in zip(products, first, strict=True):
        sums.append(product if starts else sums[-1] + product)
    return sums


@pytest.mark.parametrize("stalls", [0.0, 0.5])
def test_a_pe_sums_products_three_advancing_cycles_later(stalls: float) -> None:
    rng = np.random.default_rng(0)
    pe, steps = ProcessingElement(**WIDTHS), 200
    operands, weights = (draw(rng, kind, steps).tolist() for kind in ("operand", "weight"))
    first = [k % 7 == 0 for k in range(steps)]
    expected = running_sums([x * w for x, w in zip(operands, weights, strict=True)], first)

    async def bench(ctx: Any) -> None:
        for step in range(steps):
            ctx.set(pe.operand, operands[step])
            ctx.set(pe.weight, weights[step])
            ctx.set(pe.first, step >= FIRST_DELAY and first[step - FIRST_DELAY])
            while rng.random() < stalls:
                ctx.set(pe.advance, 0)
                before = ctx.get(pe.total)
                await ctx.tick()
                assert ctx.get(pe.total) == before
            ctx.set(pe.advance, 1)
            await ctx.tick()
            assert ctx.get(pe.operand_out) == operands[step]
            assert ctx.get(pe.first_out) == ctx.get(pe.first)
            if step + 1 >= PE_LATENCY:
                assert ctx.get(pe.total) == expected[step + 1 - PE_LATENCY]

    simulate(pe, bench)


@pytest.mark.parametrize("stalls", [0.0, 0.5])
@pytest.mark.parametrize("pes", [1, 2, 5])
def test_pe_k_runs_k_cycles_behind_pe_0(pes: int, stalls: float) -> None:
    rng = np.random.default_rng(pes)
    array, steps, period = PEArray(pes=pes, **WIDTHS), 120, 6
    operands = draw(rng, "operand", steps).tolist()
    weights = draw(rng, "weight", (steps, pes)).tolist()
    first = [step % period == 0 for step in range(steps)]
    expected = [running_sums([operands[s] * weights[s][k] for s in range(steps)], first) for k in range(pes)]

    async def bench(ctx: Any) -> None:
        for step in range(steps):
            ctx.set(array.operand, operands[step])
            ctx.set(array.first, first[step])
            for k in range(pes):
                ctx.set(array.weights[k], weights[step - k][k] if step >= k else 0)
            while rng.random() < stalls:
                ctx.set(array.advance, 0)
                await ctx.tick()
            ctx.set(array.advance, 1)
            await ctx.tick()
            for k in range(pes):
                if step + 1 >= PE_LATENCY + k:
                    assert ctx.get(array.totals[k]) == expected[k][step + 1 - PE_LATENCY - k]

    simulate(array, bench)


@pytest.mark.parametrize(("name", "argument"), [("Operand", "operand_bits"), ("Weight", "weight_bits")])
@pytest.mark.parametrize("bits", [0, -1, 2.0, "8"])
def test_a_width_must_be_a_positive_integer(name: str, argument: str, bits: Any) -> None:
    with pytest.raises(TypeError, match=f"{name} width must be a positive integer, not {bits!r}"):
        ProcessingElement(**{**WIDTHS, argument: bits})


def test_the_accumulator_width_must_be_a_positive_integer() -> None:
    with pytest.raises(TypeError, match="Accumulator width must be a positive integer, not 0"):
        ProcessingElement(**{**WIDTHS, "accumulator_bits": 0})


@pytest.mark.parametrize("pes", [0, -3, 1.0, None])
def test_the_number_of_pes_must_be_a_positive_integer(pes: Any) -> None:
    with pytest.raises(TypeError, match=f"Number of PEs must be a positive integer, not {pes!r}"):
        PEArray(pes=pes, **WIDTHS)


def test_elaboration_is_repeatable() -> None:
    assert PEArray(pes=3, **WIDTHS).pes == 3
    assert_repeatable(ProcessingElement(**WIDTHS))
    assert_repeatable(PEArray(pes=3, **WIDTHS))
