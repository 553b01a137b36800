"""From float parameters to codes: rounding, saturation, refusal."""

from __future__ import annotations

import hashlib
import struct
from dataclasses import replace

import numpy as np
import pytest
import torch
from drivers.networks import network

from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.network import lst
from lst_model.quantize import QuantizedNetwork, quantize

SMALL = network(3, 4, (2, 2), classes=2)


@pytest.fixture
def model() -> LST:
    torch.manual_seed(1)
    model = LST(SMALL)
    for stage in SMALL.stages:
        torch.nn.init.uniform_(model.linear(stage).bias, -0.5, 0.5)
    return model


def test_parameters_are_rounded_to_their_own_formats(model: LST) -> None:
    formats = Formats.parse("Q2.6", "Q3.4", "Q2.3")
    quantized = quantize(model, formats)
    for index, stage in enumerate(SMALL.stages):
        weight, bias = (getattr(model.linear(stage), kind).detach().double().numpy() for kind in ("weight", "bias"))
        assert np.array_equal(quantized.weights[index], np.floor(weight * 64 + 0.5))
        assert np.array_equal(quantized.biases[index], np.floor(bias * 16 + 0.5))
    assert quantized.saturated == {}
    assert quantized.saturation_report == ""


def test_shapes_and_types_follow_the_stages(model: LST) -> None:
    quantized = quantize(model)
    assert [weight.shape for weight in quantized.weights] == [(2, 4), (2, 3), (2, 4)]
    assert [bias.shape for bias in quantized.biases] == [(2,), (2,), (2,)]
    assert {array.dtype for array in (*quantized.weights, *quantized.biases)} == {np.dtype(np.int64)}


def test_defaults_are_q5_7_and_the_second_order_unit(model: LST) -> None:
    quantized = quantize(model)
    assert set(quantized.formats.as_dict().values()) == {"Q5.7"}
    assert quantized.activation == "second-order"
    assert [quantized.accumulator_fraction(stage) for stage in SMALL.stages] == [14, 14, 14]


def test_the_output_layer_may_have_a_format_of_its_own(model: LST) -> None:
    with torch.no_grad():
        for stage in SMALL.stages:
            model.linear(stage).weight.fill_(1.25)
    quantized = quantize(model, Formats.parse("Q2.1", "Q2.2", "Q1.4", "Q4.5"))
    assert [int(weight[0, 0]) for weight in quantized.weights] == [3, 3, 40]
    assert [quantized.accumulator_fraction(stage) for stage in SMALL.stages] == [5, 5, 9]
    assert quantized.logit_fraction == 9
    assert quantized.sha256 != quantize(model, Formats.parse("Q2.1", "Q2.2", "Q1.4")).sha256


def test_values_outside_the_format_saturate_and_are_counted(model: LST) -> None:
    row, output = model.linear(SMALL.stages[0]), model.linear(SMALL.stages[2])
    with torch.no_grad():
        row.weight[0, :3] = torch.tensor([2.0, -2.1, 1.9])
        output.bias[1] = -7.0
    quantized = quantize(model, Formats.parse("Q2.6"))
    assert quantized.weights[0][0, :3].tolist() == [127, -128, 122]
    assert quantized.biases[2][1] == -128
    assert quantized.saturated == {"block1.row.weight": 2, "output.bias": 1}
    report = "3 of 28 parameters saturate: 2 in block1.row.weight, 1 in output.bias"
    assert quantized.saturation_report == report
    with pytest.raises(InputError, match=f"{report}; choose a format with more integer bits"):
        quantize(model, Formats.parse("Q2.6"), allow_saturation=False)


def test_refusing_saturation_accepts_what_fits(model: LST) -> None:
    assert quantize(model, allow_saturation=False).saturated == {}


def test_an_unknown_activation_is_refused(model: LST) -> None:
    with pytest.raises(InputError, match=r"unknown activation 'relu'"):
        quantize(model, activation="relu")


def test_codes_outside_their_format_are_refused(model: LST) -> None:
    quantized = quantize(model)
    weights = tuple(weight.copy() for weight in quantized.weights)
    weights[1][0, 0] = 2048
    with pytest.raises(InputError, match=r"block1\.column\.weight has codes from .* to 2048, outside -2048 to 2047"):
        replace(quantized, weights=weights)
    biases = tuple(bias.copy() for bias in quantized.biases)
    biases[2][0] = -2049
    with pytest.raises(InputError, match=r"output\.bias has codes from -2049 to .*, outside -2048 to 2047"):
        replace(quantized, biases=biases)


def test_arrays_of_the_wrong_shape_are_refused(model: LST) -> None:
    quantized = quantize(model)
    with pytest.raises(
        InputError, match=r"block1\.row: weights \(4, 2\) and biases \(2,\) do not fit a layer of 4 inp"
    ):
        replace(quantized, weights=(quantized.weights[0].T, *quantized.weights[1:]))


def test_a_missing_array_is_a_bug() -> None:
    with pytest.raises(ValueError, match="shorter"):
        QuantizedNetwork(SMALL, Formats(), "hard", (), (), {})


def test_the_paper_s_network_fits_its_format() -> None:
    torch.manual_seed(0)
    assert quantize(LST(lst()), allow_saturation=False).saturation_report == ""


def test_the_digest_is_of_the_documented_bytes(model: LST) -> None:
    quantized = quantize(model, Formats.parse("Q2.6"))
    layers = '{"kind":"row","outputs":2},{"kind":"column","outputs":2},{"classes":2,"kind":"output"}'
    content = (
        '{"activation":"second-order","formats":{"activation":"Q2.6","bias":"Q2.6","weight":"Q2.6"},'
        f'"network":{{"columns":4,"layers":[{layers}],"rows":3}}}}'
    ).encode()
    for weight, bias in zip(quantized.weights, quantized.biases, strict=True):
        content += struct.pack(f"<{weight.size + bias.size}i", *weight.flatten(), *bias)
    assert quantized.sha256 == hashlib.sha256(content).hexdigest()


def test_the_digest_changes_with_every_parameter_and_format(model: LST) -> None:
    quantized = quantize(model)
    digests = {quantized.sha256, replace(quantized, activation="hard").sha256}
    digests.add(replace(quantized, formats=Formats.parse("Q5.7", "Q5.8")).sha256)
    for kind in ("weights", "biases"):
        for index, codes in enumerate(getattr(quantized, kind)):
            changed = codes.copy()
            changed.flat[-1] += 1
            arrays = [*getattr(quantized, kind)]
            arrays[index] = changed
            digests.add(replace(quantized, **{kind: tuple(arrays)}).sha256)
    assert len(digests) == 3 + 2 * len(quantized.weights)
