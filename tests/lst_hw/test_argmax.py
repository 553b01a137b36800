# amaranth: UnusedElaboratable=no
"""The class decision."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.argmax import ArgMax


def decisions(classes: int, bits: int, logits: list[list[int]], gaps: float = 0.0) -> list[tuple[int, int]]:
    """Class and logit of each list of logits; asserts that ``done`` comes one cycle after the last, and only then."""
    rng = np.random.default_rng(0)
    argmax = ArgMax(classes=classes, logit_bits=bits)
    found = []

    async def bench(ctx: Any) -> None:
        for frame in logits:
            for position, logit in enumerate(frame):
                while rng.random() < gaps:
                    ctx.set(argmax.valid, 0)
                    ctx.set(argmax.logit, (1 << (bits - 1)) - 1)
                    await ctx.tick()
                    assert not ctx.get(argmax.done)
                ctx.set(argmax.valid, 1)
                ctx.set(argmax.logit, logit)
                await ctx.tick()
                assert ctx.get(argmax.done) == (position == classes - 1)
                if position == classes - 1:
                    found.append((ctx.get(argmax.winner), ctx.get(argmax.winner_logit)))

    simulate(argmax, bench)
    return found


@pytest.mark.parametrize("gaps", [0.0, 0.5])
@pytest.mark.parametrize("classes", [2, 3, 8, 10])
def test_the_greatest_logit_wins_and_the_first_of_equals(classes: int, gaps: float) -> None:
    # Three bits make ties frequent.
    logits = np.random.default_rng(classes).integers(-4, 4, (100, classes))
    expected = [(int(frame.argmax()), int(frame.max())) for frame in logits]
    assert decisions(classes, 3, logits.tolist(), gaps) == expected


def test_the_ends_of_the_range_compare_as_signed_numbers() -> None:
    assert decisions(2, 8, [[-128, 127], [127, -128], [-128, -128]]) == [(1, 127), (0, 127), (0, -128)]


def test_a_decision_owes_nothing_to_the_one_before() -> None:
    assert decisions(3, 8, [[5, 100, 6], [-9, -8, -7]]) == [(1, 100), (2, -7)]


@pytest.mark.parametrize("classes", [1, 0, -1])
def test_fewer_than_two_classes_are_refused(classes: int) -> None:
    with pytest.raises(ValueError, match=f"Number of classes must be at least 2, not {classes}"):
        ArgMax(classes=classes, logit_bits=8)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(ArgMax(classes=10, logit_bits=8))
