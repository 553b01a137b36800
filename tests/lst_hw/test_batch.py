# amaranth: UnusedElaboratable=no
"""Frames that come one after the other, brought side by side."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.batch import PATIENCE, START_LATENCY, Batcher

LANES, PIXELS = 3, 8


def batches_of(
    frames: list[list[int]], per_beat: int, source_stalls: float = 0.0, sink_stalls: float = 0.0, quiet: int = 80
) -> tuple[list[tuple[int, int, list[list[int]]]], list[int], list[int]]:
    """Count, marks and frames of each batch that comes out, and the cycles of beats in and of first pixels out.

    The last beat of each frame is marked as such.
    """
    rng = np.random.default_rng(0)
    batcher = Batcher(lanes=LANES, frame_pixels=PIXELS, beat_pixels=per_beat)
    found: list[tuple[int, int, list[list[int]]]] = []
    cycles_in: list[int] = []
    cycles_out: list[int] = []
    time = {"now": 0, "quiet": 0}

    async def source(ctx: Any) -> None:
        for frame in frames:
            beats = [frame[start : start + per_beat] for start in range(0, len(frame), per_beat)]
            for place, beat in enumerate(beats):
                while rng.random() < source_stalls:
                    ctx.set(batcher.i.valid, 0)
                    await ctx.tick()
                ctx.set(batcher.i.valid, 1)
                value = sum(pixel << (8 * k) for k, pixel in enumerate(beat))
                ctx.set(batcher.i.payload, {"value": value, "last": place == len(beats) - 1})
                await ctx.tick().until(batcher.i.ready)
                cycles_in.append(time["now"] - 1)
        ctx.set(batcher.i.valid, 0)

    async def sink(ctx: Any) -> None:
        pixels: list[list[int]] = []
        while time["quiet"] < quiet:
            ctx.set(batcher.o.ready, rng.random() >= sink_stalls)
            _, _, valid, ready, payload, count, dropped = await ctx.tick().sample(
                batcher.o.valid, batcher.o.ready, batcher.o.payload, batcher.count, batcher.dropped
            )
            time["quiet"] = 0 if valid or ctx.get(batcher.i.valid) else time["quiet"] + 1
            if valid and ready:
                if not pixels:
                    cycles_out.append(time["now"] - 1)
                pixels.append([payload["values"][k] for k in range(LANES)])
                if payload.last:
                    assert len(pixels) == PIXELS
                    found.append((count, dropped, [list(lane) for lane in zip(*pixels, strict=True)][:count]))
                    pixels = []

    async def count_cycles(ctx: Any) -> None:
        async for _ in ctx.tick():
            time["now"] += 1

    simulate(batcher, sink, background=(count_cycles, source))
    return found, cycles_in, cycles_out


def frames_of(count: int) -> list[list[int]]:
    return np.random.default_rng(count).integers(0, 256, (count, PIXELS)).tolist()


@pytest.mark.parametrize("per_beat", [1, 4])
@pytest.mark.parametrize(("source", "sink"), [(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.4, 0.4)])
def test_no_frame_is_lost_and_their_order_is_kept(per_beat: int, source: float, sink: float) -> None:
    frames = frames_of(10)
    found, _, _ = batches_of(frames, per_beat, source, sink)
    assert [frame for _, _, batch in found for frame in batch] == frames
    assert all(dropped == 0 for _, dropped, _ in found)


def test_frames_without_a_pause_fill_every_lane() -> None:
    found, _, _ = batches_of(frames_of(9), 4, sink_stalls=0.3)
    assert [count for count, _, _ in found] == [3, 3, 3]


def test_a_full_batch_starts_after_its_last_beat() -> None:
    _, cycles_in, cycles_out = batches_of(frames_of(3), 4)
    assert cycles_out == [cycles_in[-1] + START_LATENCY]


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_frames_start_when_no_further_one_begins_for_a_while(count: int) -> None:
    found, cycles_in, cycles_out = batches_of(frames_of(count), 1)
    assert [number for number, _, _ in found] == [count]
    assert cycles_out == [cycles_in[-1] + 1 + PATIENCE + START_LATENCY]


@pytest.mark.parametrize("per_beat", [1, 4])
@pytest.mark.parametrize("length", [4, 12, 20])
def test_a_malformed_frame_marks_the_next_one(per_beat: int, length: int) -> None:
    good = frames_of(4)
    bad = [7] * length
    found, _, _ = batches_of([good[0], bad, good[1], good[2], bad, bad, good[3]], per_beat)
    assert [(count, dropped) for count, dropped, _ in found] == [(3, 0b010), (1, 0b001)]
    assert [frame for _, _, batch in found for frame in batch] == good


def test_frames_must_be_whole_beats() -> None:
    with pytest.raises(ValueError, match="Frame must be a multiple of 4 pixels, not 9"):
        Batcher(lanes=2, frame_pixels=9, beat_pixels=4)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(Batcher(lanes=2, frame_pixels=8, beat_pixels=4))
