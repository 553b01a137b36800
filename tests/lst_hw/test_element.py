# amaranth: UnusedElaboratable=no
"""Processing elements of each kind."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate
from drivers.random_values import draw

from lst_hw.element import LutElement, PairedElement, ProcessingElement
from lst_model.ranges import Range

OPERAND, WEIGHT = Range(-16, 16), Range(-8, 7)
WIDTHS = {"operand": OPERAND, "weight": WEIGHT, "accumulator_bits": 14}
LATENCY = 3
FIRST_DELAY = 2


def running_sums(products: list[int], first: list[bool]) -> list[int]:
    sums: list[int] = []
    for product, starts in zip(products, first, strict=True):
        sums.append(product if starts else sums[-1] + product)
    return sums


@pytest.mark.parametrize("stalls", [0.0, 0.5])
@pytest.mark.parametrize("kind", [ProcessingElement, PairedElement])
def test_each_lane_sums_its_products_three_advancing_cycles_later(kind: Any, stalls: float) -> None:
    rng = np.random.default_rng(0)
    pe, steps = kind(**WIDTHS), 300
    lanes = [draw(rng, OPERAND, steps).tolist() for _ in range(kind.LANES)]
    weights = draw(rng, WEIGHT, steps).tolist()
    shift = 9
    operands = [sum(lane[step] << (shift * k) for k, lane in enumerate(lanes)) for step in range(steps)]
    first = [k % 7 == 0 for k in range(steps)]
    expected = [running_sums([x * w for x, w in zip(lane, weights, strict=True)], first) for lane in lanes]

    async def bench(ctx: Any) -> None:
        for step in range(steps):
            ctx.set(pe.operand, operands[step])
            ctx.set(pe.weight, weights[step])
            ctx.set(pe.first, step >= FIRST_DELAY and first[step - FIRST_DELAY])
            while rng.random() < stalls:
                ctx.set(pe.advance, 0)
                before = [ctx.get(total) for total in pe.totals]
                await ctx.tick()
                assert [ctx.get(total) for total in pe.totals] == before
            ctx.set(pe.advance, 1)
            await ctx.tick()
            assert ctx.get(pe.operand_out) == operands[step]
            if step + 1 >= LATENCY:
                assert [ctx.get(total) for total in pe.totals] == [sums[step + 1 - LATENCY] for sums in expected]

    simulate(pe, bench)


@pytest.mark.parametrize(
    ("operand", "weight", "fits"),
    [
        (Range(-64, 64), Range(-128, 127), True),
        (Range(-128, 128), Range(-128, 127), True),
        (Range(-128, 128), Range(-256, 255), False),
        (Range(-128, 127), Range(-32, 31), True),
    ],
)
def test_two_operands_share_a_dsp_block_if_their_products_fit_25_bits(
    operand: Range, weight: Range, fits: bool
) -> None:
    assert PairedElement.fits(operand, weight) == fits


def test_operands_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="two operands of 9 bits do not fit a DSP block with 9 bit weights"):
        PairedElement(operand=Range(-128, 128), weight=Range(-256, 255), accumulator_bits=20)


@pytest.mark.parametrize("kind", [ProcessingElement, PairedElement, LutElement])
class TestArguments:
    @pytest.mark.parametrize(("name", "argument"), [("Operand", "operand"), ("Weight", "weight")])
    def test_a_range_must_be_one(self, kind: Any, name: str, argument: str) -> None:
        with pytest.raises(TypeError, match=f"{name} must be a Range object, not 8"):
            kind(**{**WIDTHS, argument: 8})

    @pytest.mark.parametrize("bits", [0, -1, 2.0, "8"])
    def test_the_accumulator_width_must_be_a_positive_integer(self, kind: Any, bits: Any) -> None:
        with pytest.raises(TypeError, match=f"Accumulator width must be a positive integer, not {bits!r}"):
            kind(**{**WIDTHS, "accumulator_bits": bits})

    def test_elaboration_is_repeatable(self, kind: Any) -> None:
        assert_repeatable(kind(**WIDTHS))
