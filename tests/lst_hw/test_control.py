# amaranth: UnusedElaboratable=no
"""The control registers of a whole accelerator; random accesses, stalls and resets are in rtl_cocotb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
import torch
from drivers.axi_lite import FlatBus, Master
from drivers.bench import assert_repeatable, simulate
from drivers.networks import images, network, quantized

from lst_hw.design import Design
from lst_hw.registers import IDENTITY, REGISTERS
from lst_hw.result import result_beats
from lst_hw.top import LSTAccel, ports
from lst_model.integer import IntegerLST
from lst_model.network import Network

CASES = {
    "streamed": (network(3, 4, (5, 2), classes=4), None),
    "folded": (network(3, 4, (5, 2), classes=4), 2),
    "one pixel": (network(1, 1, (1, 1), classes=2), None),
}
OFFSETS = {register.name: register.offset for register in REGISTERS}


class Accelerator:
    """A top module with control registers, its master, and its frames with their results."""

    def __init__(self, described: Network, pes: int | None) -> None:
        case = quantized(described, seed=3)
        self.design = Design.of(case, pes=pes, axi_lite=True)
        self.top = LSTAccel(design=self.design)
        self.bus = Master(FlatBus(self.top))
        pixels = images(described, 4, seed=3)
        stages = IntegerLST(case)(torch.from_numpy(pixels))
        self.size = described.rows * described.columns
        self.frames = pixels.reshape(4, -1).tolist()
        self.beats = result_beats(self.design, stages["logits"].numpy(), stages["class"].numpy()).tolist()
        self.results: list[int] = []
        self.pending: list[tuple[int, bool]] = []

    def run(self, bench: Callable[[Any], Awaitable[None]]) -> None:
        async def collect(ctx: Any) -> None:
            top = self.top
            held = None
            async for _, _, reset_n, valid, ready, data in ctx.tick().sample(
                top.aresetn, top.m_axis_tvalid, top.m_axis_tready, top.m_axis_tdata
            ):
                if not reset_n:
                    continue
                assert held is None or (valid, data) == (1, held), "a result on offer must stay"
                held = data if valid and not ready else None
                if valid and ready:
                    self.results.append(data)

        async def reset_and_run(ctx: Any) -> None:
            await ctx.tick()
            ctx.set(self.top.aresetn, 1)
            await ctx.tick()
            await bench(ctx)

        simulate(self.top, reset_and_run, background=(collect, self._source))

    async def send(self, ctx: Any, pixels: Sequence[int], *, last: bool = True) -> None:
        """Send pixels, TLAST on the last, and wait until they are all taken."""
        self.offer(pixels, last=last)
        while self.pending:
            await ctx.tick()

    def offer(self, pixels: Sequence[int], *, last: bool = True) -> None:
        """Send pixels in the background."""
        self.pending += [(pixel, last and position == len(pixels)) for position, pixel in enumerate(pixels, 1)]

    async def _source(self, ctx: Any) -> None:
        top = self.top
        while True:
            while not self.pending:
                await ctx.tick()
            ctx.set(top.s_axis_tvalid, 1)
            ctx.set(top.s_axis_tdata, self.pending[0][0])
            ctx.set(top.s_axis_tlast, self.pending[0][1])
            await ctx.tick().until(top.s_axis_tready)
            self.pending.pop(0)
            ctx.set(top.s_axis_tvalid, 0)

    async def finish(self, ctx: Any) -> None:
        """Wait until nothing is under way."""
        await ctx.tick().repeat(2 * self.design.schedule.latency + 20)

    async def read(self, ctx: Any, name: str, field: str = "") -> int:
        word = await self.bus.read(ctx, OFFSETS[name])
        return _field(name, field, word) if field else word

    async def write(self, ctx: Any, name: str, *bits: str) -> None:
        register = next(register for register in REGISTERS if register.name == name)
        masks = {field.name: field.mask for field in register.fields}
        await self.bus.write(ctx, OFFSETS[name], sum(masks[bit] for bit in bits))

    async def counters(self, ctx: Any) -> tuple[int, ...]:
        """Frames, short, long, dropped."""
        names = ("FRAMES", "SHORT_FRAMES", "LONG_FRAMES", "DROPPED_FRAMES")
        return tuple([await self.read(ctx, name) for name in names])


def _field(name: str, field: str, word: int) -> int:
    register = next(register for register in REGISTERS if register.name == name)
    part = next(part for part in register.fields if part.name == field)
    return (word & part.mask) >> part.lsb


@pytest.fixture(params=CASES)
def accelerator(request: pytest.FixtureRequest) -> Accelerator:
    return Accelerator(*CASES[request.param])


def test_it_says_what_it_is(accelerator: Accelerator) -> None:
    design = accelerator.design

    async def bench(ctx: Any) -> None:
        read = accelerator.read
        assert await read(ctx, "ID") == IDENTITY
        assert await read(ctx, "VERSION") == 0x0001_0000
        assert await read(ctx, "WEIGHTS_HASH") == design.weights_hash
        assert await read(ctx, "INPUT_SIZE", "rows") == design.network.rows
        assert await read(ctx, "INPUT_SIZE", "columns") == design.network.columns
        assert await read(ctx, "CLASSES") == design.network.classes
        assert await read(ctx, "STREAM_BITS") == len(accelerator.top.s_axis_tdata)
        for register in REGISTERS:
            if register.reset is not None:
                assert await read(ctx, register.name) == register.reset, register.name

    accelerator.run(bench)


def test_frames_are_counted_timed_and_shown(accelerator: Accelerator) -> None:
    async def bench(ctx: Any) -> None:
        ctx.set(accelerator.top.m_axis_tready, 1)
        for number, frame in enumerate(accelerator.frames, 1):
            await accelerator.send(ctx, frame)
            await accelerator.finish(ctx)
            assert await accelerator.counters(ctx) == (number, 0, 0, 0)
            assert await accelerator.read(ctx, "CYCLES") == accelerator.design.schedule.latency
            assert await accelerator.read(ctx, "LAST_RESULT") == accelerator.beats[number - 1]

    accelerator.run(bench)
    assert accelerator.results == accelerator.beats


def test_back_to_back_frames_take_their_latency_each(accelerator: Accelerator) -> None:
    """Though the next one's first pixel waits, and may be taken before a result is there."""

    async def bench(ctx: Any) -> None:
        ctx.set(accelerator.top.m_axis_tready, 1)
        for frame in accelerator.frames:
            accelerator.offer(frame)
        if accelerator.size > 1:
            accelerator.offer([1], last=False)
        while accelerator.pending:
            await ctx.tick()
        await accelerator.finish(ctx)
        assert await accelerator.read(ctx, "CYCLES") == accelerator.design.schedule.latency
        assert await accelerator.counters(ctx) == (4, 0, 0, 0)

    accelerator.run(bench)
    assert accelerator.results == accelerator.beats


