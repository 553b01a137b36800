# amaranth: UnusedElaboratable=no
"""The time of frames that overlap."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.frame_timer import PIXEL_CYCLES, RESULT_CYCLES, FrameTimer

OUTSIDE = PIXEL_CYCLES + RESULT_CYCLES


def cycles(events: dict[int, tuple[str, ...]], bits: int = 8) -> list[int]:
    """The timer's output in each cycle after one with ``done``; events by cycle."""
    timer, seen = FrameTimer(bits=bits), []

    async def bench(ctx: Any) -> None:
        for cycle in range(max(events) + 1):
            names = events.get(cycle, ())
            for name in ("first", "accepted", "done"):
                ctx.set(getattr(timer.events, name), name in names)
            await ctx.tick()
            if "done" in names:
                seen.append(ctx.get(timer.cycles))

    simulate(timer, bench)
    return seen


def test_a_lone_frame() -> None:
    assert cycles({3: ("first",), 9: ("accepted",), 20: ("done",)}) == [17 + OUTSIDE]


def test_the_next_frame_may_begin_before_the_result() -> None:
    assert cycles(
        {3: ("first",), 9: ("accepted",), 18: ("first",), 20: ("done",), 25: ("accepted",), 38: ("done",)}
    ) == [
        17 + OUTSIDE,
        20 + OUTSIDE,
    ]


def test_a_frame_of_one_pixel_is_accepted_one_cycle_after_its_first_pixel() -> None:
    assert cycles({0: ("first",), 1: ("accepted",), 15: ("done",)}) == [15 + OUTSIDE]


def test_a_dropped_frame_leaves_the_time_of_the_one_before_alone() -> None:
    assert cycles({0: ("first",), 4: ("accepted",), 6: ("first",), 8: ("first",), 10: ("done",)}) == [10 + OUTSIDE]


def test_it_stays_at_the_largest_number() -> None:
    assert cycles({0: ("first",), 1: ("accepted",), 30: ("done",)}, bits=4) == [15]
    assert cycles({0: ("first",), 30: ("accepted",), 31: ("done",)}, bits=4) == [15]


def test_a_timer_of_one_bit_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^Width must be at least 2 bits, not 1$"):
        FrameTimer(bits=1)


def test_it_can_be_elaborated_any_number_of_times() -> None:
    assert_repeatable(FrameTimer(bits=8))
