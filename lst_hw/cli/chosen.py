"""What the design options stand for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from lst_hw.design import Design
from lst_model import checkpoint
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.quantization import Quantization, trained_for
from lst_model.quantize import QuantizedNetwork, quantize

from .options import profile_format


@dataclass(frozen=True)
class Chosen:
    """Float model, integers, hardware."""

    checkpoint: Path
    model: LST
    quantized: QuantizedNetwork
    design: Design


def configuration(chosen: Chosen) -> dict[str, Any]:
    """The design options as a file for ``--config`` holds them: option names without dashes, and values."""
    return {
        **chosen.design.formats.as_options(),
        "activation": chosen.quantized.activation,
        "pes": chosen.design.pes,
        "multiplier": chosen.design.multiplier,
        "lanes": chosen.design.lanes,
        "stream-bits": chosen.design.stream_bits,
    }


def choose(
    checkpoint_name: str,
    weight: str | None,
    bias: str | None,
    activation_format: str | None,
    output_format: str | None,
    activation: str | None,
    pes: int | None,
    multiplier: str,
    lanes: int,
    stream_bits: int,
    strict: bool,
) -> Chosen:
    """Load, quantise and resolve; warns on standard error when parameters saturate.

    Formats and activation unit that are not given are those that the checkpoint was trained in, if it was
    trained in integers, else the profile's or the default. One given format replaces all of them.

    Raises
    ------
    InputError
        For anything that is not usable.
    """
    path = checkpoint.resolve(checkpoint_name)
    others = [bias, activation_format, output_format]
    usual = profile_format() or str(Formats().weight)
    trained = trained_for(path) or Quantization(Formats.parse(usual))
    formats = Formats.parse(weight or usual, *others) if any([weight, *others]) else trained.formats
    model = checkpoint.load(path)
    quantized = quantize(model, formats, activation or trained.activation, allow_saturation=not strict)
    if quantized.saturated:
        click.echo(f"lst-hw: warning: {quantized.saturation_report}", err=True)
    design = Design.of(quantized, pes=pes, multiplier=multiplier, lanes=lanes, stream_bits=stream_bits)
    return Chosen(path, model, quantized, design)