def test_short_and_long_frames_are_told_apart(accelerator: Accelerator) -> None:
    async def bench(ctx: Any) -> None:
        ctx.set(accelerator.top.m_axis_tready, 1)
        shorts = 0
        if accelerator.size > 1:
            shorts = 2
            await accelerator.send(ctx, [1])
            await ctx.tick().repeat(2)
            assert await accelerator.read(ctx, "ERRORS") == 0b01
            await accelerator.send(ctx, [1] * (accelerator.size - 1))
            await ctx.tick().repeat(2)
            await accelerator.write(ctx, "ERRORS", "short_frame")
            assert await accelerator.read(ctx, "ERRORS") == 0
        await accelerator.send(ctx, [1] * (2 * accelerator.size))
        await ctx.tick().repeat(2)
        assert await accelerator.read(ctx, "ERRORS") == 0b10
        await accelerator.send(ctx, accelerator.frames[0])
        await accelerator.finish(ctx)
        assert await accelerator.counters(ctx) == (1, shorts, 1, shorts + 1)
        assert await accelerator.read(ctx, "LAST_RESULT", "dropped") == 1
        await accelerator.write(ctx, "CONTROL", "enable", "clear_counters")
        assert await accelerator.counters(ctx) == (0, 0, 0, 0)
        assert await accelerator.read(ctx, "ERRORS") == 0b10

    accelerator.run(bench)


def test_disabled_it_finishes_the_frame_and_takes_no_other(accelerator: Accelerator) -> None:
    async def bench(ctx: Any) -> None:
        ctx.set(accelerator.top.m_axis_tready, 1)
        frame = accelerator.frames[0]
        if accelerator.size > 1:
            await accelerator.send(ctx, frame[:1], last=False)
            await accelerator.write(ctx, "CONTROL")
            assert await accelerator.read(ctx, "STATUS") == 0b011
            await accelerator.send(ctx, frame[1:])
        else:
            await accelerator.send(ctx, frame)
            await accelerator.write(ctx, "CONTROL")
        await accelerator.finish(ctx)
        assert await accelerator.read(ctx, "STATUS") == 0
        accelerator.offer(accelerator.frames[1])
        await ctx.tick().repeat(50)
        assert len(accelerator.pending) == accelerator.size
        assert await accelerator.read(ctx, "STATUS") == 0
        await accelerator.write(ctx, "CONTROL", "enable")
        await accelerator.finish(ctx)

    accelerator.run(bench)
    assert accelerator.results == accelerator.beats[:2]


