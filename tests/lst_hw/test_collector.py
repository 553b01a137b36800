"""Reading sums out of the array: order, timing, biases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate
from drivers.networks import network

from lst_hw.collector import Collector
from lst_hw.schedule import ARRAY_LATENCY, Schedule, Step, widest_layer
from lst_model.network import Network

NETWORKS = [network(3, 4, (5, 2), classes=4), network(1, 1, (1, 1), classes=2), network(2, 3, (4, 4), (1, 6))]
CASES = [(described, pes) for described in NETWORKS for pes in (1, 2, 4) if pes <= widest_layer(described)]
COLLECT_LATENCY = 1
FIRST_BIAS = -5
BITS = 24


def collector_of(described: Network, pes: int) -> tuple[Schedule, Collector]:
    schedule = Schedule(described, pes, 1)
    biases = [FIRST_BIAS + number for number in range(sum(stage.outputs for stage in described.stages))]
    return schedule, Collector(schedule=schedule, biases=biases, accumulator_bits=BITS, bias_bits=8)


@dataclass(frozen=True)
class Pass:
    """One pass: its last operand is issued in cycle ``last``, and ``sums`` PEs have results for it."""

    step: Step
    last: int
    first_output: int
    sums: int


def passes(schedule: Schedule, frames: int) -> Iterator[Pass]:
    cycle = 0
    for loop in schedule.loops * frames:
        if (step := loop.step) is not None:
            for number in range(step.lines * step.passes):
                output = number % step.passes * step.pes
                last = cycle + (number + 1) * step.period - 1
                yield Pass(step, last, output, min(step.pes, step.stage.outputs - output))
        cycle += loop.cycles


def expected_sums(schedule: Schedule, frames: int) -> dict[int, tuple[int, int, bool]]:
    """By cycle: PE, bias and kind of the sum that must come out. Cycles without ``advance`` do not count."""
    return {
        each.last + ARRAY_LATENCY + k + COLLECT_LATENCY: (
            k,
            FIRST_BIAS + each.step.bias_base + each.first_output + k,
            each.step.is_output,
        )
        for each in passes(schedule, frames)
        for k in range(each.sums)
    }


def last_operands(schedule: Schedule, frames: int) -> set[int]:
    return {each.last for each in passes(schedule, frames)}


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_each_sum_comes_one_cycle_after_it_is_complete_with_its_bias(described: Network, pes: int) -> None:
    schedule, collector = collector_of(described, pes)
    frames = 2
    expected, last = expected_sums(schedule, frames), last_operands(schedule, frames)

    async def bench(ctx: Any) -> None:
        ctx.set(collector.advance, 1)
        for cycle in range(frames * schedule.cycles_per_frame + ARRAY_LATENCY + 1):
            assert ctx.get(collector.valid) == (cycle in expected)
            if cycle in expected:
                pe, bias, is_logit = expected[cycle]
                assert ctx.get(collector.total[0]) == (cycle - 1) * pes + pe
                assert (ctx.get(collector.bias), ctx.get(collector.is_logit)) == (bias, is_logit)
            ctx.set(collector.last, cycle in last)
            for k in range(pes):
                ctx.set(collector.totals[k][0], cycle * pes + k)
            await ctx.tick()

    simulate(collector, bench)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_each_sum_comes_with_the_number_of_its_step(described: Network, pes: int) -> None:
    schedule = Schedule(described, pes, 1)
    numbers = [2 * step.index % 5 for step in schedule.steps]
    biases = [0] * sum(stage.outputs for stage in described.stages)
    collector = Collector(schedule=schedule, biases=biases, accumulator_bits=BITS, bias_bits=8, units=numbers)
    last = last_operands(schedule, 2)
    expected = {
        each.last + ARRAY_LATENCY + k + COLLECT_LATENCY: numbers[each.step.index]
        for each in passes(schedule, 2)
        for k in range(each.sums)
    }
    found = {}

    async def bench(ctx: Any) -> None:
        ctx.set(collector.advance, 1)
        for cycle in range(2 * schedule.cycles_per_frame + ARRAY_LATENCY + 1):
            if ctx.get(collector.valid):
                found[cycle] = ctx.get(collector.unit)
            ctx.set(collector.last, cycle in last)
            await ctx.tick()

    simulate(collector, bench)
    assert found == expected


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_sums_keep_their_order_when_the_array_stalls(described: Network, pes: int) -> None:
    rng = np.random.default_rng(0)
    schedule, collector = collector_of(described, pes)
    last = last_operands(schedule, 1)
    expected = [
        ((cycle - 1) * pes + pe, bias, is_logit)
        for cycle, (pe, bias, is_logit) in sorted(expected_sums(schedule, 1).items())
    ]
    found = []

    async def bench(ctx: Any) -> None:
        for cycle in range(schedule.cycles_per_frame + ARRAY_LATENCY + 1):
            ctx.set(collector.last, cycle in last)
            for k in range(pes):
                ctx.set(collector.totals[k][0], cycle * pes + k)
            for advance in [0] * int(rng.integers(3)) + [1]:
                ctx.set(collector.advance, advance)
                await ctx.tick()
                if ctx.get(collector.valid):
                    assert advance, "nothing is selected while the array stands still"
                    found.append(
                        tuple(ctx.get(port) for port in (collector.total[0], collector.bias, collector.is_logit))
                    )

    simulate(collector, bench)
    assert found == expected


@pytest.mark.parametrize("pes", [1, 2, 4])
@pytest.mark.parametrize("after", [0, 1, 5, 9, 20])
def test_a_restart_begins_with_the_first_bias_again(pes: int, after: int) -> None:
    """A frame breaks off after some operands; the next one's first operand carries the restart."""
    schedule, collector = collector_of(NETWORKS[0], pes)
    period, outputs = schedule.steps[0].period, schedule.steps[0].pes
    restart_seen = []

    async def bench(ctx: Any) -> None:
        ctx.set(collector.advance, 1)
        for cycle in range(after):
            ctx.set(collector.last, cycle % period == period - 1)
            await ctx.tick()
        for cycle in range(period + ARRAY_LATENCY + outputs):
            ctx.set(collector.restart, cycle == 0)
            ctx.set(collector.last, cycle == period - 1)
            for k in range(pes):
                ctx.set(collector.totals[k][0], k + 1)
            await ctx.tick()
            if ctx.get(collector.restarted):
                restart_seen.append(cycle)
            sum_number = cycle - (period - 1 + ARRAY_LATENCY)
            if cycle >= ARRAY_LATENCY:
                assert ctx.get(collector.valid) == (0 <= sum_number < outputs)
            if 0 <= sum_number < outputs:
                assert (ctx.get(collector.total[0]), ctx.get(collector.bias)) == (
                    sum_number + 1,
                    sum_number + FIRST_BIAS,
                )

    simulate(collector, bench)
    assert restart_seen == [ARRAY_LATENCY - 1], "the last cycle that may still show a sum of the old frame"


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(collector_of(NETWORKS[0], 2)[1])
