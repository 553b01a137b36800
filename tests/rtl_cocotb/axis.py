"""The accelerator's two AXI4-Streams, driven and watched by cocotb inside the simulator."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

CASE = "LST_ACCEL_CASE"
"""Environment variable with the path of a :class:`Case`."""

DROPPED = 1 << 31

Frame = list[tuple[int, bool]]
"""Pixels and TLAST as sent, well-formed or not."""


@dataclass(frozen=True)
class Case:
    """What a simulation has to know of a design: sizes, cycles, some images and their result beats."""

    pixels: int
    cycles_per_frame: int
    latency: int
    images: list[list[int]]
    beats: list[int]

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(vars(self)))

    @classmethod
    def read(cls) -> Case:
        return cls(**json.loads(Path(os.environ[CASE]).read_text()))

    def frame(self, index: int) -> Frame:
        """A well-formed frame."""
        image = self.images[index % len(self.images)]
        return [(pixel, position == self.pixels - 1) for position, pixel in enumerate(image)]

    def beat(self, index: int, *, dropped: bool = False) -> int:
        """Its result."""
        return self.beats[index % len(self.beats)] | (DROPPED if dropped else 0)

    def malformed(self, length: int) -> Frame:
        """Random pixels, TLAST on the last; any length but the right one."""
        assert length != self.pixels
        return [(random.randrange(256), position == length - 1) for position in range(length)]


@dataclass
class Result:
    """A result beat, and the cycles in which it was offered and taken."""

    beat: int
    offered: int
    taken: int


@dataclass
class Bench:
    """Clock, reset, source, sink, and a monitor that checks the rules of AXI4-Stream in every cycle.

    Attributes
    ----------
    cycle : int
        Rising edges so far.
    transfers : list of int
        Cycle of each pixel's transfer.
    results : list of Result
        Since the last reset.
    sink_stall : float
        Probability that a result is refused for one more cycle; 1 refuses all.
    """

    dut: Any
    case: Case = field(default_factory=Case.read)
    cycle: int = 0
    transfers: list[int] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    sink_stall: float = 0.0

    @classmethod
    async def start(cls, dut: Any) -> Bench:
        """Clock running, reset done."""
        bench = cls(dut)
        dut.s_axis_tdata.value = 0
        dut.s_axis_tlast.value = 0
        dut.s_axis_tvalid.value = 0
        dut.m_axis_tready.value = 0
        for channel in ("aw", "w", "b", "ar", "r") if hasattr(dut, "irq") else ():
            getattr(dut, f"s_axi_{channel}{'ready' if channel in 'br' else 'valid'}").value = 0
        dut.aresetn.value = 0
        Clock(dut.aclk, 10, unit="ns").start()
        cocotb.start_soon(bench._monitor())
        cocotb.start_soon(bench._sink())
        await bench.reset()
        return bench

    async def tick(self, cycles: int = 1) -> None:
        for _ in range(cycles):
            await RisingEdge(self.dut.aclk)

    async def reset(self, cycles: int = 2) -> None:
        self.dut.aresetn.value = 0
        await self.tick(cycles)
        self.dut.aresetn.value = 1

    async def send(self, *frames: Frame, stall: float = 0.0) -> None:
        """Send frames; ``stall`` is the probability that a pixel comes one more cycle later."""
        dut = self.dut
        for frame in frames:
            for pixel, last in frame:
                while random.random() < stall:
                    self._idle()
                    await self.tick()
                dut.s_axis_tvalid.value = 1
                dut.s_axis_tdata.value = pixel
                dut.s_axis_tlast.value = last
                await self.tick()
                while not dut.s_axis_tready.value:
                    await self.tick()
        self._idle()

    async def receive(self, count: int, patience: int | None = None) -> list[int]:
        """The beats so far, once there are ``count``; no more may follow at once."""
        limit = self.cycle + (patience or 40 * (count + 2) * (self.case.cycles_per_frame + 50))
        while len(self.results) < count:
            assert self.cycle < limit, f"{len(self.results)} of {count} results by cycle {self.cycle}"
            await self.tick()
        return [result.beat for result in self.results]

    async def settle(self) -> list[int]:
        """The beats once nothing can be under way any more."""
        await self.tick(self.case.latency + self.case.cycles_per_frame)
        return [result.beat for result in self.results]

    def _idle(self) -> None:
        # The payload means nothing now.
        self.dut.s_axis_tvalid.value = 0
        self.dut.s_axis_tdata.value = random.randrange(256)
        self.dut.s_axis_tlast.value = random.randrange(2)

    async def _sink(self) -> None:
        while True:
            self.dut.m_axis_tready.value = random.random() >= self.sink_stall
            await self.tick()

    async def _monitor(self) -> None:
        dut = self.dut
        offered: int | None = None
        waiting: tuple[int, int] | None = None
        was_reset = False
        while True:
            await RisingEdge(dut.aclk)
            self.cycle += 1
            reset = not dut.aresetn.value
            if reset:
                assert not dut.s_axis_tready.value, "TREADY during reset"
                assert not (was_reset and dut.m_axis_tvalid.value), "TVALID during reset"
                self.results.clear()
                offered, waiting, was_reset = None, None, True
                continue
            valid, ready = bool(dut.m_axis_tvalid.value), bool(dut.m_axis_tready.value)
            assert not (was_reset and valid), "TVALID right after reset"
            was_reset = False
            if dut.s_axis_tvalid.value and dut.s_axis_tready.value:
                self.transfers.append(self.cycle)
            payload = (int(dut.m_axis_tdata.value), int(dut.m_axis_tlast.value)) if valid else None
            if waiting is not None:
                assert payload == waiting, "a result that waits must stay as it is"
            if payload is not None:
                assert payload[1] == 1, "TLAST missing on a result"
                offered = self.cycle if offered is None else offered
                if ready:
                    self.results.append(Result(payload[0], offered, self.cycle))
                    offered = None
            waiting = payload if not ready else None


def flagged(case: Case, frames: Sequence[int | None]) -> Iterable[int]:
    """Beats of a sequence of well-formed frames, given by number, and malformed ones, given as None."""
    dropped = False
    for index in frames:
        if index is not None:
            yield case.beat(index, dropped=dropped)
        dropped = index is None
