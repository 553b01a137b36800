# amaranth: UnusedElaboratable=no
"""Results across a reset of the core; tests/formal proves the rules of the stream."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.result_keeper import ResultKeeper


def offer(ctx: Any, keeper: ResultKeeper, winner: int | None) -> None:
    ctx.set(keeper.i.valid, winner is not None)
    ctx.set(keeper.i.payload, {"winner": winner or 0, "logit": -5, "dropped": 0})


def on_offer(ctx: Any, keeper: ResultKeeper) -> int | None:
    return int(ctx.get(keeper.o.payload.winner)) if ctx.get(keeper.o.valid) else None


@pytest.mark.parametrize("waits", [0, 1, 5])
def test_a_result_on_offer_survives_the_reset_and_the_next_one_waits_behind_it(waits: int) -> None:
    keeper = ResultKeeper()

    async def bench(ctx: Any) -> None:
        offer(ctx, keeper, 7)
        if waits:
            await ctx.tick().repeat(waits)
        ctx.set(keeper.reset, 1)
        await ctx.tick()
        ctx.set(keeper.reset, 0)
        offer(ctx, keeper, None)
        for _ in range(3):
            assert on_offer(ctx, keeper) == 7
            await ctx.tick()
        offer(ctx, keeper, 3)
        ctx.set(keeper.o.ready, 1)
        assert (on_offer(ctx, keeper), ctx.get(keeper.i.ready), ctx.get(keeper.offered)) == (7, 0, 0)
        await ctx.tick()
        assert (on_offer(ctx, keeper), ctx.get(keeper.i.ready), ctx.get(keeper.offered)) == (3, 1, 1)
        await ctx.tick()
        assert ctx.get(keeper.last.winner) == 3

    simulate(keeper, bench)


def test_a_result_that_is_taken_during_the_reset_is_not_offered_again() -> None:
    keeper = ResultKeeper()

    async def bench(ctx: Any) -> None:
        offer(ctx, keeper, 7)
        ctx.set(keeper.o.ready, 1)
        ctx.set(keeper.reset, 1)
        await ctx.tick()
        ctx.set(keeper.reset, 0)
        offer(ctx, keeper, None)
        assert on_offer(ctx, keeper) is None

    simulate(keeper, bench)


def test_each_result_is_announced_once_however_long_it_waits() -> None:
    keeper, announced = ResultKeeper(), []

    async def bench(ctx: Any) -> None:
        for winner, ready in ((1, 0), (1, 0), (1, 1), (2, 1), (3, 0), (3, 1), (None, 1), (4, 1)):
            offer(ctx, keeper, winner)
            ctx.set(keeper.o.ready, ready)
            if ctx.get(keeper.offered):
                announced.append(winner)
            await ctx.tick()
            if winner is not None:
                assert ctx.get(keeper.last.winner) == winner

    simulate(keeper, bench)
    assert announced == [1, 2, 3, 4]


def test_it_can_be_elaborated_any_number_of_times() -> None:
    assert_repeatable(ResultKeeper())
