"""Networks with product-of-sums weights: stored by their coefficients, generated like any dense network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from drivers.networks import images
from torch.nn import functional

from lst_hw.design import Design
from lst_model import checkpoint
from lst_model.blocks import parse_blocks
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.module import LST, normalise
from lst_model.prodsum import ProdSumLinear
from lst_model.qat import QuantizedLST
from lst_model.quantization import Quantization
from lst_model.quantize import quantize
from sim.engines.amaranth import AmaranthEngine

NETWORK = parse_blocks("lst:4,dct:3", 6, 5, 3, weights="gaussian:7*rank:2@1", output_weights="dct:20")


def _model() -> LST:
    torch.manual_seed(0)
    return LST(NETWORK)


def test_parameters_counted_are_those_trained() -> None:
    assert NETWORK.parameters == sum(parameter.numel() for parameter in _model().parameters())
    # W1 4x5, W2 4x6, output 3x9.
    assert NETWORK.parameters == (7 + 2 * (4 + 5) + 4) + (7 + 2 * (4 + 6) + 4) + (20 + 3)


def test_the_description_is_stored_in_its_canonical_form() -> None:
    layers = parse_blocks("lst:4", weights="gaussian:7", output_weights="rank:2@0").as_dict()["layers"]
    assert [layer["weights"] for layer in layers] == ["gaussian:7@0", "gaussian:7@0", "rank:2"]


def test_a_checkpoint_holds_the_coefficients_and_gives_the_same_weights(tmp_path: Path) -> None:
    model = _model()
    checkpoint.save(tmp_path / "sums.pt", model)
    loaded = checkpoint.load(tmp_path / "sums.pt")
    assert loaded.network == NETWORK
    for stage in NETWORK.stages:
        assert torch.equal(loaded.weight(stage), model.weight(stage))
    assert "block1.row.factors.0.coefficients" in loaded.state_dict()
    assert not [key for key in loaded.state_dict() if key.endswith("weight")]


def test_the_output_layer_has_the_2d_dct_of_its_grid() -> None:
    output = _model().linear(NETWORK.output)
    assert isinstance(output, ProdSumLinear)
    assert output.grid == (3, 3)


def test_the_accelerator_equals_the_integer_model_of_the_folded_weights() -> None:
    model = _model()
    quantized = quantize(model)
    for stage, codes in zip(NETWORK.stages, quantized.weights, strict=True):
        np.testing.assert_array_equal(codes, Formats().weight.codes(model.weight(stage).detach().double().numpy()))
    pixels = images(NETWORK, 2)
    expected = IntegerLST(quantized)(torch.from_numpy(pixels))
    trace = AmaranthEngine(Design.of(quantized)).run(pixels)
    for slot in trace.layout.slots:
        np.testing.assert_array_equal(trace.stage(slot.name), expected[slot.name].numpy(), err_msg=slot.name)


def test_saturating_weights_are_counted_among_those_stored() -> None:
    model = _model()
    with torch.no_grad():
        model.output.factors[0].coefficients.mul_(1000)
    stored = sum(stage.outputs * (stage.inputs + 1) for stage in NETWORK.stages)
    assert stored > NETWORK.parameters
    assert f" of {stored} parameters saturate: " in quantize(model).saturation_report


def test_training_for_integers_moves_the_coefficients_and_computes_the_folded_codes() -> None:
    quantization = Quantization(Formats.parse("Q3.5"))
    model = QuantizedLST(NETWORK, quantization)
    model.start_from(_model())
    pixels = torch.from_numpy(images(NETWORK, 20))
    functional.cross_entropy(model(normalise(pixels)), torch.arange(20) % 3).backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())
    quantized = quantize(model.rounded(), quantization.formats)
    expected = IntegerLST(quantized)(pixels)["logits"] / 2.0**quantized.logit_fraction
    assert torch.equal(model(normalise(pixels)), expected.float())


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ("rank:5", "block1.row: weights rank:5: rank:5 is too large for 4x5 weights, choose 1 to 4"),
        ("rank:1*sine:2", "unknown basis 'sine'"),
        ("gaussian:0@1", "a sum of 0 terms"),
        ("gaussian", "unknown weights 'gaussian': choose dense, dct, .* or sums such as"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_blocks("lst:4", 6, 5, 3, weights=weights)
