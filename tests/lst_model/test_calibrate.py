"""Formats picked from calibration images, and tensors quantised one at a time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from drivers.networks import images, network

from lst_model.activations import ACTIVATIONS
from lst_model.calibrate import UNIT, Calibration, Widths, choose_formats, tensors, unit_function
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.fixed import Formats, QFormat
from lst_model.integer import IntegerLST
from lst_model.module import LST
from lst_model.network import Network
from lst_model.quantize import quantize

NETWORK = network(4, 5, (3, 3), classes=3)
SKIPPING = network(4, 4, (3, 3), (3, 3), skips=((1, 2),))
COARSE = Formats.parse("Q3.3")


def calibration(scale: float = 1.0, described: Network = NETWORK) -> Calibration:
    """A random model, its first weight matrix scaled, on a handful of images."""
    torch.manual_seed(0)
    model = LST(described)
    with torch.no_grad():
        model.linear(described.stages[0]).weight.mul_(scale)
    return Calibration(model, Images(images(described, 12), np.arange(12) % 3, "made up", False))


def test_tensors_come_in_the_order_of_the_data_flow_with_the_format_they_take() -> None:
    assert tensors(NETWORK) == {
        "input": "activation",
        "block1.row.weight": "weight",
        "block1.row.bias": "bias",
        "row_embedding": "activation",
        "block1.column.weight": "weight",
        "block1.column.bias": "bias",
        "column_embedding": "activation",
        "output.weight": "output",
        "output.bias": "bias",
    }


def test_with_nothing_quantised_the_logits_are_the_float_models() -> None:
    found = calibration()
    logits = found.quantised_logits([], COARSE)
    assert torch.equal(logits, found.logits)
    assert found.logit_error(logits) == 0


@pytest.mark.parametrize("name", [*tensors(NETWORK), UNIT])
def test_each_tensor_alone_changes_the_logits_and_leaves_the_model_as_it_was(name: str) -> None:
    found = calibration()
    with torch.no_grad():
        for parameter in found.model.parameters():
            parameter.add_(0.03)
    found = Calibration(found.model, found.images)
    before = {key: value.clone() for key, value in found.model.state_dict().items()}
    assert found.logit_error(found.quantised_logits([name], COARSE, "hard")) > 0
    assert all(torch.equal(before[key], value) for key, value in found.model.state_dict().items())


def test_costs_name_every_tensor_and_the_unit_whose_cost_is_its_difference_to_tanh() -> None:
    found = calibration()
    coarse, fine = (found.costs(Formats.parse(formats), "second-order") for formats in ("Q3.3", "Q3.9"))
    assert [cost.name for cost in coarse] == [*tensors(NETWORK), UNIT]
    # Zero biases cost nothing; all else costs less in a finer format, but for the unit.
    assert all(
        c.logit_error > 8 * f.logit_error for c, f in zip(coarse, fine, strict=True) if f.name != UNIT and f.logit_error
    )
    assert coarse[-1] == fine[-1]
    assert coarse[-1].logit_error > 100 * found.costs(COARSE, "table")[-1].logit_error
    assert all(0 <= cost.accuracy <= 1 for cost in coarse)


def test_all_tensors_and_the_unit_together_come_close_to_the_integer_model() -> None:
    found = calibration(described=SKIPPING)
    formats = Formats.parse("Q3.9")
    quantized = quantize(found.model, formats, "second-order")
    together = found.quantised_logits([*found.roles, UNIT], formats, "second-order")
    integers = IntegerLST(quantized)(torch.from_numpy(found.images.pixels))["logits"] / 2**18
    # The integer model rounds pre-activations too: a few steps of 1/512 remain.
    assert (together - integers).abs().max() < 0.05
    assert found.logit_error(together) > 0.05


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_unit_function_agrees_with_the_integer_unit_to_its_rounding(name: str) -> None:
    codes = torch.arange(-(1 << 9), 1 << 9)
    expected = {"second-order": lambda x: x * (1 - x.abs() / 4), "table": torch.tanh, "hard": lambda x: x}[name]
    x = codes / 2**9
    assert (unit_function(name)(x) - expected(x)).abs().max() < 2**-12


def test_unit_function_is_odd_and_saturates_beyond_its_table() -> None:
    unit = unit_function("second-order")
    assert unit(torch.tensor([-100.0, -2.0, 2.0, 100.0])).tolist() == [-1, -1, 1, 1]


def test_picked_formats_have_the_widths_asked_for() -> None:
    picked = choose_formats(calibration(), Widths(6, 9, 7), "table")
    assert (picked.weight.bits, picked.bias.bits, picked.activation.bits) == (6, 9, 7)


def test_larger_weights_get_more_integer_bits() -> None:
    small, large = (choose_formats(calibration(scale), Widths(10, 10, 10), "table") for scale in (1, 8))
    assert large.weight.integer_bits > small.weight.integer_bits


def test_large_output_weights_cost_the_other_layers_no_fraction() -> None:
    found = calibration()
    with torch.no_grad():
        found.model.linear(NETWORK.stages[-1]).weight *= 30
    found = Calibration(found.model, found.images)
    usual, picked = (choose_formats(each, Widths(8, 8, 8), "table") for each in (calibration(), found))
    assert picked.weight == usual.weight
    assert picked.output is not None
    assert picked.output.integer_bits > picked.weight.integer_bits
    assert picked.output.bits == 8


def test_no_split_of_the_width_disturbs_the_logits_less() -> None:
    found = calibration(3)
    picked = choose_formats(found, Widths(7, 7, 7), "table")
    for role, q in (("weight", picked.weight), ("output", picked.output_weight)):
        names = [name for name, its in found.roles.items() if its == role]

        def error(integer_bits: int, role: str = role, names: list[str] = names) -> float:
            formats = Formats(**{"bias": QFormat(7, 0), role: QFormat(integer_bits, 7 - integer_bits)})
            return found.logit_error(found.quantised_logits(names, formats))

        assert error(q.integer_bits) == min(error(integer_bits) for integer_bits in range(1, 8))


def test_parameters_do_not_saturate_where_they_must_not() -> None:
    found = calibration()
    with torch.no_grad():
        found.model.linear(NETWORK.stages[0]).weight[0, 0] = 15.0
    found = Calibration(found.model, found.images)
    clipping, whole = (
        choose_formats(found, Widths(5, 5, 5), "table", allow_saturation=allowed) for allowed in (True, False)
    )
    assert quantize(found.model, clipping).saturated
    assert not quantize(found.model, whole).saturated


@pytest.mark.parametrize(("activation", "fraction"), [("table", 12), ("second-order", 17)])
def test_activations_are_no_finer_than_their_unit_allows(activation: str, fraction: int) -> None:
    picked = choose_formats(calibration(), Widths(18, 18, 18), activation)
    assert picked.activation.fraction_bits <= fraction
    quantize(calibration().model, picked, activation)


def test_biases_are_no_finer_than_a_product() -> None:
    picked = choose_formats(calibration(), Widths(2, 12, 2), "table")
    assert picked.bias.fraction_bits <= picked.weight.fraction_bits + picked.activation.fraction_bits


def test_images_of_another_size_are_refused() -> None:
    wrong = Images(np.zeros((1, 5, 5), np.uint8), np.zeros(1, np.int64), "made up", False)
    with pytest.raises(InputError, match="made up: images of 5x5 pixels do not fit a network for 4x5"):
        Calibration(LST(NETWORK), wrong)


@pytest.mark.parametrize("bits", [1, 19])
def test_widths_out_of_range_are_refused(bits: int) -> None:
    with pytest.raises(InputError, match=f"{bits} bits for the bias format: choose 2 to 18"):
        Widths(8, bits, 8)
