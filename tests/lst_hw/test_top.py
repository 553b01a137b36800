# amaranth: UnusedElaboratable=no
"""The AXI4-Stream accelerator: stalls, malformed frames, reset, flags."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from amaranth.lib.wiring import In, Out
from drivers.bench import assert_repeatable
from drivers.networks import images, network, quantized
from drivers.streams import Run, stream_frames

from lst_hw.design import RESULT_LOGIT_BITS, Design
from lst_hw.top import NAME, LSTAccel
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.network import Network
from lst_model.quantize import QuantizedNetwork

WIDE = network(3, 4, (5, 2), classes=4)
RESIDUAL = network(2, 3, (4, 4), (4, 4), skips=((1, 2),))
CASES = [
    pytest.param((WIDE, 5), id="streamed"),
    pytest.param((network(2, 3, (2, 5), (3, 6)), 2), id="streamed, later layers folded"),
    pytest.param((WIDE, 2), id="folded"),
    pytest.param((WIDE, 1), id="single multiplier"),
    pytest.param((RESIDUAL, 3), id="skip, folded"),
    pytest.param((network(1, 1, (1, 1), classes=2), 2), id="one pixel"),
    pytest.param((network(1, 1, (3, 2), classes=2), 1), id="one pixel, folded"),
]
Frame = Sequence[int]


class Bench:
    """A network, its accelerator, and what the integer model expects of it."""

    def __init__(self, described: Network, pes: int, count: int = 4) -> None:
        self.case: QuantizedNetwork = quantized(described, seed=3)
        self.design = Design.of(self.case, pes=pes)
        pixels = images(described, count, seed=3)
        self.size = described.rows * described.columns
        self.frames: list[Frame] = pixels.reshape(count, -1).tolist()
        stages = IntegerLST(self.case)(torch.from_numpy(pixels))
        self.expected = [
            (int(winner), int(logits[winner]) >> self.design.result_logit_shift)
            for winner, logits in zip(stages["class"], stages["logits"], strict=True)
        ]

    def answers(self, flags: Sequence[bool] = ()) -> list[tuple[int, int, bool]]:
        """Expected results, the frame-dropped flag set as given."""
        padded = [*flags, *[False] * (len(self.expected) - len(flags))]
        return [(*expected, flag) for expected, flag in zip(self.expected, padded, strict=True)]


@pytest.fixture(params=CASES)
def bench(request: pytest.FixtureRequest) -> Bench:
    return Bench(*request.param)


def test_frames_back_to_back_take_the_scheduled_cycles(bench: Bench) -> None:
    run = stream_frames(bench.design, bench.frames, 4, quiet=50)
    schedule = bench.design.schedule
    assert run.answers == bench.answers()
    assert first_offered(run)[0] - run.pixel_cycles[0] == schedule.latency
    assert differences(first_offered(run)) == {schedule.cycles_per_frame}
    assert all(beat.last for beat in run.beats)


def test_a_lone_frame_needs_no_other_to_push_it_out(bench: Bench) -> None:
    run = stream_frames(bench.design, bench.frames[:1], 1)
    assert run.answers == bench.answers()[:1]
    assert run.beats[0].offered - run.pixel_cycles[0] == bench.design.schedule.latency


def test_a_pause_between_frames_changes_nothing(bench: Bench) -> None:
    schedule = bench.design.schedule
    pauses = [0, 3 * schedule.cycles_per_frame, schedule.cycles_per_frame // 2, 1]
    assert stream_frames(bench.design, bench.frames, 4, pauses=pauses).answers == bench.answers()


@pytest.mark.parametrize(("source", "sink"), [(0.5, 0.0), (0.3, 0.97), (0.9, 0.5)])
def test_either_side_may_stall_at_any_time(bench: Bench, source: float, sink: float) -> None:
    run = stream_frames(bench.design, bench.frames, 4, source_stalls=source, sink_stalls=sink, seed=5)
    assert run.answers == bench.answers()


def test_a_refused_result_holds_the_next_one_back_but_loses_nothing(bench: Bench) -> None:
    run = stream_frames(bench.design, bench.frames, 4, sink_stalls=0.998, seed=1)
    assert run.answers == bench.answers()


@pytest.mark.parametrize(("source", "sink"), [(0.0, 0.0), (0.5, 0.7)])
def test_malformed_frames_are_dropped_and_flagged_in_the_next_result(bench: Bench, source: float, sink: float) -> None:
    rng = np.random.default_rng(0)
    frames: list[Frame] = []
    flags = []
    for frame in bench.frames:
        bad = [malformed(rng, bench.size) for _ in range(int(rng.integers(0, 4)))]
        frames += [*bad, frame]
        flags.append(bool(bad))
    run = stream_frames(bench.design, frames, 4, source_stalls=source, sink_stalls=sink, quiet=50)
    assert run.answers == bench.answers(flags)


def test_no_length_of_a_malformed_frame_disturbs_the_next_one(bench: Bench) -> None:
    """Whatever a dropped frame left in pipeline, queues and counters."""
    lengths = [length for length in range(1, bench.size + 6) if length != bench.size]
    frames: list[Frame] = []
    for number, length in enumerate(lengths):
        frames += [[255 - number] * length, bench.frames[number % 2]]
    run = stream_frames(bench.design, frames, len(lengths))
    flagged = bench.answers([True, True])
    assert run.answers == [flagged[number % 2] for number in range(len(lengths))]


def test_several_dropped_frames_set_one_flag(bench: Bench) -> None:
    bad = [1] * (bench.size + 1)
    frames = [bad, bad, bench.frames[0], bench.frames[1]]
    assert stream_frames(bench.design, frames, 2).answers == bench.answers([True])[:2]


def test_a_frame_dropped_while_a_result_waits_is_flagged_in_the_next_result_only(bench: Bench) -> None:
    bad = [1] * (bench.size + 1)
    frames = [bench.frames[0], bad, bench.frames[1]]
    run = stream_frames(bench.design, frames, 2, sink_stalls=0.99)
    assert run.answers == bench.answers([False, True])[:2]


def test_a_malformed_last_frame_gives_no_result(bench: Bench) -> None:
    frames = [bench.frames[0], [1] * (bench.size + 3)]
    assert (
        stream_frames(bench.design, frames, 1, quiet=2 * bench.design.schedule.cycles_per_frame + 50).answers
        == (bench.answers()[:1])
    )


def test_a_reset_in_the_middle_of_a_frame_forgets_it(bench: Bench) -> None:
    for pixels in {1, bench.size // 2, bench.size - 1} - {0, bench.size}:
        cut = bench.frames[0][:pixels]
        run = stream_frames(bench.design, [cut, bench.frames[1]], 1, reset_after=pixels, quiet=50)
        assert run.answers == bench.answers()[1:2]


def test_a_reset_while_the_accelerator_computes_forgets_the_frame(bench: Bench) -> None:
    frames = [bench.frames[0], bench.frames[1]]
    run = stream_frames(bench.design, frames, 1, reset_after=bench.size, quiet=50)
    assert run.answers == bench.answers()[1:2]


def test_a_reset_clears_the_dropped_frame_flag(bench: Bench) -> None:
    bad = [1] * (bench.size + 1)
    run = stream_frames(bench.design, [bad, bench.frames[0]], 1, reset_after=len(bad))
    assert run.answers == bench.answers()[:1]


def test_a_wide_logit_is_cut_to_the_beat_s_field() -> None:
    described = network(2, 2, (2, 2))
    case = quantized(described, Formats.parse("Q4.14", "Q4.14", "Q4.12"), extremes=0.5)
    design, pixels = Design.of(case), images(described, 2)
    logits = IntegerLST(case)(torch.from_numpy(pixels))["logits"]
    run = stream_frames(design, pixels.reshape(2, -1).tolist(), 2)
    shift = design.ranges.logit_bits - RESULT_LOGIT_BITS
    assert shift > 0
    assert [beat.logit for beat in run.beats] == [int(each.max()) >> shift for each in logits]


def test_the_ports_are_those_of_the_published_interface_however_often_it_is_elaborated() -> None:
    top = LSTAccel(design=Design.of(quantized(RESIDUAL), pes=3))
    assert_repeatable(top)
    assert NAME == "lst_accel"
    assert dict(top.signature.members) == {
        "aclk": In(1),
        "aresetn": In(1),
        "s_axis_tdata": In(8),
        "s_axis_tvalid": In(1),
        "s_axis_tready": Out(1),
        "s_axis_tlast": In(1),
        "m_axis_tdata": Out(32),
        "m_axis_tvalid": Out(1),
        "m_axis_tready": In(1),
        "m_axis_tlast": Out(1),
    }


def malformed(rng: np.random.Generator, size: int) -> Frame:
    length = size
    while length == size:
        length = int(rng.integers(1, 2 * size + 4))
    return rng.integers(0, 256, length).tolist()


def first_offered(run: Run) -> list[int]:
    return [beat.offered for beat in run.beats]


def differences(cycles: list[int]) -> set[int]:
    return {later - earlier for earlier, later in pairwise(cycles)}
