"""A Vivado project of a small network, and a run of its scripts in a stand-in for Vivado."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from boards.catalogue import BOARDS, Resources
from boards.fit import SYSTEM, Fit
from boards.vivado.project import VivadoProject
from lst_hw.design import Design
from lst_hw.generate import generate
from lst_model.data import Images

from .networks import images, network, quantized
from .tools import require_tool

VIVADO = Path(__file__).with_name("vivado.tcl")


class UncheckedProject(VivadoProject):
    """Takes any accelerator, without asking Yosys."""

    def check(self, design: Design, verilog: str) -> None:
        assert self.board.resources is not None
        self.fit = Fit(Resources(lut=700, ff=800, ramb18=9, dsp=10), SYSTEM, self.board.resources, "test")


CASE = quantized(network(3, 4, (5, 2), classes=4), seed=1)
PIXELS = images(CASE.network, 2)


def write_project(
    folder: Path, board: str = "zybo-z7-10", *, axi_lite: bool = True, clock_mhz: float = 50, stream_bits: int = 8
) -> Any:
    """Generate the folder of a small network; returns its manifest."""
    design = Design.of(CASE, axi_lite=axi_lite, stream_bits=stream_bits)
    weights = folder / "weights.pt"
    folder.mkdir(exist_ok=True)
    weights.write_bytes(b"weights")
    test_images = Images(PIXELS, np.zeros(2, np.int64), "test images", is_test=True)
    return generate(folder, weights, CASE, design, test_images, UncheckedProject(BOARDS[board], clock_mhz))


@dataclass(frozen=True)
class VivadoRun:
    """What the stand-in saw: exit code, its commands in order, and everything it printed."""

    code: int
    calls: list[str]
    text: str

    def first(self, start: str) -> int:
        """Position of the first command that starts like this."""
        return next(index for index, call in enumerate(self.calls) if call.startswith(start))

    def all(self, start: str) -> list[str]:
        """The commands that start like this, without that start."""
        return [call[len(start) :].strip() for call in self.calls if call.startswith(start)]


def run_vivado(folder: Path, script: str = "build.tcl", **environment: str) -> VivadoRun:
    """Run a script in the stand-in, from another folder than its own."""
    run = subprocess.run(
        [require_tool("tclsh"), VIVADO, folder / script],
        cwd=folder.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = [part.split("\n", 1)[0] for part in f"\n{run.stdout}".split("\nCALL ")[1:]]
    return VivadoRun(run.returncode, calls, run.stdout + run.stderr)
