"""Every shipped network on the accelerator, with the whole test set."""

from __future__ import annotations

from pathlib import Path

import pytest

from lst_hw.design import Design
from lst_model import checkpoint, data
from lst_model.quantization import Quantization, trained_for
from lst_model.quantize import quantize
from sim.verify import verify


@pytest.mark.slow
@pytest.mark.parametrize("name", checkpoint.shipped())
def test_the_rtl_equals_the_integer_model_on_the_whole_test_set(name: str, mnist_dir: Path) -> None:
    arithmetic = trained_for(name) or Quantization()
    model = checkpoint.load(name)
    quantized = quantize(model, arithmetic.formats, arithmetic.activation)
    report = verify(model, quantized, Design.of(quantized), data.load("test", mnist_dir), engine="cxxrtl")
    assert (report.images, report.mismatches) == (10_000, 0)
