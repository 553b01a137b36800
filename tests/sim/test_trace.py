"""The record of a simulation: its layout, and how observations are sorted into it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from drivers.networks import network, quantized

from lst_hw.design import Design
from sim.trace import Event, Layout, Trace, from_events

DESIGN = Design.of(quantized(network(2, 3, (2, 1), classes=2)))
TWO_LANES = Design.of(quantized(network(2, 3, (2, 1), classes=2)), lanes=2)
FOLDED = Design.of(quantized(network(2, 3, (2, 1), classes=2)), pes=1)


def trace_of(*events: Sequence[int], frames: int = 1, design: Design = DESIGN) -> Trace:
    return from_events(Layout.of(design), frames, np.array(events, np.int64).reshape(-1, 7))


def frame(cycle: int) -> tuple[int, ...]:
    return (Event.FRAME, 0, 0, 0, 0, 0, cycle)


def pixel(value: int, cycle: int, lane: int = 0) -> tuple[int, ...]:
    return (Event.PIXEL, lane, 0, 0, 0, value, cycle)


def write(loop: int, row: int, column: int, value: int, cycle: int, lane: int = 0) -> tuple[int, ...]:
    return (Event.WRITE, lane, loop, row, column, value, cycle)


def logit(value: int, cycle: int, lane: int = 0) -> tuple[int, ...]:
    return (Event.LOGIT, lane, 0, 0, 0, value, cycle)


def result(value: int, cycle: int) -> tuple[int, ...]:
    return (Event.RESULT, 0, 0, 0, 0, value, cycle)


def test_stages_follow_each_other_in_the_order_of_the_data_flow() -> None:
    layout = Layout.of(DESIGN)
    assert [(slot.name, slot.offset, slot.shape) for slot in layout.slots] == [
        ("input", 0, (2, 3)),
        ("row_embedding", 6, (2, 2)),
        ("column_embedding", 10, (1, 2)),
        ("logits", 12, (2,)),
    ]
    assert (layout.size, layout.pixels, layout.classes) == (14, 6, 2)
    assert layout.logits.slice == slice(12, 14)


def test_each_loop_writes_to_its_stage_and_the_loading_one_to_none() -> None:
    assert [slot and slot.name for slot in Layout.of(DESIGN).loops] == ["row_embedding", "column_embedding", "logits"]
    assert Layout.of(FOLDED).loops[0] is None


def test_pixels_and_logits_come_in_order_and_cycles_count_from_the_frame_s_first() -> None:
    pixels = [pixel(10 + k, 102 + k) for k in range(6)]
    trace = trace_of(frame(100), *pixels, logit(-7, 130), logit(9, 131), result(5, 133), frame(140))
    assert trace.stage("input").tolist() == [[[10, 11, 12], [13, 14, 15]]]
    assert trace.cycles[0, :6].tolist() == [2, 3, 4, 5, 6, 7]
    assert trace.stage("logits").tolist() == [[-7, 9]]
    assert trace.cycles[0, 12:].tolist() == [30, 31]
    assert (trace.results.tolist(), trace.latencies.tolist(), trace.periods.tolist()) == ([5], [33], [40])


def test_writes_go_to_their_row_and_column() -> None:
    trace = trace_of(frame(0), write(0, 1, 0, 42, 20), write(1, 0, 1, 43, 30))
    assert trace.stage("row_embedding").tolist() == [[[0, 0], [42, 0]]]
    assert trace.stage("column_embedding").tolist() == [[[0, 43]]]


def test_a_value_that_never_came_has_cycle_minus_one() -> None:
    trace = trace_of(frame(0), write(0, 1, 0, 42, 20))
    assert trace.cycles[0, 8] == 20
    assert (np.delete(trace.cycles[0], 8) == -1).all()
    assert (trace.results.tolist(), trace.latencies.tolist()) == ([-1], [-1])


@pytest.mark.parametrize(("row", "column"), [(2, 0), (0, 2)])
def test_a_write_outside_the_stage_is_no_value_of_it(row: int, column: int) -> None:
    assert (trace_of(frame(0), write(0, row, column, 42, 20)).cycles == -1).all()


def test_writes_behind_a_frame_s_last_logit_belong_to_the_next_frame() -> None:
    events = [frame(0), write(0, 0, 0, 1, 20), logit(2, 30), logit(3, 31), frame(32), write(0, 0, 0, 4, 50)]
    trace = trace_of(*events, logit(5, 60), logit(6, 61), frame(62), frames=2)
    assert trace.stage("row_embedding")[:, 0, 0].tolist() == [1, 4]
    assert trace.stage("logits").tolist() == [[2, 3], [5, 6]]
    assert trace.cycles[:, 6].tolist() == [20, 18]
    assert trace.periods.tolist() == [32, 30]


def test_the_pixel_behind_the_last_frame_is_not_recorded() -> None:
    events = [frame(0), *(pixel(k, k + 2) for k in range(6)), frame(50), pixel(99, 52)]
    assert 99 not in trace_of(*events).values


def test_what_happens_in_a_lane_belongs_to_the_lane_s_image_of_the_batch() -> None:
    batches = [
        event
        for start, value in ((0, 0), (100, 50))
        for event in (
            frame(start),
            *(pixel(value + 10 * lane + k, start + 2 + k, lane) for k in range(6) for lane in range(2)),
            *(write(0, 1, 1, value + 20 + lane, start + 20, lane) for lane in range(2)),
            *(logit(value + 30 + 2 * lane + k, start + 40 + k, lane) for k in range(2) for lane in range(2)),
            result(value + 40, start + 50),
            result(value + 41, start + 51),
        )
    ]
    trace = trace_of(*batches, frame(200), frames=3, design=TWO_LANES)
    assert trace.stage("input")[:, 0, 0].tolist() == [0, 10, 50]
    assert trace.stage("row_embedding")[:, 1, 1].tolist() == [20, 21, 70]
    assert trace.stage("logits").tolist() == [[30, 31], [32, 33], [80, 81]]
    assert trace.results.tolist() == [40, 41, 90]
    assert trace.latencies.tolist() == [50, 51, 50]
    assert trace.periods.tolist() == [100, 100, 100]


def test_the_loading_loop_s_writes_are_not_recorded_twice() -> None:
    trace = trace_of(frame(0), write(0, 0, 0, 7, 3), write(1, 0, 0, 8, 9), design=FOLDED)
    assert trace.stage("row_embedding")[0, 0, 0] == 8
    assert (trace.cycles >= 0).sum() == 1
