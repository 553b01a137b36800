"""``lst-hw netlist``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from lst_hw.files import check_writable, write_text
from lst_hw.operations import operations
from lst_hw.synthesis import check_installed
from sim.activity import Activity
from sim.netlist import run_netlist

from .chosen import choose
from .options import data_dir_option, design_options, first_images, waiting

_EXAMPLES = """\b
Examples:
  lst-hw netlist
  lst-hw netlist my.pt --profile lut --images 200
  lst-hw netlist --profile fast -o netlist.v
  lst-hw netlist --activity --images 20

\b
Exit code: 0 all equal, 1 a difference, 2 bad input.
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("--images", default="50", show_default=True, help="How many test images, or all.")
@click.option("--activity", is_flag=True, help="Count how many bits change, see below.")
@data_dir_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the netlist here.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the outcome here; - is stdout.")
def command(
    checkpoint: str,
    images: str,
    activity: bool,
    data_dir: Path | None,
    output: Path | None,
    json_file: Path | None,
    **design: Any,
) -> int:
    """Synthesise with Yosys for Xilinx 7-series parts and check the netlist.

    CHECKPOINT is a file or the name of a shipped one. The cells are simulated with their models, and every result is
    compared with the integer model's.

    --activity counts changes of the netlist's nets from clock edge to clock edge, without glitches and without what
    happens inside DSP blocks and block RAMs. It compares designs; it is no energy.
    """
    check_installed("area")
    check_writable(output, json_file)
    chosen = choose(checkpoint, **design)
    tested = first_images(chosen.design.network, data_dir, images)
    with waiting("synthesis and simulation of the netlist"):
        run = run_netlist(chosen.quantized, chosen.design, tested, activity=activity)
    counts = operations(chosen.design)
    if output is not None:
        write_text(output, run.netlist.verilog)
    if json_file is not None:
        content: dict[str, Any] = {
            "images": run.images,
            "wrong": run.wrong,
            "cycles": run.cycles,
            "area": asdict(run.netlist.area),
        }
        if run.activity is not None:
            content |= {"nets": run.activity.nets, "toggles_per_image": run.activity.toggles, **asdict(counts)}
        write_text(json_file, json.dumps(content, indent=2) + "\n")
    if str(json_file) != "-":
        verdict = f"OK: {run.cycles:,} cycles" if run.cycles else "FAIL"
        click.echo(f"{run.images:,} images ({tested.source}) through the netlist, {run.wrong:,} wrong")
        area = run.netlist.area
        click.echo(f"{area.lut:,} LUT, {area.ff:,} FF, {area.ramb18} RAMB18, {area.dsp} DSP\n{verdict}")
        if run.activity is not None:
            click.echo(_table(run.activity))
            click.echo(
                f"{counts.multiplications:,} multiplications, {counts.additions:,} additions, "
                f"{counts.rom_weights:,.0f} weights from the ROM per image"
            )
    return 1 if run.wrong else 0


def _table(activity: Activity) -> str:
    """Nets and changes per image, group by group."""
    rows = [(group, count, activity.toggles[group]) for group, count in activity.nets.items()]
    rows.append(("total", sum(activity.nets.values()), activity.total))
    lines = [f"{'':12} {'nets':>8} {'changes per image':>18}"]
    return "\n".join([*lines, *(f"{name:12} {nets:8,} {toggles:18,.0f}" for name, nets, toggles in rows)])
