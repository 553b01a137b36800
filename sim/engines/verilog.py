"""Icarus Verilog and Verilator: the emitted Verilog itself, in a test bench that records every stage."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import tempfile
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from lst_hw.design import Design
from lst_hw.emit import to_verilog
from lst_hw.process import run_program
from lst_model.errors import InputError

from ..cache import cache_folder
from ..trace import Int64, Trace, from_events
from .base import Engine, Pixels

BENCH = Path(__file__).parent / "trace_tb.v"
TOP = "trace_tb"

UNKNOWN = -(1 << 40)
"""Stands for a value with unknown bits (X) in a trace; no code, row or column is as low."""


class VerilogEngine(Engine):
    """Base of the engines that run the emitted Verilog, compiled once per design and cached."""

    tool: ClassVar[str]
    """Command of the compiler."""
    version_option: ClassVar[str]
    needs: ClassVar[str]
    """What to install when the compiler fails."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self._path = shutil.which(self.tool)
        if self._path is None:
            raise InputError(
                f"engine {self.name} needs {self.tool}: `apt install {self.needs}`, or use --engine cxxrtl"
            )
        self._text = to_verilog(design)
        self._simulator = self._compiled(waves=False)

    def run(self, pixels: Pixels, vcd: Path | None = None) -> Trace:
        """Simulate frames back to back."""
        simulator = self._compiled(waves=True) if vcd is not None else self._simulator
        frames = len(pixels)
        options = [f"+frames={frames}", f"+max_cycles={self.max_cycles(frames)}"]
        if vcd is not None:
            options.append("+vcd")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            np.savetxt(folder / "beats.hex", self.beats(pixels).reshape(-1), "%x")
            run = run_program([*self._command(simulator), *options], folder)
            if run.returncode != 0:
                raise RuntimeError(f"{self.name} stopped with code {run.returncode}: {run.stderr.strip()[-500:]}")
            events = read_events(folder / "events.txt")
            if vcd is not None:
                shutil.move(folder / "trace.vcd", vcd)
        return from_events(self.layout, frames, events)

    @property
    def _parameters(self) -> dict[str, int]:
        """Parameters of the test bench."""
        design = self.design
        return {
            "LANES": design.lanes,
            "STREAM_BITS": design.stream_bits,
            "PIXELS": self.layout.pixels,
            "BEATS": design.beats_per_frame,
            "CODE_BITS": design.ranges.operand_bits,
            "LOGIT_BITS": design.biased_bits,
        }

    @abstractmethod
    def _flags(self, waves: bool) -> tuple[str, ...]:
        """Options of the compiler that change what it makes."""

    @abstractmethod
    def _compile(self, tool: str, flags: Sequence[str], design: Path, made: Path) -> list[str]:
        """Command that compiles bench and design to the file ``made``."""

    @abstractmethod
    def _command(self, simulator: Path) -> list[str]:
        """Command that runs a compiled simulator."""

    def _compiled(self, waves: bool) -> Path:
        """The simulator, from the cache or compiled now."""
        tool, flags = str(self._path), self._flags(waves)
        version = run_program([tool, self.version_option]).stdout
        parts = [self._text, BENCH.read_text(), version, *flags, platform.system(), platform.machine()]
        key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
        simulator = cache_folder("sim") / f"{key[:32]}.{self.name}"
        if simulator.exists():
            return simulator
        with tempfile.TemporaryDirectory(dir=simulator.parent) as folder:
            design, made = Path(folder) / "lst_accel.v", Path(folder) / "simulator"
            design.write_text(self._text)
            run = run_program(self._compile(tool, flags, design, made), folder)
            if run.returncode != 0 or not made.exists():
                output = (run.stderr or run.stdout).strip().splitlines() or [f"code {run.returncode}"]
                reason = next((line for line in output if "rror" in line), output[-1])[:200]
                raise InputError(
                    f"{tool} cannot compile the simulator ({reason}); install {self.needs}, or use --engine cxxrtl"
                )
            os.replace(made, simulator)
        return simulator


class IcarusEngine(VerilogEngine):
    """Icarus Verilog: interprets the emitted Verilog, some thousand cycles per second for LST-1."""

    name = "icarus"
    chunk = 2
    tool = "iverilog"
    version_option = "-V"
    needs = "iverilog"

    def _flags(self, waves: bool) -> tuple[str, ...]:
        return ("-g2001", "-s", TOP, *(f"-P{TOP}.{name}={value}" for name, value in self._parameters.items()))

    def _compile(self, tool: str, flags: Sequence[str], design: Path, made: Path) -> list[str]:
        return [tool, *flags, "-o", str(made), str(BENCH), str(design)]

    def _command(self, simulator: Path) -> list[str]:
        return ["vvp", "-n", str(simulator)]


class VerilatorEngine(VerilogEngine):
    """Verilator 5: compiles the emitted Verilog through C++, about a million cycles per second for LST-1."""

    name = "verilator"
    chunk = 100
    tool = "verilator"
    version_option = "--version"
    needs = "verilator (5.006 or newer) make g++"

    def _flags(self, waves: bool) -> tuple[str, ...]:
        parameters = [f"-G{name}={value}" for name, value in self._parameters.items()]
        return ("--binary", "-j", "2", "--top-module", TOP, *parameters, *(["--trace"] if waves else []))

    def _compile(self, tool: str, flags: Sequence[str], design: Path, made: Path) -> list[str]:
        return [tool, *flags, "-Mdir", str(made.parent), "-o", made.name, str(BENCH), str(design)]

    def _command(self, simulator: Path) -> list[str]:
        return [str(simulator)]


def read_events(file: Path) -> Int64:
    """Observations ``[m, 7]``; numbers with unknown bits become :data:`UNKNOWN`."""
    text = file.read_text()
    if "x" in text.lower():
        text = text.lower().replace("x", str(UNKNOWN))
    with warnings.catch_warnings():
        # What is not a number must not cut the trace short.
        warnings.simplefilter("error")
        return np.fromstring(text, np.int64, sep=" ").reshape(-1, 7)
