"""``lst-hw verify``."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Any

import click
import numpy as np

from lst_hw.files import check_writable, write_text
from lst_model.data import Images
from sim.replay import load_vector, save_vector
from sim.verify import Report, verify

from .chosen import Chosen, choose
from .options import data_dir_option, design_options, engine_option, first_images, jobs_option, progress, repeated

_EXAMPLES = """\b
Examples:
  lst-hw verify --images 1000
  lst-hw verify my.pt --format Q2.6 --images all --json report.json
  lst-hw verify --engine icarus --images 10
  lst-hw verify --replay divergence.npz

\b
Exit code: 0 all equal, 1 a difference, 2 bad input.
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("--images", default="1000", show_default=True, help="How many test images, or all.")
@engine_option
@jobs_option
@data_dir_option
@click.option("--replay", type=click.Path(path_type=Path), help="Check the image of a vector file instead.")
@click.option(
    "--vector",
    type=click.Path(path_type=Path),
    default="divergence.npz",
    show_default=True,
    help="Where a difference leaves its image.",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the report here; - is stdout.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    checkpoint: str,
    images: str,
    engine: str,
    jobs: int | None,
    data_dir: Path | None,
    replay: Path | None,
    vector: Path,
    json_file: Path | None,
    **design: Any,
) -> int:
    """Compare the RTL with the integer model, value by value.

    CHECKPOINT is a file or the name of a shipped one. Every stage of every image is compared: quantised
    input, embeddings, logits and result beat.
    """
    started = time.perf_counter()
    check_writable(json_file)
    chosen = choose(checkpoint, **design)
    if replay is not None:
        chosen_images = load_vector(replay, chosen.design.network)
    else:
        chosen_images = first_images(chosen.design.network, data_dir, images)
    with progress("verify", len(chosen_images)) as bar:
        report = verify(
            chosen.model, chosen.quantized, chosen.design, chosen_images, engine=engine, jobs=jobs, on_progress=bar
        )
    report.seconds = time.perf_counter() - started
    if json_file is not None:
        write_text(json_file, json.dumps(report.as_dict(), indent=2) + "\n")
    if str(json_file) != "-":
        _print(report, chosen, chosen_images)
    if report.first is not None:
        save_vector(vector, chosen_images, report.first)
        click.echo(f"first difference: {report.first}", err=True)
        again = repeated(ctx, ("images", "replay", "vector", "json_file"))
        click.echo(f"its image is in {vector}: {again} --replay {vector}", err=True)
    return 1 if report.mismatches else 0


def _print(report: Report, chosen: Chosen, images: Images) -> None:
    design = chosen.design
    click.echo(f"{design.network.title}, {design.formats}, {design.activation} activation, {design.pes} PEs")
    click.echo(f"{report.images:,} images ({images.source}), engine {report.engine}")
    click.echo(f"\n{'stage':<22}{'values':>14}{'mismatches':>12}{'float error':>13}")
    sizes = {"class": 1, "input": design.network.rows * design.network.columns}
    sizes |= {stage.name: int(np.prod(stage.result_shape)) for stage in design.network.stages}
    for name, count in report.stages.items():
        error = f"{report.float_error[name]:13.4f}" if name in report.float_error else ""
        click.echo(f"{name:<22}{sizes[name] * report.images:>14,}{count:>12,}{error}")
    click.echo(
        f"\naccuracy   RTL {report.accuracy_rtl:.2%}   integer {report.accuracy_integer:.2%}   "
        f"float {report.accuracy_float:.2%}"
    )
    click.echo(
        f"cycles     {report.cycles_per_image or math.nan:g} per image, latency {report.latency}, "
        f"{report.cycles_per_second / 1e6:.2f} million simulated per second"
    )
    click.echo(
        f"{'OK' if not report.mismatches else 'FAIL'}: {report.mismatches:,} mismatches in {report.seconds:.1f} s"
    )
