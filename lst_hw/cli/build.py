"""``lst-hw build``."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from boards import build, catalogue
from boards.bitstream import Bitstream, build_bitstream, check_tools
from lst_hw.files import output_folder
from lst_hw.generate import sha256
from lst_model import data
from lst_model.errors import InputError

from .chosen import Chosen, choose
from .options import data_dir_option, design_options, waiting

REPORT = "report.json"

_EXAMPLES = """\b
Examples:
  lst-hw build --board ulx3s -o build/ulx3s
  lst-hw build my.pt --board zybo-z7-10 --top digits -o build/digits
  lst-hw build --board ulx3s --baud 1000000 --json -o build/ulx3s
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("--board", "board_name", required=True, help=f"{', '.join(catalogue.BOARDS)}.")
@click.option(
    "--top",
    default="serial",
    show_default=True,
    help="serial (an image in, its class out on a UART) or digits (from a ROM, with switches and LEDs).",
)
@click.option("--baud", default=115_200, show_default=True, help="Of the serial line.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Output folder.")
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="Print the report instead of a summary.")
def command(
    checkpoint: str,
    board_name: str,
    top: str,
    baud: int,
    output: Path,
    data_dir: Path | None,
    as_json: bool,
    **design: Any,
) -> None:
    """Build a design that needs no software on the board.

    CHECKPOINT is a file or the name of a shipped one. For the ULX3S this makes the bitstream, which takes a minute
    or two; for the Zybo Z7 a folder that Vivado builds with one command.
    """
    board = catalogue.find(board_name)
    if top not in build.TOPS:
        raise InputError(f"unknown top {top!r}: choose from {', '.join(build.TOPS)}")
    if not board.uses_vivado:
        check_tools()
    chosen = choose(checkpoint, **design)
    if top == "serial":
        elaboratable = build.serial_top(board, chosen.design, baud)
    else:
        elaboratable = build.digit_top(board, chosen.quantized, chosen.design, data.load("test", data_dir))
    name = build.top_name(top)
    with output_folder(output) as scratch:
        bitstream = None
        if board.uses_vivado:
            build.build_plan(board, elaboratable, name).extract(scratch)
        else:
            with waiting("synthesis, placement and routing"):
                bitstream = build_bitstream(board, elaboratable, name, scratch)
        report = _report(chosen, board, top, baud, bitstream)
        (scratch / REPORT).write_text(json.dumps(report, indent=2) + "\n")
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        _print(report, output, name, bitstream)


def _report(chosen: Chosen, board: catalogue.Board, top: str, baud: int, bitstream: Bitstream | None) -> dict[str, Any]:
    """What was built, from what, and how fast it is; plain values."""
    design = chosen.design
    report = {
        "generator": f"lst-hw {version('lst-hw')}",
        "board": board.name,
        "part": board.part,
        "top": build.top_name(top),
        "title": design.network.title,
        "formats": design.formats.as_dict(),
        "activation": design.activation,
        "weights_hash": f"{design.weights_hash:#010x}",
        "pes": design.pes,
        "clock_mhz": board.clock_hz / 1e6,
        "cycles_per_image": design.cycles_per_image,
        "latency_us": design.latency / board.clock_hz * 1e6,
        "checkpoint": {"name": chosen.checkpoint.name, "sha256": sha256(chosen.checkpoint.read_bytes())},
    }
    if top == "serial":
        report["baud"] = baud
    if bitstream is not None:
        report["bitstream"] = {**bitstream.as_dict(), "sha256": sha256(bitstream.bit.read_bytes())}
    return report


def _print(report: dict[str, Any], output: Path, name: str, bitstream: Bitstream | None) -> None:
    click.echo(
        f"{report['title']} on {report['board']} ({report['part']}): {report['pes']} PEs, "
        f"{report['clock_mhz']:g} MHz, {report['latency_us']:.1f} us per image"
    )
    if bitstream is None:
        click.echo(f"{output}  with Vivado on the PATH, `sh build_{name}.sh` there makes {name}.bit")
        return
    click.echo(f"{output / bitstream.bit.name}  sha256 {report['bitstream']['sha256'][:16]}")
    click.echo(f"routed: up to {bitstream.fastest_mhz:.1f} MHz")
    for kind, use in bitstream.cells.items():
        click.echo(f"  {kind:<14}{use.used:>7,} of {use.available:>7,}  {use.used / use.available:6.1%}")
