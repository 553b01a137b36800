"""Simulation of what synthesis makes of the accelerator: Xilinx cells, by Yosys, against the test vectors."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from lst_hw.design import Design
from lst_hw.emit import to_verilog
from lst_hw.process import run_program
from lst_hw.synthesis import Netlist, xilinx_netlist
from lst_hw.vectors import BENCH, write_vectors
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.quantize import QuantizedNetwork

from .activity import Activity, counted, with_counters
from .cells import cell_models

_FLAGS = ("--binary", "-j", "2", "-Wno-fatal", "-Wno-lint", "-Wno-MULTIDRIVEN", "--top-module", Path(BENCH).stem)


@dataclass(frozen=True)
class NetlistRun:
    """What a netlist did with the test vectors.

    Attributes
    ----------
    netlist : Netlist
    images : int
    wrong : int
        Result beats that differ from the integer model's, or did not come.
    cycles : int or None
        Clock cycles until the last result; None if one did not come.
    activity : Activity or None
        Bit changes, if asked for and all results came.
    """

    netlist: Netlist
    images: int
    wrong: int
    cycles: int | None
    activity: Activity | None = None


def run_netlist(quantized: QuantizedNetwork, design: Design, images: Images, *, activity: bool = False) -> NetlistRun:
    """Synthesise for Xilinx 7-series parts and run the test vectors' own bench on the cells, in Verilator.

    Parameters
    ----------
    quantized : QuantizedNetwork
    design : Design
        Made from ``quantized``.
    images : Images
        One or more.
    activity : bool
        Count bit changes (:mod:`sim.activity`), in a netlist of one module.

    Raises
    ------
    InputError
        If Yosys or Verilator is missing, or the images do not fit.
    """
    verilator = shutil.which("verilator")
    if verilator is None:
        raise InputError("a netlist needs verilator: `apt install verilator make g++`")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_vectors(folder, quantized, design, images)
        netlist = xilinx_netlist(to_verilog(design), flat=activity)
        (folder / "netlist.v").write_text(with_counters(netlist) if activity else netlist.verilog)
        (folder / "cells.v").write_text(cell_models())
        made = [verilator, *_FLAGS, "-Mdir", "made", "-o", "bench", BENCH, "netlist.v", "cells.v"]
        compiled = run_program(made, folder)
        if compiled.returncode != 0:
            reason = next((line for line in compiled.stderr.splitlines() if "rror" in line), compiled.stderr[-200:])
            raise InputError(f"verilator cannot compile the netlist ({reason}); install verilator 5.006 or newer")
        run = run_program(["made/bench"], folder)
    passed = re.search(r"PASS \d+ frames, (\d+) cycles", run.stdout)
    if passed:
        toggles = counted(run.stdout, netlist, len(images)) if activity else None
        return NetlistRun(netlist, len(images), 0, int(passed[1]), toggles)
    failed = re.search(r"FAIL (\d+) of \d+ frames", run.stdout)
    return NetlistRun(netlist, len(images), int(failed[1]) if failed else len(images), None)
