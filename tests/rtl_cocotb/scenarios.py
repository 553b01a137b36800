"""What the accelerator must survive; cocotb runs these inside the simulator, ``test_lst_accel.py`` starts it."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, Timer
from rtl_cocotb.axis import Bench, flagged

# An accelerator that is stuck must fail, not hang: two hundred thousand cycles are more than any takes.
scenario = cocotb.test(timeout_time=2, timeout_unit="ms")


@scenario
async def frames_back_to_back(dut: Any) -> None:
    """Every result is right, and comes exactly when the cycle formula says."""
    bench = await Bench.start(dut)
    case, count = bench.case, 4 if bench.case.pixels < 100 else 2
    await bench.send(*map(case.frame, range(count)))
    assert await bench.receive(count) == [case.beat(k) for k in range(count)]
    first = bench.results[0].offered
    assert first - bench.transfers[0] == case.latency
    assert [result.offered - first for result in bench.results] == [k * case.cycles_per_frame for k in range(count)]


@scenario
async def both_sides_stall_at_random(dut: Any) -> None:
    bench = await Bench.start(dut)
    case = bench.case
    sent = 0
    for source, sink in ((0.5, 0.0), (0.0, 0.9), (0.3, 0.3), (0.9, 0.98)):
        bench.sink_stall = sink
        await bench.send(*map(case.frame, range(sent, sent + 3)), stall=source)
        sent += 3
    assert await bench.receive(sent) == [case.beat(k) for k in range(sent)]
    assert await bench.settle() == [case.beat(k) for k in range(sent)]


@scenario
async def a_pause_in_any_place_of_a_frame(dut: Any) -> None:
    """Longer than the machine's pipeline, in front of each pixel in turn."""
    bench = await Bench.start(dut)
    case = bench.case
    for place in range(case.pixels):
        frame = case.frame(place)
        await bench.send(frame[:place])
        await bench.tick(40)
        await bench.send(frame[place:])
    assert await bench.receive(case.pixels) == [case.beat(k) for k in range(case.pixels)]


@scenario
async def a_result_waits_until_it_is_taken(dut: Any) -> None:
    """Frames pile up behind it; none is lost."""
    bench = await Bench.start(dut)
    case = bench.case
    bench.sink_stall = 1.0
    sending = cocotb.start_soon(bench.send(*map(case.frame, range(4))))
    await bench.tick(5 * case.cycles_per_frame + case.latency)
    assert not dut.s_axis_tready.value, "the source must be held while a result blocks the machine"
    assert dut.m_axis_tvalid.value, "TVALID must not wait for TREADY"
    bench.sink_stall = 0.0
    await sending
    assert await bench.receive(4) == [case.beat(k) for k in range(4)]
    assert await bench.settle() == [case.beat(k) for k in range(4)]


