"""Several images at a time, at the streams: batches, lone frames, malformed frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from drivers.networks import images, network, quantized
from drivers.streams import Run, stream_frames

from lst_hw.design import Design
from lst_model.errors import InputError
from lst_model.integer import IntegerLST

CASE = quantized(network(3, 4, (5, 2), classes=4), seed=1)
SIZE = 12
OPTIONS = [
    {"lanes": 2},
    {"lanes": 3, "stream_bits": 32},
    {"lanes": 4, "stream_bits": 32, "pes": 2},
    {"lanes": 2, "multiplier": "lut"},
]
PIXELS = images(CASE.network, 9, seed=4)
FRAMES = [frame.reshape(-1).tolist() for frame in PIXELS]
STAGES = IntegerLST(CASE)(torch.from_numpy(PIXELS))
EXPECTED = [
    (int(winner), int(logits[winner])) for winner, logits in zip(STAGES["class"], STAGES["logits"], strict=True)
]


@pytest.fixture(params=OPTIONS, ids=str)
def design(request: pytest.FixtureRequest) -> Design:
    return Design.of(CASE, **request.param)


def answers(flags: Sequence[bool] = (), count: int = len(FRAMES)) -> list[tuple[int, int, bool]]:
    padded = [*flags, *[False] * count]
    return [(*expected, flag) for expected, flag in zip(EXPECTED[:count], padded, strict=False)]


def first_of_batches(run: Run, lanes: int) -> list[int]:
    return [beat.offered for beat in run.beats[::lanes]]


def test_batches_back_to_back_take_the_scheduled_cycles(design: Design) -> None:
    frames = [FRAMES[k % len(FRAMES)] for k in range(3 * design.lanes)]
    run = stream_frames(design, frames, len(frames), quiet=50)
    assert [(beat.winner, beat.logit) for beat in run.beats] == [EXPECTED[k % 9] for k in range(len(frames))]
    assert set(np.diff(first_of_batches(run, design.lanes))) == {design.cycles_per_batch}


def test_a_lone_frame_waits_a_while_for_others_and_takes_the_stated_latency(design: Design) -> None:
    run = stream_frames(design, FRAMES[:1], 1, quiet=100)
    assert run.answers == answers(count=1)
    assert run.beats[0].offered - run.pixel_cycles[0] == design.latency


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7])
def test_a_stream_may_end_with_an_incomplete_batch(design: Design, count: int) -> None:
    assert stream_frames(design, FRAMES[:count], count, quiet=100).answers == answers(count=count)


@pytest.mark.parametrize("pause", [1, 15, 16, 17, 18, 40, 300])
def test_a_pause_between_frames_changes_nothing(design: Design, pause: int) -> None:
    pauses = [pause * (number % 2) for number in range(len(FRAMES))]
    assert stream_frames(design, FRAMES, len(FRAMES), pauses=pauses).answers == answers()


@pytest.mark.parametrize("pause", [1, 17, 60])
def test_a_line_of_a_single_pixel_may_be_waited_for(pause: int) -> None:
    narrow = quantized(network(3, 1, (1, 2), classes=2), seed=2)
    pixels = images(narrow.network, 6, seed=1)
    expected = IntegerLST(narrow)(torch.from_numpy(pixels))["class"].tolist()
    frames = [frame.reshape(-1).tolist() for frame in pixels]
    run = stream_frames(Design.of(narrow, lanes=2), frames, 6, pauses=[pause * (k % 2) for k in range(6)], quiet=50)
    assert [beat.winner for beat in run.beats] == expected


@pytest.mark.parametrize(("source", "sink"), [(0.5, 0.0), (0.9, 0.5), (0.2, 0.98)])
def test_either_side_may_stall_at_any_time(design: Design, source: float, sink: float) -> None:
    run = stream_frames(design, FRAMES, len(FRAMES), source_stalls=source, sink_stalls=sink, seed=5)
    assert run.answers == answers()


@pytest.mark.parametrize(("source", "sink"), [(0.0, 0.0), (0.6, 0.7)])
def test_malformed_frames_are_dropped_and_flagged_in_the_next_result(
    design: Design, source: float, sink: float
) -> None:
    rng, size = np.random.default_rng(0), design.stream_pixels
    lengths = [length for length in range(size, 3 * SIZE, size) if length != SIZE]
    frames, flags = [], []
    for frame in FRAMES:
        bad = [[9] * int(rng.choice(lengths)) for _ in range(int(rng.integers(0, 3)))]
        frames += [*bad, frame]
        flags.append(bool(bad))
    run = stream_frames(design, frames, len(FRAMES), source_stalls=source, sink_stalls=sink, quiet=100)
    assert run.answers == answers(flags)


def test_a_malformed_last_frame_gives_no_result(design: Design) -> None:
    frames = [FRAMES[0], [1] * (2 * SIZE)]
    assert stream_frames(design, frames, 1, quiet=2 * design.cycles_per_batch).answers == answers(count=1)


@pytest.mark.parametrize("moment", [1, 5, 11, 13])
def test_a_reset_forgets_the_frames_so_far(design: Design, moment: int) -> None:
    rest = -moment % design.beats_per_frame
    if rest == 0:
        pytest.skip("the frame is complete")
    # After the reset the rest of the interrupted frame is a short one.
    whole = moment // design.beats_per_frame + 1
    run = stream_frames(design, FRAMES[: whole + 1], 1, reset_after=moment, quiet=50)
    assert run.answers == [(*EXPECTED[whole], True)]


def test_loading_limits_a_narrow_stream() -> None:
    design = Design.of(CASE, lanes=8)
    assert design.cycles_per_batch == 8 * SIZE > design.schedule.cycles_per_frame
    frames = [FRAMES[k % len(FRAMES)] for k in range(24)]
    run = stream_frames(design, frames, 24)
    assert set(np.diff(first_of_batches(run, 8))) == {design.cycles_per_batch}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lanes": 0}, "0 lanes: choose 1 to 16"),
        ({"lanes": 17}, "17 lanes: choose 1 to 16"),
        ({"stream_bits": 16}, "pixel stream of 16 bits: choose 8 or 32"),
        ({"multiplier": "abacus"}, "multiplier 'abacus': choose from dsp, lut"),
    ],
)
def test_other_options_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Design.of(CASE, **options)


def test_images_that_are_no_whole_number_of_beats_are_refused() -> None:
    with pytest.raises(InputError, match="3x3 images are no whole number of 32 bit beats: choose a pixel stream of 8"):
        Design.of(quantized(network(3, 3, (2, 2))), stream_bits=32)
