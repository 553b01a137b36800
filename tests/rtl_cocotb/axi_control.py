"""The accelerator with control registers, between masters of cocotbext-axi that pause on every channel."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)
from rtl_cocotb.axis import Case, Frame

from lst_hw.registers import REGISTERS

MAP = {register.name: register for register in REGISTERS}

ANSWER_CYCLES = 4
"""Most cycles from the acceptance of a request (a write's later half) to the offer of its answer."""


def bits(name: str, *fields: str) -> int:
    """Mask of fields of a register."""
    return sum(field.mask for field in MAP[name].fields if field.name in fields)


@dataclass
class ControlBench:
    """Masters, and a monitor that checks the rules of AXI4-Lite and AXI4-Stream in every cycle.

    Attributes
    ----------
    answers : dict
        Answers still owed, by channel: cycles since they may come.
    """

    dut: Any
    case: Case = field(default_factory=Case.read)
    answers: dict[str, list[int]] = field(default_factory=lambda: {"b": [], "r": []})

    def __post_init__(self) -> None:
        dut, common = self.dut, (self.dut.aclk, self.dut.aresetn, False)
        self.registers = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), *common)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), *common)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), *common)

    @classmethod
    async def start(cls, dut: Any, pauses: float = 0.0) -> ControlBench:
        """Clock running, reset done, every channel pausing with the given probability."""
        dut.aresetn.value = 0
        Clock(dut.aclk, 10, unit="ns").start()
        bench = cls(dut)
        cocotb.start_soon(bench._monitor())
        bench.pause(pauses)
        await bench.reset()
        return bench

    def pause(self, probability: float, sink: float | None = None) -> None:
        """Let every channel pause with this probability in each cycle; the sink of results with one of its own."""
        write, read = self.registers.write_if, self.registers.read_if
        channels = (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel, read.r_channel)
        for channel in (*channels, self.source):
            channel.set_pause_generator(_pauses(probability))
        self.sink.set_pause_generator(_pauses(probability if sink is None else sink))

    async def tick(self, cycles: int = 1) -> None:
        for _ in range(cycles):
            await RisingEdge(self.dut.aclk)

    async def reset(self, cycles: int = 2) -> None:
        """Reset everything; the masters forget what they were asked to do."""
        self.dut.aresetn.value = 0
        await self.tick(cycles)
        self.source.clear()
        self.sink.clear()
        self.dut.aresetn.value = 1
        await self.tick()

    async def read(self, name: str, field_name: str = "") -> int:
        answer = await self.registers.read(MAP[name].offset, 4)
        assert answer.resp == AxiResp.OKAY
        word = int.from_bytes(answer.data, "little")
        if not field_name:
            return word
        part = next(part for part in MAP[name].fields if part.name == field_name)
        return (word & part.mask) >> part.lsb

    async def write(self, name: str, word: int) -> None:
        answer = await self.registers.write(MAP[name].offset, word.to_bytes(4, "little"))
        assert answer.resp == AxiResp.OKAY

    async def counters(self) -> tuple[int, ...]:
        """Frames, short, long, dropped."""
        names = ("FRAMES", "SHORT_FRAMES", "LONG_FRAMES", "DROPPED_FRAMES")
        return tuple([await self.read(name) for name in names])

    async def idle(self) -> None:
        """Wait until no frame is under way."""
        await self.source.wait()
        while await self.read("STATUS") & bits("STATUS", "busy", "result"):
            await self.tick()

    def send(self, *frames: Frame) -> None:
        """Send frames in the background."""
        for frame in frames:
            self.source.send_nowait(AxiStreamFrame(bytes(pixel for pixel, _ in frame)))

    def results(self) -> list[int]:
        """The beats since the last call, each with TLAST."""
        beats = []
        while not self.sink.empty():
            data = self.sink.recv_nowait().tdata
            assert len(data) == 4, "TLAST missing on a result"
            beats.append(int.from_bytes(data, "little"))
        return beats

    async def _monitor(self) -> None:
        dut, was_reset = self.dut, True
        waiting: dict[str, tuple[int, ...]] = {}
        halves = {"aw": 0, "w": 0}
        # At the very first edge nothing has a value yet.
        await RisingEdge(dut.aclk)
        payloads = {"s_axi_b": ("resp",), "s_axi_r": ("data", "resp"), "m_axis_t": ("data", "last")}
        while True:
            await RisingEdge(dut.aclk)
            in_reset = not dut.aresetn.value
            for channel, names in payloads.items():
                valid, ready = (bool(getattr(dut, f"{channel}{end}").value) for end in ("valid", "ready"))
                assert not (valid and was_reset), f"{channel}valid in or right after reset"
                payload = tuple(int(getattr(dut, f"{channel}{name}").value) for name in names) if valid else ()
                assert channel not in waiting or waiting[channel] == payload, f"{channel} must stay as it is"
                waiting.pop(channel, None)
                if valid and not ready and not in_reset:
                    waiting[channel] = payload
            for ready in ("s_axi_aw", "s_axi_w", "s_axi_ar", "s_axis_t"):
                assert not (in_reset and getattr(dut, f"{ready}ready").value), f"{ready}ready during reset"
            if in_reset:
                halves = dict.fromkeys(halves, 0)
                self.answers = {channel: [] for channel in self.answers}
            else:
                self._settle_answers(halves)
            was_reset = in_reset

    def _settle_answers(self, halves: dict[str, int]) -> None:
        """Every accepted request gets one answer, soon."""
        for channel, owed in self.answers.items():
            valid, ready = (bool(getattr(self.dut, f"s_axi_{channel}{end}").value) for end in ("valid", "ready"))
            assert owed or not valid, f"{channel}: an answer that nobody asked for"
            if valid and ready:
                owed.pop(0)
            elif not valid and owed:
                owed[0] += 1
                assert owed[0] <= ANSWER_CYCLES, f"{channel}: no answer"
        for half in halves:
            halves[half] += self._transfers(half)
        while min(halves.values()) > 0:
            self.answers["b"].append(0)
            for half in halves:
                halves[half] -= 1
        if self._transfers("ar"):
            self.answers["r"].append(0)

    def _transfers(self, channel: str) -> bool:
        return all(bool(getattr(self.dut, f"s_axi_{channel}{end}").value) for end in ("valid", "ready"))


def _pauses(probability: float) -> Iterator[bool]:
    while True:
        yield random.random() < probability
