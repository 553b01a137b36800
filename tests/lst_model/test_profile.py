"""Profile of a quantisation: range, saturation, error, cost."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drivers.networks import images, network

from lst_model.calibrate import UNIT, Calibration
from lst_model.data import Images
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.profile import QuantizationProfile, profile
from lst_model.quantize import quantize

NETWORK = network(4, 5, (3, 3), classes=3)
IMAGES = Images(images(NETWORK, 8), np.arange(8) % 3, "made up", False)


def model() -> LST:
    torch.manual_seed(0)
    return LST(NETWORK)


def profiled(chosen: LST, formats: str, activation: str = "second-order") -> QuantizationProfile:
    return profile(Calibration(chosen, IMAGES), quantize(chosen, Formats.parse(formats), activation))


def test_every_tensor_is_listed_in_the_order_of_the_data_flow_and_the_unit_last() -> None:
    assert [tensor.name for tensor in profiled(model(), "Q5.7").tensors] == [
        *("input", "block1.row.weight", "block1.row.bias", "row_embedding"),
        *("block1.column.weight", "block1.column.bias", "column_embedding"),
        *("output.weight", "output.bias", UNIT),
    ]


def test_rounding_error_is_at_most_half_a_step_and_shrinks_with_the_format() -> None:
    errors = []
    for formats in ("Q3.4", "Q3.6", "Q3.8"):
        found = profiled(model(), formats)
        weight = found.tensors[1]
        assert weight.saturating == 0
        assert weight.error is not None
        assert 0 < weight.error <= 0.5 / Formats.parse(formats).weight.scale
        errors.append((found.logit_error, weight.logit_error))
    assert errors == sorted(errors, reverse=True)


def test_saturation_is_the_share_of_values_outside_the_format() -> None:
    wide = model()
    with torch.no_grad():
        wide.linear(NETWORK.stages[0]).weight.view(-1)[:3] = 5.0
    weight, column_weight = (profiled(wide, "Q2.6").tensors[index] for index in (1, 4))
    assert weight.saturating == pytest.approx(3 / 15)
    assert weight.highest == 5.0
    assert weight.integer_bits == 4
    assert column_weight.saturating == 0


def test_unit_costs_its_difference_to_tanh_whatever_the_format() -> None:
    coarse, fine, table = (
        profiled(model(), formats, unit).tensors[-1]
        for formats, unit in (("Q3.3", "second-order"), ("Q3.9", "second-order"), ("Q3.9", "table"))
    )
    assert (coarse.format, table.format) == ("second-order", "table")
    assert coarse.logit_error == fine.logit_error > 100 * table.logit_error


def test_json_names_the_integer_bits_that_each_range_needs() -> None:
    found = profiled(model(), "Q2.6").as_dict()
    assert [tensor["integer_bits"] for tensor in found["tensors"]][-1] is None
    # The brightest pixel is 1, one more than Q1.n holds.
    assert found["tensors"][0]["integer_bits"] == 2
