"""Amaranth's own simulator: pure Python, always there, a few thousand cycles per second."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.sim import Simulator

from lst_hw.top import LSTAccel

from ..trace import Event, Trace, from_events
from .base import Engine, Pixels

PERIOD = 1e-8
"""Clock period in the waveform, in seconds."""


class AmaranthEngine(Engine):
    """Interprets the design. Batches run in processes of their own."""

    name = "amaranth"
    chunk = 2

    def run(self, pixels: Pixels, vcd: Path | None = None) -> Trace:
        """Simulate frames back to back."""
        top = LSTAccel(design=self.design)
        simulator = Simulator(top)
        simulator.add_clock(PERIOD)
        events: list[tuple[int, ...]] = []

        async def feed(ctx: Any) -> None:
            ctx.set(top.m_axis_tready, 1)
            ctx.set(top.aresetn, 0)
            await ctx.tick()
            await ctx.tick()
            ctx.set(top.aresetn, 1)
            ctx.set(top.s_axis_tvalid, 1)
            for frame in pixels.reshape(len(pixels), -1).tolist():
                for index, pixel in enumerate(frame):
                    ctx.set(top.s_axis_tdata, pixel)
                    ctx.set(top.s_axis_tlast, index == len(frame) - 1)
                    await ctx.tick().until(top.s_axis_tready)
            # One pixel more marks the end of the last frame's period.
            ctx.set(top.s_axis_tlast, 0)
            await ctx.tick().until(top.s_axis_tready)
            ctx.set(top.s_axis_tvalid, 0)

        async def watch(ctx: Any) -> None:
            trace, size, per_frame = top.core.trace, len(pixels), self.layout.pixels
            coded = results = 0
            observed = (
                *(trace.pixel_valid, trace.pixel_code),
                *(trace.write_enable, trace.write_loop, trace.write_row, trace.write_column, trace.write_data),
                *(trace.logit_valid, trace.logit),
                *(top.m_axis_tvalid, top.m_axis_tdata),
            )
            for cycle in range(self.max_cycles(size)):
                (
                    _,
                    _,
                    taken,
                    code,
                    write,
                    loop,
                    row,
                    column,
                    data,
                    is_logit,
                    logit,
                    valid,
                    beat,
                ) = await ctx.tick().sample(*observed)
                if taken:
                    if coded % per_frame == 0:
                        # Two cycles before its code, an idle accelerator takes a pixel from the stream.
                        events.append((Event.FRAME, 0, 0, 0, 0, cycle - 2))
                    events.append((Event.PIXEL, 0, 0, 0, code, cycle))
                    coded += 1
                if write:
                    events.append((Event.WRITE, loop, row, column, data, cycle))
                if is_logit:
                    events.append((Event.LOGIT, 0, 0, 0, logit, cycle))
                if valid:
                    events.append((Event.RESULT, 0, 0, 0, beat, cycle))
                    results += 1
                if results == size and coded > size * per_frame:
                    return

        simulator.add_testbench(feed, background=True)
        simulator.add_testbench(watch)
        if vcd is None:
            simulator.run()
        else:
            with simulator.write_vcd(str(vcd)):
                simulator.run()
        return from_events(self.layout, len(pixels), np.array(events, np.int64).reshape(-1, 6))

    def _executor(self, jobs: int) -> Executor:
        return ProcessPoolExecutor(jobs)
