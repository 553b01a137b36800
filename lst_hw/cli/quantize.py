"""``lst-hw quantize``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lst_hw.files import check_writable, write_text
from lst_model import data
from lst_model.data import Images
from lst_model.profile import QuantizationProfile, profile

from .options import Chosen, choose, configuration, data_dir_option, design_options, image_count

_EXAMPLES = """\b
Examples:
  lst-hw quantize --format Q2.6
  lst-hw quantize my.pt --format Q2.5 --activation-format Q2.6 -o mine.json
  lst-hw generate my.pt --config mine.json -o build
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("--images", default="2000", show_default=True, help="How many training images to calibrate on, or all.")
@data_dir_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the configuration here, for --config.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the profile here; - is stdout.")
def command(
    checkpoint: str, images: str, data_dir: Path | None, output: Path | None, json_file: Path | None, **design: Any
) -> None:
    """Show where fixed point costs accuracy, tensor by tensor.

    CHECKPOINT is a file or the name of a shipped one. Ranges and errors come from training images, so
    that the test set stays unseen when formats are chosen.
    """
    check_writable(output, json_file)
    chosen = choose(checkpoint, **design)
    every = data.load("train", data_dir)
    calibration = every.first(image_count(images, len(every)))
    found = profile(chosen.model, chosen.quantized, calibration)
    if output is not None:
        write_text(output, json.dumps(configuration(chosen), indent=2) + "\n")
    if json_file is not None:
        write_text(json_file, json.dumps(found.as_dict(), indent=2) + "\n")
    if str(json_file) != "-":
        _print(found, chosen, calibration)


def _print(found: QuantizationProfile, chosen: Chosen, calibration: Images) -> None:
    click.echo(f"{'tensor':<24}{'from':>10}{'to':>10}{'format':>9}{'saturating':>12}{'rms error':>11}")
    for tensor in found.tensors:
        click.echo(
            f"{tensor.name:<24}{tensor.lowest:>10.4f}{tensor.highest:>10.4f}{tensor.format:>9}"
            f"{tensor.saturating:>12.3%}{tensor.error:>11.5f}"
        )
    ranges = chosen.design.ranges
    click.echo(
        f"\nstored widths  weights {ranges.weight_bits}, operands {ranges.operand_bits}, "
        f"accumulators {ranges.accumulator_bits} bits"
    )
    click.echo(
        f"accuracy       float {found.accuracy_float:.2%}   integer {found.accuracy_integer:.2%}   "
        f"same class {found.agreement:.2%}   ({len(calibration):,} images, {calibration.source})"
    )
