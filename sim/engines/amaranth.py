"""Amaranth's own simulator: pure Python, always there, a few thousand cycles per second."""

from __future__ import annotations

from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import chain, repeat
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
            frames = self.beats(pixels).tolist()
            # One batch more marks the end of the last one's period.
            for frame in chain(frames, repeat(frames[0])):
                for index, beat in enumerate(frame):
                    ctx.set(top.s_axis_tdata, beat)
                    ctx.set(top.s_axis_tlast, index == len(frame) - 1)
                    taken = False
                    while not taken:
                        _, _, taken = await ctx.tick().sample(top.s_axis_tready)

        async def watch(ctx: Any) -> None:
            trace, size, per_frame = top.core.trace, len(pixels), self.layout.pixels
            coded = results = 0
            lanes, batches = range(self.design.lanes), -(-size // self.design.lanes)
            observed = (
                *(trace.pixel_valid, trace.write_enable, trace.write_loop, trace.write_row, trace.write_column),
                *(trace.logit_valid, top.m_axis_tvalid, top.m_axis_tdata),
                *(trace.pixel_code[lane] for lane in lanes),
                *(trace.write_data[lane] for lane in lanes),
                *(trace.logit[lane] for lane in lanes),
            )
            for cycle in range(self.max_cycles(size)):
                _, _, taken, write, loop, row, column, is_logit, valid, beat, *values = await ctx.tick().sample(
                    *observed
                )
                codes, data, logits = (
                    values[start : start + len(lanes)] for start in range(0, len(values), len(lanes))
                )
                if taken:
                    if coded % per_frame == 0:
                        # Two cycles before its code, an idle accelerator takes a pixel from the stream.
                        events.append((Event.FRAME, 0, 0, 0, 0, 0, cycle - 2))
                    events.extend((Event.PIXEL, lane, 0, 0, 0, codes[lane], cycle) for lane in lanes)
                    coded += 1
                if write:
                    events.extend((Event.WRITE, lane, loop, row, column, data[lane], cycle) for lane in lanes)
                if is_logit:
                    events.extend((Event.LOGIT, lane, 0, 0, 0, logits[lane], cycle) for lane in lanes)
                if valid:
                    events.append((Event.RESULT, 0, 0, 0, 0, beat, cycle))
                    results += 1
                if results >= size and coded > batches * per_frame:
                    return

        simulator.add_testbench(feed, background=True)
        simulator.add_testbench(watch)
        if vcd is None:
            simulator.run()
        else:
            with simulator.write_vcd(str(vcd)):
                simulator.run()
        return from_events(self.layout, len(pixels), np.array(events, np.int64).reshape(-1, 7))

    def _executor(self, jobs: int) -> Executor:
        return ProcessPoolExecutor(jobs)
