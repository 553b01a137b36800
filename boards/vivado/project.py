"""The folder that Vivado builds with one command."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from string import Template
from typing import Any

from lst_hw.design import Design
from lst_model.errors import InputError

from ..catalogue import Board
from ..fit import Fit, check_fit
from .interfaces import find_interfaces

IP_VLNV = "lst-hw:user:lst_accel:1.0"
"""Vendor, library, name and version of the IP core; the PYNQ driver binds to it."""

BUILD_SCRIPT = "build.tcl"
SCRIPTS = ("package_ip.tcl", "block_design.tcl", "zybo_z7_ps7.tcl", "check_timing.tcl")
CONSTRAINTS = "constraints.xdc"
TEMPLATES = ("settings.tcl", "README.md", "classify.ipynb")
DRIVER = "lst_accel.py"

DEFAULT_MHZ = 50.0
"""Leaves room, as no Vivado has confirmed it: an ECP5 of speed grade 6 is routed for twice as much."""

FASTEST_MHZ = 250
"""What the processing system's clock generator gives at most (DS187)."""


@dataclass
class VivadoProject:
    """What surrounds an accelerator on a Zynq board; a project of :func:`~lst_hw.generate.generate`.

    Parameters
    ----------
    board : Board
        With a processing system.
    clock_mhz : float
        Clock of everything in the programmable logic.

    Raises
    ------
    InputError
        If the board has no processing system, or the clock is out of its range.
    """

    board: Board
    clock_mhz: float
    fit: Fit | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not self.board.uses_vivado:
            raise InputError(
                f"{self.board.name} has no processing system; `lst-hw build --board {self.board.name}` makes a "
                "design for it"
            )
        if not 1 <= self.clock_mhz <= FASTEST_MHZ:
            raise InputError(f"clock of {self.clock_mhz:g} MHz: choose 1 to {FASTEST_MHZ}")

    def check(self, design: Design, verilog: str) -> None:
        """Refuse an accelerator that does not fit the board; the numbers stay in ``fit``.

        Raises
        ------
        InputError
            With all numbers.
        """
        self.fit = check_fit(self.board, design, verilog)

    def write(self, folder: Path, manifest: dict[str, Any]) -> None:
        """Add the project to a folder that holds Verilog, manifest, C header and vectors.

        Parameters
        ----------
        folder : Path
        manifest : dict
            Of the accelerator that was checked.

        Raises
        ------
        ValueError
            If Vivado would not find the accelerator's buses in its port names.
        OSError
            If a file cannot be written.
        """
        assert self.fit is not None, "check comes first"
        facts = self._facts(manifest, self.fit)
        (folder / "scripts").mkdir()
        _copy("scripts", BUILD_SCRIPT, folder / BUILD_SCRIPT)
        _copy("scripts", CONSTRAINTS, folder / CONSTRAINTS)
        for name in SCRIPTS:
            _copy("scripts", name, folder / "scripts" / name)
        for name in TEMPLATES:
            text = files(__package__).joinpath("templates", name).read_text()
            (folder / name).write_text(Template(text).substitute(facts))
        # One file, so that a user copies it to the board as it is.
        with as_file(files("boards").joinpath("pynq", DRIVER)) as source:
            shutil.copyfile(source, folder / DRIVER)

    def _facts(self, manifest: dict[str, Any], fit: Fit) -> dict[str, Any]:
        """What the templates may mention."""
        interfaces = find_interfaces(manifest["ports"])
        widths = {port["name"]: port["width"] for port in manifest["ports"]}
        return {
            "board_title": self.board.title,
            "part": self.board.part,
            "board_part": self.board.vivado_board,
            "clock_mhz": f"{self.clock_mhz:g}",
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
            "cycles_per_image": f"{manifest['cycles_per_image']:,g}",
            "images_per_second": f"{self.clock_mhz * 1e6 / manifest['cycles_per_image']:,.0f}",
            "fit": _fit_table(fit),
            "fit_source": fit.source,
            "generator": manifest["generator"],
        }


def _copy(kind: str, name: str, target: Path) -> None:
    with as_file(files(__package__).joinpath(kind, name)) as source:
        shutil.copyfile(source, target)


def _fit_table(fit: Fit) -> str:
    lines = ["| | accelerator | set aside | available |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | {used:,} | {system:,} | {available:,} |" for name, used, system, available in fit.rows]
    return "\n".join(lines)
