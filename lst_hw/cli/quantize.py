"""``lst-hw quantize``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from lst_hw.files import check_writable, write_text
from lst_model import activations, data
from lst_model.calibrate import UNIT, Calibration, Cost, Widths, choose_formats
from lst_model.checkpoint import load
from lst_model.data import Images
from lst_model.profile import QuantizationProfile, TensorProfile, profile
from lst_model.quantization import Quantization, trained_for

from .chosen import Chosen, choose, configuration
from .options import data_dir_option, design_options, image_count, profile_format

DEFAULT_BITS = 12

_EXAMPLES = """\b
Examples:
  lst-hw quantize                                        formats of 12 bits, picked from the data
  lst-hw quantize my.pt --bits 4 --activation-bits 8 -o mine.json
  lst-hw generate my.pt --config mine.json -o build
  lst-hw quantize my.pt --format Q2.5 --activation-format Q2.6
  lst-hw quantize lst-1-28-q6                            formats that the network was trained in
"""

_FORMAT_OPTIONS = {
    "weight": "--format",
    "bias": "--bias-format",
    "activation_format": "--activation-format",
    "output_format": "--output-format",
}


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("--bits", type=int, help=f"Pick formats of this width.  [{DEFAULT_BITS}, unless formats are known]")
@click.option("--bias-bits", type=int, help="Width of the biases, if another.")
@click.option("--activation-bits", type=int, help="Width of the activations, if another.")
@click.option("--images", default="2000", show_default=True, help="How many training images to calibrate on, or all.")
@data_dir_option
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the configuration here, for --config.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the profile here; - is stdout.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    checkpoint: str,
    bits: int | None,
    bias_bits: int | None,
    activation_bits: int | None,
    images: str,
    data_dir: Path | None,
    output: Path | None,
    json_file: Path | None,
    **design: Any,
) -> None:
    """Pick fixed-point formats from data, and show what each quantised tensor costs.

    CHECKPOINT is a file or the name of a shipped one. Of all formats with the given width those are
    picked that disturb the logits least. "rms error" is the rounding of a parameter, and in a stage all
    that has come together there; behind the bar, that tensor alone is quantised. The images are training
    images, so that the test set stays unseen when formats are chosen.
    """
    check_writable(output, json_file)
    trained = trained_for(checkpoint)
    known = trained is not None or profile_format() is not None
    widths = _widths(ctx, bits, bias_bits, activation_bits, known)
    unit = activations.check(design["activation"] or (trained or Quantization()).activation)
    model = load(checkpoint)
    every = data.load("train", data_dir)
    calibration = Calibration(model, every.first(image_count(images, len(every))))
    if widths is not None:
        picked = choose_formats(calibration, widths, unit, allow_saturation=not design["strict"])
        design |= {
            "weight": str(picked.weight),
            "bias": str(picked.bias),
            "activation_format": str(picked.activation),
            "output_format": str(picked.output_weight),
        }
    chosen = choose(checkpoint, **design)
    found = profile(model, chosen.quantized, calibration.images)
    costs = calibration.costs(chosen.quantized.formats, chosen.quantized.activation)
    if output is not None:
        write_text(output, json.dumps(configuration(chosen), indent=2) + "\n")
    if json_file is not None:
        content = {
            "configuration": configuration(chosen),
            "images": len(calibration.images),
            **found.as_dict(),
            "alone": [asdict(cost) for cost in costs],
        }
        write_text(json_file, json.dumps(content, indent=2) + "\n")
    if str(json_file) != "-":
        _print(found, costs, chosen, calibration.images)


def _widths(
    ctx: click.Context, bits: int | None, bias_bits: int | None, activation_bits: int | None, known: bool
) -> Widths | None:
    """The widths to pick formats for, or None when the formats are given, or known from training or profile."""
    asked = [value for value in (bits, bias_bits, activation_bits) if value is not None]
    given = [name for name in _FORMAT_OPTIONS if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if given and asked:
        raise click.UsageError(
            f"{_FORMAT_OPTIONS[given[0]]} and widths exclude each other: give formats, or let them be picked"
        )
    if given or (known and not asked):
        return None
    weight = DEFAULT_BITS if bits is None else bits
    return Widths(
        weight, weight if bias_bits is None else bias_bits, weight if activation_bits is None else activation_bits
    )


def _print(found: QuantizationProfile, costs: Sequence[Cost], chosen: Chosen, calibration: Images) -> None:
    click.echo(
        f"{'tensor':<22}{'from':>10}{'to':>10}{'integer':>9}{'format':>14}{'saturating':>12}{'rms error':>11}"
        f"   | {'alone: logit error':>18}{'accuracy':>10}"
    )
    tensors = {tensor.name: tensor for tensor in found.tensors}
    for cost in costs:
        values = f"{'':>29}{chosen.design.activation:>14}{'':>23}" if cost.name == UNIT else _values(tensors[cost.name])
        click.echo(f"{cost.name:<22}{values}   | {cost.logit_error:>18.4f}{cost.accuracy:>10.2%}")
    total = tensors["logits"]
    click.echo(f"{'logits':<22}{_values(total)}   | all: {total.error:>13.4f}{found.accuracy_integer:>10.2%}")
    click.echo(
        f"\naccuracy       float {found.accuracy_float:.2%}   integer {found.accuracy_integer:.2%}   "
        f"same class {found.agreement:.2%}   ({len(calibration):,} images, {calibration.source})"
    )
    formats, ranges = chosen.design.formats, chosen.design.ranges
    click.echo(f"formats        {formats}, {chosen.design.activation} activation")
    click.echo(
        f"stored widths  weights {ranges.weight_bits}, operands {ranges.operand_bits}, "
        f"accumulators {ranges.accumulator_bits} bits"
    )


def _values(tensor: TensorProfile) -> str:
    return (
        f"{tensor.lowest:>10.4f}{tensor.highest:>10.4f}{tensor.integer_bits:>9}{tensor.format:>14}"
        f"{tensor.saturating:>12.3%}{tensor.error:>11.5f}"
    )
