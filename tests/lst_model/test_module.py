"""The float model against the paper: formulas, parameter counts, initialisation, accuracy."""

from __future__ import annotations

from math import sqrt, tanh
from pathlib import Path

import pytest
import torch
from drivers.networks import network
from torch import Tensor

from lst_model import checkpoint, data
from lst_model.module import LST, normalise
from lst_model.network import NAMED, Network


@pytest.mark.parametrize(("name", "parameters"), [("lst-1", 9474), ("lst-2", 11098), ("reslst-3", 12722)])
def test_parameter_counts_are_the_paper_s(name: str, parameters: int) -> None:
    assert sum(parameter.numel() for parameter in LST(NAMED[name]).parameters()) == parameters


def test_lst_1_is_the_default() -> None:
    assert LST().network == NAMED["lst-1"]


def test_parameters_are_named_after_the_stages() -> None:
    assert list(LST(NAMED["lst-2"]).state_dict()) == [
        f"{key}.{kind}"
        for key in ("block1.row", "block1.column", "block2.row", "block2.column", "output")
        for kind in ("weight", "bias")
    ]


def block(x: Tensor, model: LST, number: int) -> Tensor:
    """``h = tanh(x W1^T + b1)`` row by row, ``y = tanh(W2 h + b2)`` column by column, in explicit loops."""
    row, column = (model.get_submodule(f"block{number}.{kind}") for kind in ("row", "column"))
    (w1, b1), (w2, b2) = ((each.weight.tolist(), each.bias.tolist()) for each in (row, column))
    pixels = x.tolist()
    h = [[tanh(sum(line[c] * w1[j][c] for c in range(len(line))) + b1[j]) for j in range(len(w1))] for line in pixels]
    y = [[tanh(sum(h[r][j] * w2[i][r] for r in range(len(h))) + b2[i]) for j in range(len(w1))] for i in range(len(w2))]
    return torch.tensor(y)


def logits(y: Tensor, model: LST) -> Tensor:
    output = model.get_submodule("output")
    w, b, grid = output.weight.tolist(), output.bias.tolist(), y.tolist()
    width = len(grid[0])
    return torch.tensor(
        [
            sum(grid[i][j] * w[k][i * width + j] for i in range(len(grid)) for j in range(width)) + b[k]
            for k in range(len(w))
        ]
    )


def seeded(described: Network) -> LST:
    torch.manual_seed(3)
    model = LST(described)
    for parameter in model.parameters():
        torch.nn.init.uniform_(parameter, -0.7, 0.7)
    return model


@torch.no_grad()
def test_lst_1_follows_the_paper_s_formulas() -> None:
    model = seeded(network(3, 5, (4, 2)))
    x = torch.rand(2, 3, 5) * 2 - 1
    values = model.trace(x)
    for image in range(2):
        y = block(x[image], model, 1)
        torch.testing.assert_close(values["column_embedding"][image], y)
        torch.testing.assert_close(values["logits"][image], logits(y, model))
    torch.testing.assert_close(model(x), values["logits"])


@torch.no_grad()
def test_lst_2_is_two_blocks() -> None:
    model = seeded(network(4, 4, (4, 4), (3, 2)))
    x = torch.rand(4, 4) * 2 - 1
    y = block(block(x, model, 1), model, 2)
    torch.testing.assert_close(model(x[None])[0], logits(y, model))


@torch.no_grad()
def test_reslst_3_adds_the_first_block_to_the_third() -> None:
    model = seeded(network(4, 4, (4, 4), (4, 4), (4, 4), skips=((1, 3),)))
    x = torch.rand(4, 4) * 2 - 1
    a = block(x, model, 1)
    y = block(block(a, model, 2), model, 3) + a
    torch.testing.assert_close(model(x[None])[0], logits(y, model))
    torch.testing.assert_close(model.trace(x[None])["column_embedding_3"][0], y)


@torch.no_grad()
def test_chained_skips_add_the_sum() -> None:
    model = seeded(network(4, 4, (4, 4), (4, 4), (4, 4), skips=((1, 2), (2, 3))))
    x = torch.rand(4, 4) * 2 - 1
    a = block(x, model, 1)
    b = block(a, model, 2) + a
    torch.testing.assert_close(model(x[None])[0], logits(block(b, model, 3) + b, model))


def test_another_activation_may_be_chosen() -> None:
    model = LST(network(2, 2, (2, 2)), activation=torch.nn.functional.hardtanh)
    for parameter in model.parameters():
        torch.nn.init.constant_(parameter, 1.0)
    assert model.trace(torch.ones(1, 2, 2))["row_embedding"].eq(1).all()


def test_weights_start_xavier_uniform_and_biases_at_zero() -> None:
    torch.manual_seed(0)
    model = LST()
    for stage in model.network.stages:
        linear, bound = model.linear(stage), sqrt(6 / (stage.inputs + stage.outputs))
        assert linear.weight.abs().max() <= bound
        # A uniform distribution of hundreds of values comes close to its bounds, and to their variance.
        assert linear.weight.abs().max() > 0.95 * bound
        assert linear.weight.std().item() == pytest.approx(bound / sqrt(3), rel=0.1)
        assert linear.bias.eq(0).all()


def test_initialisation_follows_the_seed() -> None:
    torch.manual_seed(0)
    one = LST()
    torch.manual_seed(0)
    two = LST()
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_pixels_are_normalised_to_minus_one_to_one() -> None:
    pixels = torch.tensor([0, 51, 255], dtype=torch.uint8)
    torch.testing.assert_close(normalise(pixels), torch.tensor([-1.0, -0.6, 1.0]))


def test_the_published_checkpoint_is_98_02_percent_right(reference_checkpoint: Path, mnist_dir: Path) -> None:
    model, images = checkpoint.load(reference_checkpoint), data.load("test", mnist_dir)
    with torch.no_grad():
        winners = model(normalise(torch.from_numpy(images.pixels))).argmax(1)
    assert (winners == torch.from_numpy(images.labels)).sum() == 9802
