"""Where results go in the frame memory, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate
from drivers.networks import network

from lst_hw.schedule import Schedule, widest_layer
from lst_hw.writer import Writer
from lst_model.fixed import QFormat
from lst_model.layers import ColumnTransform
from lst_model.network import Network

ACTIVATION = QFormat(2, 3)
DIRECT_LATENCY = 1
QUEUE_LATENCY = 2
COPY_LEAD = 4
PLAIN = network(3, 4, (5, 2), (3, 3))
SKIP = network(2, 3, (4, 3), (4, 3), (4, 3), skips=((1, 2), (2, 3)))
CASES = [
    (described, pes)
    for described in (PLAIN, SKIP, network(1, 1, (1, 1)))
    for pes in range(1, widest_layer(described) + 1)
]


@dataclass(frozen=True)
class Write:
    """A result's place, and when the line it belongs to may be overwritten."""

    loop: int
    row: int
    column: int
    save: bool
    adds: bool
    line_end: bool
    awaited: int


def writes_of(schedule: Schedule) -> list[Write]:
    """In the order of the results; ``awaited`` results of its line must have come before the line is touched."""
    writes = []
    for number, loop in enumerate(schedule.loops[:-1]):
        step = loop.step
        lines, entries = (loop.outer, loop.inner) if step is None else (step.lines, step.stage.outputs)
        by_column = step is not None and isinstance(step.stage.layer, ColumnTransform)
        awaited = 1 if step is None else entries - step.last_pass_pes + 1
        for line in range(lines):
            for entry in range(entries):
                row, column = (entry, line) if by_column else (line, entry)
                save = step is not None and step.stage.saves_skip
                adds = step is not None and step.stage.adds_skip
                writes.append(Write(number, row, column, save, adds, entry == entries - 1, awaited))
    return writes


def writer_of(described: Network, pes: int, data_bits: int = 5) -> tuple[Schedule, Writer]:
    schedule = Schedule(described, pes, 1)
    return schedule, Writer(schedule=schedule, activation=ACTIVATION, data_bits=data_bits, row_bits=3, column_bits=3)


Shown = tuple[int, int, int, int, bool]


def run(
    writer: Writer, writes: list[Write], codes: list[int], copies: list[int], gaps: float
) -> tuple[list[Shown], list[int], list[int]]:
    """What the writer wrote, in which cycles, and the cycles in which the results arrived."""
    rng = np.random.default_rng(0)
    shown: list[Shown] = []
    written: list[int] = []
    arrived: list[int] = []

    async def bench(ctx: Any) -> None:
        cycle = 0
        # Copies are read a little before the results they are added to.
        copied = -COPY_LEAD
        while len(shown) < len(writes):
            assert cycle < 4 * len(writes) + 100, "results are missing"
            if ctx.get(writer.enable):
                place = (writer.loop, writer.row, writer.column, writer.data[0])
                shown.append((*map(ctx.get, place), bool(ctx.get(writer.save))))
                written.append(cycle)
            waits = rng.random() < gaps
            copy, result = copied + COPY_LEAD, copied
            ctx.set(writer.saved_valid, not waits and copy < len(writes) and writes[copy].adds)
            ctx.set(writer.saved[0], copies[copy] if copy < len(writes) else 0)
            ctx.set(writer.valid, not waits and 0 <= result < len(writes))
            ctx.set(writer.code[0], codes[result] if 0 <= result < len(writes) else 0)
            if not waits:
                if 0 <= result < len(writes):
                    arrived.append(cycle)
                copied += 1
            await ctx.tick()
            cycle += 1
        await ctx.tick()
        assert not ctx.get(writer.enable), "a write too many"

    simulate(writer, bench)
    return shown, written, arrived


def draw(count: int, seed: int) -> list[int]:
    codes = np.random.default_rng(seed).integers(ACTIVATION.lowest, ACTIVATION.highest + 1, count)
    return [int(code) for code in codes]


@pytest.mark.parametrize("gaps", [0.0, 0.5])
@pytest.mark.parametrize(("described", "pes"), CASES)
def test_two_frames_of_results_go_where_they_came_from(described: Network, pes: int, gaps: float) -> None:
    schedule, writer = writer_of(described, pes)
    writes = writes_of(schedule) * 2
    codes, copies = draw(len(writes), 1), draw(len(writes), 2)
    shown, _, _ = run(writer, writes, codes, copies, gaps)
    assert shown == [
        (write.loop, write.row, write.column, clipped(code + copy) if write.adds else code, write.save)
        for write, code, copy in zip(writes, codes, copies, strict=True)
    ]


@pytest.mark.parametrize("gaps", [0.0, 0.5])
@pytest.mark.parametrize(("described", "pes"), CASES)
def test_a_line_is_written_without_delay_once_its_last_pass_delivers(described: Network, pes: int, gaps: float) -> None:
    schedule, writer = writer_of(described, pes)
    writes = writes_of(schedule)
    _, written, arrived = run(writer, writes, draw(len(writes), 1), draw(len(writes), 2), gaps)
    if not schedule.folded:
        assert written == [cycle + DIRECT_LATENCY for cycle in arrived]
        return
    expected, line_start = [-1], 0
    for number, write in enumerate(writes):
        needed = line_start + write.awaited - 1 if number == line_start else number
        expected.append(max(expected[-1] + 1, arrived[needed] + QUEUE_LATENCY))
        line_start = number + 1 if write.line_end else line_start
    assert written == expected[1:]


@pytest.mark.parametrize("sum_", [(31, 31), (-32, -32), (31, -32), (12, 3), (-12, -4), (12, 4), (-12, -5)])
def test_the_sum_with_a_copy_saturates_at_both_ends_of_the_activation_format(sum_: tuple[int, int]) -> None:
    schedule, writer = writer_of(SKIP, 4, data_bits=6)
    writes = writes_of(schedule)
    code, copy = sum_
    shown, _, _ = run(writer, writes, [code] * len(writes), [copy] * len(writes), 0.0)
    assert {data for write, (_, _, _, data, _) in zip(writes, shown, strict=True) if write.adds} == {
        clipped(code + copy)
    }


@pytest.mark.parametrize("results", range(12))
@pytest.mark.parametrize("pes", [1, 2, 3, 5])
def test_a_restart_voids_what_a_dropped_frame_left_behind(pes: int, results: int) -> None:
    schedule, writer = writer_of(PLAIN, pes)
    first = writes_of(schedule)[0]

    async def bench(ctx: Any) -> None:
        for number in range(results + 1):
            ctx.set(writer.valid, number < results or results > 0)
            ctx.set(writer.code[0], 7)
            ctx.set(writer.restart, number == results)
            await ctx.tick()
        ctx.set(writer.restart, 0)
        for number in range(first.awaited):
            ctx.set(writer.valid, 1)
            ctx.set(writer.code[0], -number)
            await ctx.tick()
            if not schedule.folded:
                break
        ctx.set(writer.valid, 0)
        if schedule.folded:
            await ctx.tick()
        places = (writer.enable, writer.loop, writer.row, writer.column, writer.data[0])
        assert tuple(map(ctx.get, places)) == (1, first.loop, first.row, first.column, 0)

    simulate(writer, bench)


def clipped(value: int) -> int:
    return min(max(value, ACTIVATION.lowest), ACTIVATION.highest)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(writer_of(SKIP, 2)[1])
