"""The folder that Vivado builds with one command."""

from __future__ import annotations

import shutil
from importlib.resources import as_file, files
from pathlib import Path
from string import Template
from typing import Any

from ..catalogue import Board
from ..fit import Fit
from .interfaces import find_interfaces

IP_VLNV = "lst-hw:user:lst_accel:1.0"
"""Vendor, library, name and version of the IP core; the PYNQ driver binds to it."""

BUILD_SCRIPT = "build.tcl"
SCRIPTS = ("package_ip.tcl", "block_design.tcl", "zybo_z7_ps7.tcl", "check_timing.tcl")
NOTEBOOK = "classify.ipynb"
DRIVER = "lst_accel.py"


def write_project(folder: Path, board: Board, manifest: dict[str, Any], fit: Fit, clock_mhz: float) -> list[str]:
    """Add to the output of :func:`~lst_hw.generate.generate` what makes it a Vivado project.

    Parameters
    ----------
    folder : Path
        Must exist.
    board : Board
        With ``vivado_board``.
    manifest : dict
        Of the accelerator.
    fit : Fit
        For the README.
    clock_mhz : float
        Clock of everything in the programmable logic.

    Returns
    -------
    list of str
        The files written, relative to the folder.

    Raises
    ------
    ValueError
        If Vivado would not find the accelerator's buses in its port names.
    OSError
        If a file cannot be written.
    """
    interfaces = find_interfaces(manifest["ports"])
    widths = {port["name"]: port["width"] for port in manifest["ports"]}
    facts = {
        "board": board.name,
        "board_title": board.title,
        "part": board.part,
        "board_part": board.vivado_board,
        "clock_mhz": f"{clock_mhz:g}",
        "top": manifest["top"],
        "ip_vlnv": IP_VLNV,
        "title": manifest["title"],
        "pes": manifest["pes"],
        "weight_format": manifest["formats"]["weight"],
        "rows": manifest["network"]["rows"],
        "columns": manifest["network"]["columns"],
        "buses": " ".join(interfaces.buses),
        "control_bus": interfaces.control_bus,
        "interrupt": interfaces.interrupt,
        "pixel_stream_bits": widths["s_axis_tdata"],
        "cycles_per_frame": f"{manifest['cycles_per_frame']:,}",
        "images_per_second": f"{clock_mhz * 1e6 / manifest['cycles_per_frame']:,.0f}",
        "fit": _fit_table(fit),
        "fit_source": fit.source,
        "generator": manifest["generator"],
    }
    (folder / "scripts").mkdir()
    _copy("scripts", BUILD_SCRIPT, folder / BUILD_SCRIPT)
    _copy("scripts", "constraints.xdc", folder / "constraints.xdc")
    for name in SCRIPTS:
        _copy("scripts", name, folder / "scripts" / name)
    for name in ("settings.tcl", "README.md", NOTEBOOK):
        (folder / name).write_text(_fill(name, facts))
    _copy_driver(folder / DRIVER)
    return [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]


def _copy(kind: str, name: str, target: Path) -> None:
    with as_file(files(__package__).joinpath(kind, name)) as source:
        shutil.copyfile(source, target)


def _fill(name: str, facts: dict[str, Any]) -> str:
    return Template(files(__package__).joinpath("templates", name).read_text()).substitute(facts)


def _copy_driver(target: Path) -> None:
    """The PYNQ driver is one file, so that a user copies it to the board as it is."""
    with as_file(files("boards").joinpath("pynq", DRIVER)) as source:
        shutil.copyfile(source, target)


def _fit_table(fit: Fit) -> str:
    lines = ["| | accelerator | set aside | available |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | {used:,} | {system:,} | {available:,} |" for name, used, system, available in fit.rows]
    return "\n".join(lines)
