"""``lst-hw generate``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from boards import catalogue
from boards.vivado.project import BUILD_SCRIPT, DEFAULT_MHZ, VivadoProject
from lst_hw.generate import C_HEADER, MANIFEST, VERILOG, generate
from lst_model.errors import InputError

from .chosen import choose
from .options import data_dir_option, design_options, first_images, waiting

ZYNQ_BOARDS = [name for name, board in catalogue.BOARDS.items() if board.uses_vivado]

_EXAMPLES = """\b
Examples:
  lst-hw generate -o build
  lst-hw generate --profile fast -o build
  lst-hw generate my.pt --format Q2.6 -o build
  lst-hw generate lst-1-28 --pes 4 --activation table -o build
  lst-hw generate --axi-lite -o build
  lst-hw generate --board zybo-z7-20 -o build/zybo
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Output folder.")
@click.option("--vectors", default="16", show_default=True, help="Images in the test vectors, or all.")
@click.option("--axi-lite", is_flag=True, help="Add control registers on an AXI4-Lite port, and an interrupt.")
@click.option("--board", "board_name", help=f"Add a Vivado project, registers included: {', '.join(ZYNQ_BOARDS)}.")
@click.option("--clock", type=float, help=f"Clock of that project in MHz.  [{DEFAULT_MHZ:g}]")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print the manifest instead of a summary.")
def command(
    checkpoint: str,
    output: Path,
    vectors: str,
    axi_lite: bool,
    board_name: str | None,
    clock: float | None,
    data_dir: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Write Verilog, manifest and test vectors, and a Vivado project for a board.

    CHECKPOINT is a file or the name of a shipped one. The same input gives the same bytes.
    """
    project = _project(board_name, clock)
    chosen = choose(checkpoint, **options)
    design = replace(chosen.design, axi_lite=axi_lite or project is not None)
    images = first_images(design.network, data_dir, vectors, "vectors")
    with waiting("generating"):
        manifest = generate(output, chosen.checkpoint, chosen.quantized, design, images, project)
    if as_json:
        click.echo(json.dumps(manifest, indent=2))
        return
    click.echo(
        f"{manifest['title']}: {manifest['parameters']:,} parameters, {manifest['pes']} PEs, "
        f"{manifest['cycles_per_image']:,g} cycles per image, latency {manifest['latency']:,}"
    )
    click.echo(f"{output / VERILOG}  top module {manifest['top']}, sha256 {manifest['verilog']['sha256'][:16]}")
    if design.axi_lite:
        click.echo(f"{output / C_HEADER}")
    click.echo(f"{output / MANIFEST}")
    click.echo(f"{output / 'vectors'}  {len(images)} images")
    if project is not None:
        click.echo(f"{output / BUILD_SCRIPT}  {project.board.title}, {project.clock_mhz:g} MHz")
        click.echo(f"fits: {project.fit}")


def _project(board_name: str | None, clock: float | None) -> VivadoProject | None:
    if board_name is None:
        if clock is not None:
            raise InputError("--clock is the clock of a board's project: give --board too")
        return None
    return VivadoProject(catalogue.find(board_name), DEFAULT_MHZ if clock is None else clock)
