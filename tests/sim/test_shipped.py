"""Every shipped network on the accelerator, with the whole test set."""

from __future__ import annotations

from pathlib import Path

import pytest

from lst_hw.design import Design
from lst_model import checkpoint, data
from lst_model.fixed import Formats
from lst_model.quantize import quantize
from sim.verify import verify

FORMATS = ("format", "bias-format", "activation-format")


@pytest.mark.slow
@pytest.mark.parametrize("name", checkpoint.shipped())
def test_the_rtl_equals_the_integer_model_on_the_whole_test_set(name: str, mnist_dir: Path) -> None:
    arithmetic = checkpoint.read(checkpoint.resolve(name)).get("quantization")
    formats = Formats() if arithmetic is None else Formats.parse(*(arithmetic[key] for key in FORMATS))
    model = checkpoint.load(name)
    quantized = quantize(model, formats)
    report = verify(model, quantized, Design.of(quantized), data.load("test", mnist_dir), engine="cxxrtl")
    assert (report.images, report.mismatches) == (10_000, 0)
