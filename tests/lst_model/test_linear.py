"""The linear part of a layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lst_model.blocks import parse_blocks
from lst_model.linear import FixedLinear, make_linear
from lst_model.module import LST
from lst_model.structure import parse


def test_a_fixed_transform_is_its_matrix_without_bias_or_state() -> None:
    stage = parse_blocks("walsh:5", rows=8, columns=6).stages[0]
    linear = make_linear(stage)
    assert isinstance(linear, FixedLinear)
    x = torch.randn(3, 8, 6)
    expected = x.numpy() @ parse("walsh:pad/2").matrix(5, 6).T
    np.testing.assert_allclose(linear(x), expected, atol=1e-6)
    assert not list(linear.parameters())
    assert not linear.state_dict()


def test_dense_weights_start_xavier_uniform_with_biases_of_zero() -> None:
    stage = parse_blocks("lst:20", rows=30).stages[0]
    linear = make_linear(stage)
    assert isinstance(linear, nn.Linear)
    limit = (6 / (20 + 30)) ** 0.5
    assert 0.9 * limit < float(linear.weight.detach().abs().max()) <= limit
    assert not linear.bias.detach().any()


@pytest.mark.parametrize("text", ["dct:4", "lst:6,walsh:3,lst:4", "hadamard:8,lst:4"])
def test_a_networks_trained_parameters_are_those_it_counts(text: str) -> None:
    network = parse_blocks(text, rows=7)
    assert sum(parameter.numel() for parameter in LST(network).parameters()) == network.parameters


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("identity", [-2.0, -0.25, 0.0, 0.25, 2.0]),
        ("relu", [0.0, 0.0, 0.0, 0.25, 2.0]),
        ("soft:0.5", [-1.5, 0.0, 0.0, 0.0, 1.5]),
        ("st-relu:0.5", [0.0, 0.0, 0.0, 0.0, 1.5]),
        ("tanh", np.tanh([-2.0, -0.25, 0.0, 0.25, 2.0])),
    ],
)
def test_the_function_follows_the_sums(function: str, expected: list[float]) -> None:
    network = parse_blocks("lst:1", rows=1, columns=1, classes=2, function=function)
    model = LST(network)
    with torch.no_grad():
        model.linear(network.stages[0]).weight.fill_(1)
    x = torch.tensor([-2.0, -0.25, 0.0, 0.25, 2.0]).reshape(5, 1, 1)
    np.testing.assert_allclose(model.trace(x)["row_embedding"].detach().flatten(), expected, atol=1e-6)