def test_a_soft_reset_forgets_frames_but_keeps_the_result_on_offer(accelerator: Accelerator) -> None:
    async def bench(ctx: Any) -> None:
        await accelerator.send(ctx, accelerator.frames[0])
        await accelerator.finish(ctx)
        assert await accelerator.read(ctx, "STATUS") == 0b100
        await accelerator.send(ctx, accelerator.frames[1])
        await accelerator.write(ctx, "CONTROL", "enable", "soft_reset")
        await accelerator.finish(ctx)
        assert await accelerator.read(ctx, "STATUS") == 0b100
        assert await accelerator.counters(ctx) == (1, 0, 0, 1)
        await accelerator.send(ctx, accelerator.frames[2])
        await accelerator.finish(ctx)
        assert await accelerator.read(ctx, "LAST_RESULT") == accelerator.beats[0]
        ctx.set(accelerator.top.m_axis_tready, 1)
        await accelerator.finish(ctx)
        assert await accelerator.counters(ctx) == (2, 0, 0, 1)
        assert await accelerator.read(ctx, "LAST_RESULT") == accelerator.beats[2]

    accelerator.run(bench)
    assert accelerator.results == [accelerator.beats[0], accelerator.beats[2]]


def test_a_soft_reset_at_any_time_leaves_nothing_behind(accelerator: Accelerator) -> None:
    async def bench(ctx: Any) -> None:
        ctx.set(accelerator.top.m_axis_tready, 1)
        lost, latency = 0, accelerator.design.schedule.latency
        delays = {*range(1, latency, 1 + latency // 20), *range(latency - 8, latency + 5)}
        for delay in sorted(delays):
            before = await accelerator.counters(ctx)
            await accelerator.send(ctx, accelerator.frames[0])
            await ctx.tick().repeat(delay)
            await accelerator.write(ctx, "CONTROL", "enable", "soft_reset")
            await accelerator.finish(ctx)
            after = await accelerator.counters(ctx)
            assert sum(after[::3]) == sum(before[::3]) + 1, "every frame has a result or is counted as dropped"
            lost += after[3] - before[3]
            accelerator.results.clear()
            await accelerator.send(ctx, accelerator.frames[1])
            await accelerator.finish(ctx)
            assert accelerator.results == accelerator.beats[1:2]
            assert await accelerator.read(ctx, "CYCLES") == latency
        assert 0 < lost < len(delays)

    accelerator.run(bench)


def test_the_interrupt_follows_its_enabled_causes(accelerator: Accelerator) -> None:
    async def bench(ctx: Any) -> None:
        top = accelerator.top
        ctx.set(top.m_axis_tready, 1)
        await accelerator.send(ctx, accelerator.frames[0])
        await accelerator.send(ctx, [1] * (accelerator.size + 1))
        await accelerator.finish(ctx)
        assert not ctx.get(top.irq)
        assert await accelerator.read(ctx, "IRQ_STATUS") == 0b11
        for cause in ("frame_done", "frame_dropped"):
            await accelerator.write(ctx, "IRQ_ENABLE", cause)
            await ctx.tick()
            assert ctx.get(top.irq)
            await accelerator.write(ctx, "IRQ_STATUS", cause)
            await ctx.tick()
            assert not ctx.get(top.irq)

    accelerator.run(bench)


def test_an_access_to_nothing_is_answered_and_flagged(accelerator: Accelerator) -> None:
    async def bench(ctx: Any) -> None:
        for access in (
            lambda: accelerator.bus.read(ctx, 0xFFC),
            lambda: accelerator.bus.write(ctx, 0xFFC, 1),
            lambda: accelerator.bus.write(ctx, OFFSETS["FRAMES"], 1),
        ):
            assert await access() == 0
            assert await accelerator.read(ctx, "ERRORS") == 0b100
            await accelerator.write(ctx, "ERRORS", "bad_access")
            assert await accelerator.read(ctx, "ERRORS") == 0

    accelerator.run(bench)


def test_the_ports_come_with_the_option_however_often_it_is_elaborated(accelerator: Accelerator) -> None:
    assert_repeatable(accelerator.top)
    assert dict(accelerator.top.signature.members) == ports(accelerator.design)
    assert {"s_axi_awaddr", "s_axi_rready", "irq"} <= ports(accelerator.design).keys()
