"""Drivers of the accelerator's two AXI4-Streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lst_hw.batch import PATIENCE
from lst_hw.design import Design
from lst_hw.top import LSTAccel

from .bench import simulate

RESET_CYCLES = 2


@dataclass(frozen=True)
class Beat:
    """A result beat, taken apart, and the cycles after the reset in which it was first offered and transferred."""

    winner: int
    logit: int
    dropped: bool
    last: bool
    offered: int
    cycle: int


@dataclass
class Run:
    """What happened on the streams: the results, and the cycle after the reset that transferred each beat."""

    beats: list[Beat] = field(default_factory=list)
    pixel_cycles: list[int] = field(default_factory=list)
    frames_at: list[int] = field(default_factory=list)

    @property
    def answers(self) -> list[tuple[int, int, bool]]:
        """Class, logit and flag of each result."""
        return [(beat.winner, beat.logit, beat.dropped) for beat in self.beats]


def stream_frames(
    design: Design,
    frames: Sequence[Sequence[int]],
    results: int,
    *,
    source_stalls: float = 0.0,
    sink_stalls: float = 0.0,
    pauses: Sequence[int] | None = None,
    seed: int = 0,
    reset_after: int | None = None,
    quiet: int = 0,
) -> Run:
    """Send frames, TLAST on the last pixel of each, until ``results`` beats have come.

    Parameters
    ----------
    design : Design
    frames : sequence of sequence of pixels
        Of any length, so that they may be malformed, in whole beats.
    results : int
        Expected number of beats; fewer within a generous number of cycles fail.
    source_stalls, sink_stalls : float
        Probability that the source withholds a pixel, or the sink refuses a result, for one more cycle.
    pauses : sequence of int
        Cycles without a pixel in front of each frame.
    reset_after : int
        Reset the accelerator for one cycle once so many beats have been transferred.
    quiet : int
        Cycles at the end in which no further beat may come.
    """
    top, run = LSTAccel(design=design), Run()
    clock = _Clock()
    random = np.random.default_rng(seed)
    pixels = sum(map(len, frames))
    deadline = 200 + 2 * (len(frames) + 2) * (design.cycles_per_batch + PATIENCE) + pixels + sum(pauses or ())
    deadline = int(deadline / (1 - source_stalls) / (1 - sink_stalls)) * 2

    async def reset(ctx: Any, cycles: int) -> None:
        ctx.set(top.s_axis_tvalid, 0)
        ctx.set(top.aresetn, 0)
        for _ in range(cycles):
            await ctx.tick()
        ctx.set(top.aresetn, 1)

    async def source(ctx: Any) -> None:
        await reset(ctx, RESET_CYCLES)
        clock.origin = clock.now
        for number, frame in enumerate(frames):
            ctx.set(top.s_axis_tvalid, 0)
            if pauses is not None and pauses[number]:
                await ctx.tick().repeat(pauses[number])
            run.frames_at.append(len(run.pixel_cycles))
            size = design.stream_pixels
            assert len(frame) % size == 0, "the stream carries whole beats"
            beats = [bytes(frame[start : start + size]) for start in range(0, len(frame), size)]
            for position, beat in enumerate(beats):
                while random.random() < source_stalls:
                    ctx.set(top.s_axis_tvalid, 0)
                    # The payload means nothing now.
                    ctx.set(top.s_axis_tdata, int(random.integers(1 << design.stream_bits)))
                    ctx.set(top.s_axis_tlast, int(random.integers(2)))
                    await ctx.tick()
                ctx.set(top.s_axis_tvalid, 1)
                ctx.set(top.s_axis_tdata, int.from_bytes(beat, "little"))
                ctx.set(top.s_axis_tlast, position == len(beats) - 1)
                await ctx.tick().until(top.s_axis_tready)
                run.pixel_cycles.append(clock.now - 1 - clock.origin)
                if reset_after == len(run.pixel_cycles):
                    await reset(ctx, 1)
        ctx.set(top.s_axis_tvalid, 0)

    async def sink(ctx: Any) -> None:
        offered, held, ready = None, None, False
        for _ in range(deadline):
            ready = random.random() >= sink_stalls
            ctx.set(top.m_axis_tready, ready)
            _, _, valid, data, last = await ctx.tick().sample(top.m_axis_tvalid, top.m_axis_tdata, top.m_axis_tlast)
            cycle = clock.now - 1 - clock.origin
            assert held is None or held == (valid, data, last), "a refused beat must stay as it is"
            held = (valid, data, last) if valid and not ready else None
            if not valid:
                continue
            offered = cycle if offered is None else offered
            if ready:
                signed_logit = ((data >> 8 & 0x7FFFFF) ^ 0x400000) - 0x400000
                run.beats.append(Beat(data & 0xFF, signed_logit, bool(data >> 31), bool(last), offered, cycle))
                offered = None
            if len(run.beats) == results:
                break
        assert len(run.beats) == results, f"{len(run.beats)} of {results} results within {deadline} cycles"
        for _ in range(quiet):
            _, _, valid = await ctx.tick().sample(top.m_axis_tvalid)
            assert not valid, "a beat too many"

    async def count(ctx: Any) -> None:
        async for _ in ctx.tick():
            clock.now += 1

    # The counter comes first, so that the others see the number of edges so far.
    simulate(top, sink, background=(count, source))
    return run


@dataclass
class _Clock:
    now: int = 0
    origin: int = 0
