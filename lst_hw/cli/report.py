"""``lst-hw report``."""

from __future__ import annotations

import time
from os.path import relpath
from pathlib import Path, PurePath
from typing import Any

import click

from lst_hw.emit import to_verilog
from lst_hw.files import check_folder, check_writable, output_folder, write_text
from lst_hw.generate import manifest
from lst_hw.report import pictures, style, training_log
from lst_hw.report.facts import ReportData
from lst_hw.report.gather import Samples, gather
from lst_hw.report.markdown import to_markdown
from lst_hw.report.page import to_html
from lst_hw.report.sections import headline
from lst_hw.synthesis import check_installed, place_ecp5, xilinx_area
from lst_model.errors import InputError
from sim.verify import verify

from .chosen import Chosen, choose, configuration
from .options import (
    data_dir_option,
    design_options,
    engine_option,
    first_images,
    jobs_option,
    progress,
    repeated,
    waiting,
)
from .train import METRICS

_NOT_REPEATED = ("data_dir", "jobs")
_PATH = click.Path(path_type=Path)
_STDOUT = Path("-")
_EXAMPLES = """\b
Examples:
  lst-hw report -o report.html
  lst-hw report runs/mine/best.pt --format Q2.6 --images all --clock -o report.html
  lst-hw report --no-area --json - | jq .verification.accuracy_rtl
  lst-hw report --markdown report.md --figures figures

\b
Exit code: 0 all equal, 1 a difference (the report says where), 2 bad input.
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("-o", "--output", type=_PATH, help="Write the page here: one HTML file that loads nothing.")
@click.option("--markdown", "markdown_file", type=_PATH, help="Write Markdown here; - is stdout.")
@click.option("--json", "json_file", type=_PATH, help="Write all values here; - is stdout.")
@click.option("--figures", type=_PATH, help="Write each picture into this folder, as SVG and PNG.")
@click.option("--images", default="1000", show_default=True, help="How many test images, or all.")
@click.option("--area/--no-area", default=True, show_default=True, help="Count LUTs, FFs, block RAMs, DSPs with Yosys.")
@click.option("--clock", is_flag=True, help="Place and route for an ECP5 to find the clock; takes minutes.")
@engine_option
@jobs_option
@data_dir_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    checkpoint: str,
    output: Path | None,
    markdown_file: Path | None,
    json_file: Path | None,
    figures: Path | None,
    images: str,
    area: bool,
    clock: bool,
    engine: str,
    jobs: int | None,
    data_dir: Path | None,
    **design: Any,
) -> int:
    """Write a report of a design: accuracy, cycles, area, word lengths, pictures.

    CHECKPOINT is a file or the name of a shipped one. Training curves come in when `lst-hw train` left its
    metrics.json beside it.
    """
    written = [path for path in (output, markdown_file, json_file, figures) if path is not None]
    _check(written, output, figures)
    check_writable(output, markdown_file, json_file)
    for measurement, wanted in (("area", area), ("clock", clock)):
        if wanted:
            check_installed(measurement)
    chosen = choose(checkpoint, **design)
    chosen_images = first_images(chosen.design.network, data_dir, images)
    training = _training(chosen)
    started = time.perf_counter()
    with progress("verify", len(chosen_images)) as bar:
        found = verify(
            chosen.model, chosen.quantized, chosen.design, chosen_images, engine=engine, jobs=jobs, on_progress=bar
        )
    found.seconds = time.perf_counter() - started
    with waiting("Verilog"):
        verilog = to_verilog(chosen.design)
    with waiting("area"):
        cells = xilinx_area(verilog) if area else None
    with waiting("place and route"):
        mhz = place_ecp5(verilog).mhz if clock else None
    with waiting("report"):
        report, samples = gather(
            chosen.model,
            chosen.quantized,
            chosen.design,
            chosen_images,
            found,
            configuration=configuration(chosen),
            manifest=manifest(chosen.design, chosen.checkpoint, verilog),
            area=cells,
            ecp5_mhz=mhz,
            training=training,
            command=repeated(ctx, _NOT_REPEATED),
        )
        _write(report, samples, output, markdown_file, json_file, figures)
    if _STDOUT not in written:
        _print(report, written)
    return 1 if found.mismatches else 0


def _check(written: list[Path], output: Path | None, figures: Path | None) -> None:
    """Refuse what cannot be written, before any work is done."""
    if not written:
        raise click.UsageError("nothing to write: give -o, --markdown, --json or --figures")
    if len(set(written)) < len(written):
        raise click.UsageError("two outputs have the same name: give each its own")
    if figures is not None:
        check_folder(figures)
    if output is not None or figures is not None:
        style.require_matplotlib()


def _training(chosen: Chosen) -> tuple[dict[str, float], ...] | None:
    """The training log beside the checkpoint; a damaged one is no reason to go without a report."""
    try:
        return training_log.read(chosen.checkpoint.parent / METRICS, chosen.model.network)
    except InputError as error:
        click.echo(f"lst-hw: warning: no training curves: {error}", err=True)
        return None


def _write(
    report: ReportData,
    samples: Samples,
    output: Path | None,
    markdown_file: Path | None,
    json_file: Path | None,
    figures: Path | None,
) -> None:
    if figures is not None:
        with output_folder(figures) as scratch:
            for name, figure in pictures.draw(report, samples, pictures.WIDE).items():
                (scratch / f"{name}.svg").write_text(style.to_svg(figure), encoding="utf-8")
                (scratch / f"{name}.png").write_bytes(style.to_png(figure))
    if output is not None:
        write_text(output, to_html(report, samples))
    if markdown_file is not None:
        folder = Path() if markdown_file == _STDOUT else markdown_file.parent
        write_text(markdown_file, to_markdown(report, figures and PurePath(relpath(figures, folder))))
    if json_file is not None:
        write_text(json_file, report.to_json())


def _print(report: ReportData, written: list[Path]) -> None:
    for figure in headline(report):
        click.echo(f"{figure.value:>10}  {figure.label}")
    click.echo(", ".join(map(str, written)))