@scenario
async def a_result_is_taken_after_any_delay(dut: Any) -> None:
    """From no delay to longer than a frame, the next frame close behind."""
    bench = await Bench.start(dut)
    case = bench.case
    delays = range(0, case.cycles_per_frame + 40, max(1, case.cycles_per_frame // 40))
    bench.sink_stall = 1.0
    sending = cocotb.start_soon(bench.send(*map(case.frame, range(len(delays)))))
    for number, delay in enumerate(delays, 1):
        while not dut.m_axis_tvalid.value:
            await bench.tick()
        await bench.tick(delay)
        bench.sink_stall = 0.0
        await bench.receive(number)
        bench.sink_stall = 1.0
        await bench.tick(3)
    await sending
    bench.sink_stall = 0.0
    assert await bench.receive(len(delays)) == [case.beat(k) for k in range(len(delays))]


@scenario
async def reset_in_any_cycle_of_a_frame(dut: Any) -> None:
    """Nothing of the interrupted frames is left: the next result is right, on time and not flagged."""
    bench = await Bench.start(dut)
    case = bench.case
    for number, moment in enumerate(_moments(2 * case.cycles_per_frame)):
        sending = cocotb.start_soon(bench.send(*map(case.frame, range(number, number + 3))))
        await bench.tick(moment)
        sending.cancel()
        # A source may keep its pixel up: during reset nobody takes it.
        dut.s_axis_tvalid.value = random.randrange(2)
        await bench.reset(random.choice((1, 1, 2, 5)))
        dut.s_axis_tvalid.value = 0
        await bench.tick(random.choice((0, 1, 3)))
        taken = len(bench.transfers)
        await bench.send(case.frame(number + 7))
        assert await bench.receive(1) == [case.beat(number + 7)]
        assert bench.results[0].offered - bench.transfers[taken] == case.latency
        bench.results.clear()


@scenario
async def reset_while_a_result_waits(dut: Any) -> None:
    bench = await Bench.start(dut)
    case = bench.case
    for extra in range(0, case.pixels, max(1, case.pixels // 5)):
        bench.sink_stall = 1.0
        await bench.send(case.frame(0), case.frame(1)[:extra])
        while not dut.m_axis_tvalid.value:
            await bench.tick()
        await bench.reset(1)
        bench.sink_stall = 0.0
        await bench.send(case.frame(2))
        assert await bench.settle() == [case.beat(2)]
        bench.results.clear()


@scenario
async def reset_forgets_a_dropped_frame(dut: Any) -> None:
    bench = await Bench.start(dut)
    case = bench.case
    for length in (case.pixels + 1, 2 * case.pixels):
        for sent in (length - 1, length):
            await bench.send(case.malformed(length)[:sent])
            await bench.reset(1)
            await bench.send(case.frame(0))
            assert await bench.settle() == [case.beat(0)]
            bench.results.clear()


@scenario
async def short_and_long_frames_are_dropped_and_flagged_once(dut: Any) -> None:
    """Of every length up to more than two frames; the flag is in the very next result and in no other."""
    bench = await Bench.start(dut)
    case = bench.case
    step = max(1, case.pixels // 40)
    lengths = {*range(1, 2 * case.pixels + 3, step), case.pixels - 1, case.pixels + 1, 2 * case.pixels} - {
        0,
        case.pixels,
    }
    expected = []
    for number, length in enumerate(sorted(lengths)):
        await bench.send(case.malformed(length), case.frame(number), case.frame(number + 1))
        expected += flagged(case, [None, number, number + 1])
    assert await bench.receive(len(expected)) == expected
    assert await bench.settle() == expected


@scenario
async def malformed_frames_in_a_row_count_as_one(dut: Any) -> None:
    bench = await Bench.start(dut)
    case, long = bench.case, bench.case.pixels
    lengths = [1, 1, 1, long + 1, max(1, long - 1), 3 * long, 2, long + 2, 1]
    await bench.send(case.frame(0), *(case.malformed(length) for length in lengths if length != long))
    await bench.send(case.frame(1), case.frame(2))
    assert await bench.settle() == list(flagged(case, [0, None, 1, 2]))


@scenario
async def a_drop_is_not_reported_by_a_result_that_still_waits(dut: Any) -> None:
    bench = await Bench.start(dut)
    case = bench.case
    bench.sink_stall = 1.0
    sending = cocotb.start_soon(
        bench.send(case.frame(0), case.malformed(case.pixels + 1), case.frame(1), case.frame(2))
    )
    await bench.tick(3 * case.cycles_per_frame + case.latency)
    bench.sink_stall = 0.0
    await sending
    assert await bench.settle() == list(flagged(case, [0, None, 1, 2]))


@scenario
async def a_malformed_frame_behind_a_well_formed_one_leaves_it_alone(dut: Any) -> None:
    """It may end at any time while the machine still computes."""
    bench = await Bench.start(dut)
    case = bench.case
    expected = []
    for number, pause in enumerate(_moments(case.latency)):
        await bench.send(case.frame(number))
        await bench.tick(pause)
        await bench.send(case.malformed(case.pixels + 1 if number % 2 else 2 * case.pixels), case.frame(number + 3))
        expected += flagged(case, [number, None, number + 3])
        await bench.receive(len(expected))
    assert await bench.settle() == expected


@scenario
async def any_mixture_of_frames_and_stalls(dut: Any) -> None:
    bench = await Bench.start(dut)
    case = bench.case
    expected = []
    for _ in range(12 if case.pixels < 100 else 1):
        bench.sink_stall = random.choice((0.0, 0.5, 0.95, 0.99))
        frames = [random.choice((None, random.randrange(100))) for _ in range(4)] + [0]
        lengths = [length for length in (1, 2, case.pixels - 1, case.pixels + 1, 2 * case.pixels) if length > 0]
        lengths = [length for length in lengths if length != case.pixels]
        sent = [case.malformed(random.choice(lengths)) if k is None else case.frame(k) for k in frames]
        await bench.send(*sent, stall=random.choice((0.0, 0.0, 0.3, 0.8)))
        expected += flagged(case, frames)
    assert await bench.receive(len(expected)) == expected
    bench.sink_stall = 0.0
    assert await bench.settle() == expected


@scenario
async def ready_does_not_look_at_valid(dut: Any) -> None:
    """Nor does TVALID look at TREADY: changes between two edges reach no output."""
    bench = await Bench.start(dut)
    case = bench.case
    sending = cocotb.start_soon(bench.send(*map(case.frame, range(3)), stall=0.3))
    for _ in range(3 * case.cycles_per_frame):
        await FallingEdge(dut.aclk)
        valid, ready = dut.s_axis_tvalid.value, dut.m_axis_tready.value
        before = (int(dut.s_axis_tready.value), int(dut.m_axis_tvalid.value))
        dut.s_axis_tvalid.value, dut.m_axis_tready.value = not valid, not ready
        await Timer(1, unit="ns")
        assert (int(dut.s_axis_tready.value), int(dut.m_axis_tvalid.value)) == before
        dut.s_axis_tvalid.value, dut.m_axis_tready.value = valid, ready
    await sending
    assert await bench.settle() == [case.beat(k) for k in range(3)]


@scenario
async def ready_comes_without_valid_after_reset(dut: Any) -> None:
    bench = await Bench.start(dut)
    await bench.tick(2)
    assert dut.s_axis_tready.value


def _moments(limit: int) -> list[int]:
    """Numbers of cycles below a limit: all where they are few, else some at random."""
    return list(range(1, limit)) if limit < 100 else sorted(random.sample(range(1, limit), 30))
