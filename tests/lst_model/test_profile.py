"""Profile of a quantisation: ranges, saturation, error."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drivers.networks import images, network

from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.profile import profile
from lst_model.quantize import quantize

NETWORK = network(4, 5, (3, 3), classes=3)
IMAGES = Images(images(NETWORK, 8), np.arange(8) % 3, "made up", False)


def model() -> LST:
    torch.manual_seed(0)
    return LST(NETWORK)


def test_every_parameter_and_stage_is_listed_in_the_order_of_the_data_flow() -> None:
    found = profile(model(), quantize(model()), IMAGES)
    assert [tensor.name for tensor in found.tensors] == [
        *("block1.row.weight", "block1.row.bias", "block1.column.weight", "block1.column.bias"),
        *("output.weight", "output.bias", "input", "row_embedding", "column_embedding", "logits"),
    ]


def test_rounding_error_is_at_most_half_a_step_and_shrinks_with_the_format() -> None:
    errors = []
    for formats in ("Q3.4", "Q3.6", "Q3.8"):
        found = profile(model(), quantize(model(), Formats.parse(formats)), IMAGES)
        weight = found.tensors[0]
        assert weight.saturating == 0
        assert 0 < weight.error <= 0.5 / Formats.parse(formats).weight.scale
        errors.append(found.tensors[-1].error)
    assert errors == sorted(errors, reverse=True)


def test_saturation_is_the_share_of_values_outside_the_format() -> None:
    wide = model()
    with torch.no_grad():
        wide.linear(NETWORK.stages[0]).weight.view(-1)[:3] = 5.0
    found = profile(wide, quantize(wide, Formats.parse("Q2.6")), IMAGES)
    assert found.tensors[0].saturating == pytest.approx(3 / 15)
    assert found.tensors[0].highest == 5.0
    assert found.tensors[0].integer_bits == 4
    assert found.tensors[2].saturating == 0


def test_images_of_another_size_are_refused() -> None:
    wrong = Images(np.zeros((1, 5, 5), np.uint8), np.zeros(1, np.int64), "made up", False)
    with pytest.raises(InputError, match="5x5"):
        profile(model(), quantize(model()), wrong)


def test_the_brightest_pixel_needs_a_second_integer_bit() -> None:
    # It is 1, one more than Q1.n holds.
    found = {tensor.name: tensor for tensor in profile(model(), quantize(model()), IMAGES).tensors}
    assert (found["input"].highest, found["input"].integer_bits) == (1, 2)
    assert found["row_embedding"].integer_bits == 1
