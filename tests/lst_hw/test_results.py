# amaranth: UnusedElaboratable=no
"""The results of a batch, one beat each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.results import ResultRegister


@pytest.mark.parametrize("stalls", [0.0, 0.7])
@pytest.mark.parametrize("lanes", [1, 2, 5])
def test_the_lanes_with_an_image_are_given_out_in_order(lanes: int, stalls: float) -> None:
    rng = np.random.default_rng(lanes)
    register = ResultRegister(lanes=lanes, classes=10, logit_bits=8)
    batches = [
        (
            int(rng.integers(1, lanes + 1)),
            rng.integers(0, 10, lanes),
            rng.integers(-128, 128, lanes),
            rng.random(lanes) < 0.5,
        )
        for _ in range(20)
    ]
    expected = [
        (int(winners[k]), int(logits[k]), bool(dropped[k]))
        for count, winners, logits, dropped in batches
        for k in range(count)
    ]
    received: list[tuple[int, int, bool]] = []

    async def bench(ctx: Any) -> None:
        waiting = list(batches)
        for _ in range(1000):
            ctx.set(register.o.ready, rng.random() >= stalls)
            loads = bool(waiting) and bool(ctx.get(register.ready))
            ctx.set(register.valid, loads)
            if loads:
                count, winners, logits, dropped = waiting.pop(0)
                ctx.set(register.count, count)
                ctx.set(register.dropped, sum(int(flag) << k for k, flag in enumerate(dropped)))
                for k in range(lanes):
                    ctx.set(register.winners[k], int(winners[k]))
                    ctx.set(register.logits[k], int(logits[k]))
            _, _, valid, ready, payload = await ctx.tick().sample(
                register.o.valid, register.o.ready, register.o.payload
            )
            if valid and ready:
                received.append((payload.winner, payload.logit, bool(payload.dropped)))

    simulate(register, bench)
    assert received == expected


def test_the_first_result_comes_one_cycle_later_and_the_register_is_free_with_the_last() -> None:
    register = ResultRegister(lanes=2, classes=3, logit_bits=8)

    async def bench(ctx: Any) -> None:
        ctx.set(register.o.ready, 1)
        ctx.set(register.valid, 1)
        ctx.set(register.count, 2)
        assert (ctx.get(register.o.valid), ctx.get(register.ready)) == (0, 1)
        await ctx.tick()
        ctx.set(register.valid, 0)
        assert (ctx.get(register.o.valid), ctx.get(register.ready)) == (1, 0)
        await ctx.tick()
        assert (ctx.get(register.o.valid), ctx.get(register.ready)) == (1, 1)
        await ctx.tick()
        assert (ctx.get(register.o.valid), ctx.get(register.ready)) == (0, 1)

    simulate(register, bench)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(ResultRegister(lanes=3, classes=10, logit_bits=8))
