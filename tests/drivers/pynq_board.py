"""A stand-in for PYNQ whose accelerator is the simulated RTL.

Registers are read and written through the accelerator's AXI4-Lite port, images and results pass its streams. Each
access of the processor lets the simulation go on by some cycles.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from amaranth.sim import Simulator

from lst_hw.design import Design
from lst_hw.top import LSTAccel

from .axi_lite import FlatBus, Master

CYCLES_PER_ACCESS = 20
VLNV = "lst-hw:user:lst_accel:1.0"


class Buffer(np.ndarray):
    """What ``pynq.allocate`` returns; the DMA sees what was flushed, the processor what was invalidated."""

    memory: np.ndarray

    def flush(self) -> None:
        self.memory[:] = self.view(np.ndarray).view(np.uint8).reshape(-1)

    def invalidate(self) -> None:
        self.view(np.ndarray).view(np.uint8).reshape(-1)[:] = self.memory


def allocate(shape: tuple[int, ...], dtype: Any) -> Buffer:
    buffer = np.zeros(shape, dtype).view(Buffer)
    buffer.memory = np.zeros(buffer.nbytes, np.uint8)
    return buffer


class DefaultIP:
    """Base of IP drivers; knows which driver is for which IP."""

    bindto: ClassVar[list[str]] = []
    drivers: ClassVar[dict[str, type[DefaultIP]]] = {}

    def __init_subclass__(cls) -> None:
        DefaultIP.drivers.update(dict.fromkeys(cls.bindto, cls))

    def __init__(self, description: dict[str, Any]) -> None:
        self._board: Board = description["board"]

    def read(self, offset: int = 0) -> int:
        return self._board.read(offset)

    def write(self, offset: int, value: int) -> None:
        self._board.write(offset, value)


class Channel:
    """A channel of the AXI DMA in simple mode, with PYNQ's interface."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.error = False
        self.running = True
        self.buffer: Buffer | None = None
        self.place = self.left = 0

    @property
    def idle(self) -> bool:
        self._board.go_on(CYCLES_PER_ACCESS)
        return self.left == 0

    def start(self) -> None:
        self.running = True

    def transfer(self, array: Buffer, start: int = 0, nbytes: int = 0) -> None:
        if not self.running or self.left:
            raise RuntimeError("DMA channel not started, or not idle")
        self.place, self.left = start, nbytes
        if self is self._board.dma.sendchannel:
            array.flush()
        self.buffer = array

    def wait(self) -> None:
        assert self.left == 0, "this would wait for ever"
        if self is self._board.dma.recvchannel and self.buffer is not None:
            self.buffer.invalidate()

    def reset(self) -> None:
        self.left, self.error, self.running = 0, False, False


class DMA:
    """Both channels and the control register."""

    def __init__(self, board: Board) -> None:
        self.sendchannel, self.recvchannel = Channel(board), Channel(board)

    def read(self, offset: int) -> int:
        assert offset == 0
        return 0

    def write(self, offset: int, value: int) -> None:
        assert (offset, value) == (0, 4), "only the reset is modelled"
        self.sendchannel.reset()
        self.recvchannel.reset()


class Board:
    """A simulated accelerator and its DMA.

    Attributes
    ----------
    deaf : bool
        The DMA takes no results.
    missing : int
        So many pixels at the end of each image do not arrive.
    """

    def __init__(self, design: Design) -> None:
        self.deaf = False
        self.missing = 0
        self.dma = DMA(self)
        self._top = top = LSTAccel(design=design)
        self._accesses: deque[Callable[[Any], Any]] = deque()
        self._answers: list[int] = []
        self._cycle = 0
        self._simulator = Simulator(top)
        self._simulator.add_clock(1e-8)
        for testbench in (self._count, self._processor, self._source, self._sink):
            self._simulator.add_testbench(testbench, background=True)
        self._master = Master(FlatBus(top))
        # A test may want the driver only; coroutines that never ran would warn, in whichever test comes next.
        self._simulator.advance()

    def module(self) -> types.ModuleType:
        """What ``import pynq`` gives; ``Overlay`` is this board, whatever the file."""
        module = types.ModuleType("pynq")

        class Overlay:
            def __init__(overlay, bitfile: str) -> None:  # noqa: N805
                overlay.axi_dma = self.dma
                overlay.lst_accel = DefaultIP.drivers[VLNV](description={"board": self})

        members = {"DefaultIP": DefaultIP, "Overlay": Overlay, "allocate": allocate}
        vars(module).update(members, Clocks=types.SimpleNamespace(fclk0_mhz=100.0))
        return module

    def read(self, offset: int) -> int:
        return self._access(lambda ctx: self._master.read(ctx, offset))

    def write(self, offset: int, value: int) -> None:
        self._access(lambda ctx: self._master.write(ctx, offset, value))

    def go_on(self, cycles: int) -> None:
        end = self._cycle + cycles
        while self._cycle < end:
            self._simulator.advance()

    def _access(self, access: Callable[[Any], Any]) -> int:
        self._accesses.append(access)
        while not self._answers:
            self._simulator.advance()
        return self._answers.pop()

    async def _count(self, ctx: Any) -> None:
        async for _ in ctx.tick():
            self._cycle += 1

    async def _processor(self, ctx: Any) -> None:
        await ctx.tick()
        ctx.set(self._top.aresetn, 1)
        while True:
            await ctx.tick()
            if self._accesses:
                self._answers.append(await self._accesses.popleft()(ctx))

    async def _source(self, ctx: Any) -> None:
        top, channel = self._top, self.dma.sendchannel
        while True:
            if channel.left == 0 or channel.buffer is None:
                ctx.set(top.s_axis_tvalid, 0)
                await ctx.tick()
                continue
            ctx.set(top.s_axis_tvalid, 1)
            ctx.set(top.s_axis_tdata, int(channel.buffer.memory[channel.place]))
            ctx.set(top.s_axis_tlast, channel.left == 1 + self.missing)
            _, _, ready = await ctx.tick().sample(top.s_axis_tready)
            if ready and channel.left:
                channel.place += 1
                channel.left = 0 if channel.left == 1 + self.missing else channel.left - 1

    async def _sink(self, ctx: Any) -> None:
        top, channel = self._top, self.dma.recvchannel
        while True:
            listens = channel.left > 0 and not self.deaf
            ctx.set(top.m_axis_tready, listens)
            _, _, valid, data = await ctx.tick().sample(top.m_axis_tvalid, top.m_axis_tdata)
            if listens and valid and channel.buffer is not None:
                channel.buffer.memory[channel.place : channel.place + 4] = list(data.to_bytes(4, "little"))
                channel.left = 0
