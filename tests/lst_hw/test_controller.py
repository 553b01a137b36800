"""The control unit against a walk through the schedule in plain loops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate
from drivers.networks import network, quantized

from lst_hw.controller import Controller
from lst_hw.schedule import Loop, Schedule, widest_layer
from lst_hw.signs import find_signs, gray
from lst_model.layers import ColumnTransform, Output, RowTransform
from lst_model.network import Network

NETWORKS = [
    network(3, 4, (5, 2), classes=4),
    network(1, 1, (1, 1), classes=2),
    network(2, 3, (4, 3), (4, 3), skips=((1, 2),)),
]
CASES = [(described, pes) for described in NETWORKS for pes in (1, 2, 5) if pes <= widest_layer(described)]
ADDRESS = {"row_bits": 3, "column_bits": 3, "rom_address_bits": 8}


@dataclass(frozen=True)
class Issue:
    """What the controller shows in one cycle in which it advances. ``None`` means anything."""

    operand: tuple[int, int] | None
    rom_address: int
    first: bool
    last: bool
    saved: bool
    takes: bool


def walk(schedule: Schedule) -> Iterator[Issue]:
    """Every cycle of a frame."""
    for number, loop in enumerate(schedule.loops):
        addresses = ring(loop)
        lines = ((line, turn) for line in range(loop.outer) for turn in range(loop.turns))
        if loop.grid_per_turn:
            lines = ((line, turn) for turn in range(loop.turns) for line in range(loop.outer))
        for line, turn in lines:
            for inner in range(loop.inner):
                yield issue(schedule, number, line, turn, inner, next(addresses))
        for _ in range(loop.gap):
            yield Issue(None, next(addresses), first=False, last=False, saved=False, takes=False)


def issue(schedule: Schedule, number: int, line: int, turn: int, inner: int, address: int) -> Issue:
    loop = schedule.loops[number]
    step, columns = loop.step, schedule.network.columns
    if step is None:
        return Issue(None, address, first=False, last=False, saved=False, takes=True)
    by_column = isinstance(step.stage.layer, ColumnTransform)
    inner_end = inner == loop.inner - 1
    return Issue(
        (inner, line) if by_column else (line, inner),
        address,
        first=inner == 0 and (line == 0 or not loop.grid_per_turn),
        last=inner_end and (line == loop.outer - 1 or not loop.grid_per_turn),
        saved=step.stage.adds_skip and turn == 0 and inner < step.stage.outputs,
        takes=number == 0 and inner < columns,
    )


def ring(loop: Loop) -> Iterator[int]:
    while True:
        yield from range(loop.rom_base, loop.rom_base + loop.rom_words)


def controller_of(described: Network, pes: int) -> tuple[Schedule, Controller]:
    schedule = Schedule(described, pes, 2)
    return schedule, Controller(schedule=schedule, **ADDRESS)


def assert_shows(ctx: Any, controller: Controller, expected: Issue) -> None:
    if expected.operand is not None:
        mask = 7
        assert (ctx.get(controller.row), ctx.get(controller.column)) == tuple(x & mask for x in expected.operand)
    ports = (controller.rom_address, controller.first, controller.last, controller.saved, controller.take)
    assert tuple(map(ctx.get, ports)) == (
        expected.rom_address,
        expected.first,
        expected.last,
        expected.saved,
        expected.takes,
    )


def offer(ctx: Any, controller: Controller, *, valid: bool, last: bool = False) -> None:
    ctx.set(controller.pixels.valid, valid)
    ctx.set(controller.pixels.payload.last, last)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_two_frames_without_stalls_take_exactly_the_scheduled_cycles(described: Network, pes: int) -> None:
    schedule, controller = controller_of(described, pes)
    pixels = described.rows * described.columns
    assert len(list(walk(schedule))) == schedule.cycles_per_frame

    async def bench(ctx: Any) -> None:
        ctx.set(controller.result_ready, 1)
        for _ in range(2):
            taken = 0
            for expected in walk(schedule):
                offer(ctx, controller, valid=True, last=taken == pixels - 1)
                assert_shows(ctx, controller, expected)
                assert ctx.get(controller.advance)
                assert ctx.get(controller.pixels.ready) == expected.takes
                assert ctx.get(controller.restart) == (expected.takes and taken == 0)
                assert ctx.get(controller.accepted) == (expected.takes and taken == pixels - 1)
                assert not ctx.get(controller.dropped)
                taken += expected.takes
                await ctx.tick()

    simulate(controller, bench)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_everything_waits_for_a_pixel_and_nothing_waits_without_need(described: Network, pes: int) -> None:
    rng = np.random.default_rng(0)
    schedule, controller = controller_of(described, pes)
    pixels = described.rows * described.columns

    async def bench(ctx: Any) -> None:
        ctx.set(controller.result_ready, 1)
        taken = 0
        for expected in walk(schedule):
            while rng.random() < 0.5:
                offer(ctx, controller, valid=False, last=True)
                assert ctx.get(controller.advance) == (not expected.takes)
                assert not ctx.get(controller.take)
                if not expected.takes:
                    break
                await ctx.tick()
            else:
                offer(ctx, controller, valid=True, last=taken == pixels - 1)
            assert ctx.get(controller.advance)
            assert_shows(ctx, controller, expected)
            taken += expected.takes
            await ctx.tick()

    simulate(controller, bench)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_where_pixels_have_no_gaps_the_array_runs_empty_until_a_frame_comes(described: Network, pes: int) -> None:
    schedule = Schedule(described, pes, 2)
    controller = Controller(schedule=schedule, gapless=True, **ADDRESS)
    pixels = described.rows * described.columns

    async def bench(ctx: Any) -> None:
        ctx.set(controller.result_ready, 1)
        for wait in (0, 1, 7):
            offer(ctx, controller, valid=False)
            for _ in range(wait):
                assert ctx.get(controller.advance)
                assert not ctx.get(controller.last)
                assert not ctx.get(controller.take)
                await ctx.tick()
            taken = 0
            for expected in walk(schedule):
                offer(ctx, controller, valid=True, last=taken == pixels - 1)
                assert ctx.get(controller.advance)
                assert_shows(ctx, controller, expected)
                taken += expected.takes
                await ctx.tick()

    simulate(controller, bench)


@pytest.mark.parametrize(("described", "pes"), CASES)
@pytest.mark.parametrize("wait", [1, 5, 100])
def test_the_output_layer_begins_when_the_result_register_is_free(described: Network, pes: int, wait: int) -> None:
    schedule, controller = controller_of(described, pes)
    pixels = described.rows * described.columns
    before = schedule.cycles_per_frame - schedule.loops[-1].cycles

    async def bench(ctx: Any) -> None:
        taken = 0
        for expected in list(walk(schedule))[:before]:
            offer(ctx, controller, valid=True, last=taken == pixels - 1)
            taken += ctx.get(controller.take)
            assert_shows(ctx, controller, expected)
            await ctx.tick()
        for _ in range(wait - 1):
            assert not ctx.get(controller.first)
            await ctx.tick()
        ctx.set(controller.result_ready, 1)
        assert not ctx.get(controller.first)
        await ctx.tick()
        ctx.set(controller.result_ready, 0)
        for expected in list(walk(schedule))[before:]:
            assert_shows(ctx, controller, expected)
            await ctx.tick()

    simulate(controller, bench)


MALFORMED = [
    (described, pes, length)
    for described, pes in CASES
    for length in (
        1,
        5,
        described.rows * described.columns - 1,
        *(described.rows * described.columns + k for k in (1, 2, 30)),
    )
    if length not in (0, described.rows * described.columns)
]


@pytest.mark.parametrize(("described", "pes", "length"), MALFORMED)
def test_a_malformed_frame_is_dropped_once_and_the_next_one_begins_at_once(
    described: Network, pes: int, length: int
) -> None:
    schedule, controller = controller_of(described, pes)
    pixels = described.rows * described.columns
    events: list[tuple[str, int]] = []

    async def bench(ctx: Any) -> None:
        ctx.set(controller.result_ready, 1)
        sent = 0
        while sent < length:
            offer(ctx, controller, valid=True, last=sent == length - 1)
            assert not ctx.get(controller.accepted)
            if ctx.get(controller.dropped):
                events.append(("dropped", sent))
            if sent >= pixels:
                assert ctx.get(controller.pixels.ready), "one pixel per cycle is discarded"
                assert not ctx.get(controller.take)
            sent += ctx.get(controller.pixels.ready)
            await ctx.tick()
        taken = 0
        for expected in walk(schedule):
            offer(ctx, controller, valid=True, last=taken == pixels - 1)
            assert_shows(ctx, controller, expected)
            assert ctx.get(controller.restart) == (expected.takes and taken == 0)
            taken += expected.takes
            await ctx.tick()

    simulate(controller, bench)
    assert events == [("dropped", min(length, pixels) - 1)]


@pytest.mark.parametrize("pes", [1, 2, 5])
def test_operands_come_from_the_stream_in_an_unfolded_first_layer_only(pes: int) -> None:
    schedule, controller = controller_of(NETWORKS[0], pes)
    pixels, streams = 12, []

    async def bench(ctx: Any) -> None:
        ctx.set(controller.result_ready, 1)
        taken = 0
        for _ in range(schedule.cycles_per_frame):
            offer(ctx, controller, valid=True, last=taken == pixels - 1)
            streams.append(ctx.get(controller.streams))
            taken += ctx.get(controller.take)
            await ctx.tick()

    simulate(controller, bench)
    assert streams == cycles_of(schedule.loops, lambda loop: loop.step is not None and loop.step.streams)


@pytest.mark.parametrize("pes", [3, 4, 6])
def test_pes_that_only_add_learn_place_and_selection_of_each_operand(pes: int) -> None:
    rows, columns = RowTransform(6, "hadamard:pad", "identity"), ColumnTransform(6, "walsh:pad", "identity")
    described = Network(5, 5, (rows, columns, Output(2)))
    schedule = Schedule(described, pes, 2)
    signs = find_signs(schedule, [weight.tolist() for weight in quantized(described).weights])
    assert signs is not None
    controller = Controller(schedule=schedule, **ADDRESS, signs=signs)
    expected = [
        (gray(inner), signs.selections[loop.step.index] + turn, inner >= loop.step.elements)
        for loop in schedule.loops[:-1]
        for _ in range(loop.outer if loop.step else 0)
        for turn in range(loop.turns)
        for inner in range(loop.inner)
        if loop.step is not None
    ]
    found = []

    async def bench(ctx: Any) -> None:
        ctx.set(controller.result_ready, 1)
        taken = 0
        for loop in schedule.loops[:-1]:
            for cycle in range(loop.cycles):
                offer(ctx, controller, valid=True, last=taken == described.rows * described.columns - 1)
                taken += ctx.get(controller.take)
                if loop.step is not None and cycle < loop.cycles - loop.gap:
                    found.append(tuple(map(ctx.get, (controller.index, controller.selection, controller.padding))))
                await ctx.tick()

    simulate(controller, bench)
    assert found == expected


def cycles_of(loops: Sequence[Loop], holds: Any) -> list[bool]:
    return [holds(loop) for loop in loops for _ in range(loop.cycles)]


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(controller_of(NETWORKS[2], 2)[1])
