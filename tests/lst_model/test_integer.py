"""The integer model against a slow one in plain Python integers, written from the mathematical definition."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
import torch
from drivers.networks import images, network, quantized
from hypothesis import given
from hypothesis import strategies as st

from lst_model.errors import InputError
from lst_model.fixed import Formats, QFormat
from lst_model.integer import IntegerLST
from lst_model.layers import Output, RowTransform
from lst_model.module import LST, normalise
from lst_model.network import Network, lst
from lst_model.quantize import QuantizedNetwork, quantize

HALF = Fraction(1, 2)
Grid = list[list[int]]

NETWORKS = [
    network(3, 4, (5, 2)),
    network(1, 1, (1, 1), classes=2),
    network(4, 2, (3, 3), (2, 4), classes=5),
    network(2, 3, (3, 2), (3, 2), skips=((1, 2),)),
    network(2, 2, (2, 3), (2, 3), (2, 3), skips=((1, 2), (2, 3))),
    network(3, 2, (2, 2), (5, 4), (2, 2), skips=((1, 3),)),
]
FORMATS = [
    Formats.parse("Q5.7"),
    Formats.parse("Q2.2"),
    Formats.parse("Q1.5"),
    Formats.parse("Q3.0", "Q2.4", "Q1.4"),
    Formats.parse("Q2.6", "Q4.1", "Q2.10"),
    Formats.parse("Q2.4", "Q3.2", "Q1.6", "Q5.1"),
    Formats.parse("Q3.0", "Q2.4", "Q1.4", "Q1.7"),
]


class Definition:
    """The network in exact fractions of whole numbers: nothing here is shared with the model but the parameters."""

    def __init__(self, quantized: QuantizedNetwork) -> None:
        self.quantized = quantized
        self.formats = quantized.formats

    def run(self, pixels: Grid) -> dict[str, Any]:
        a = self.formats.activation
        grid = [[nearest((Fraction(p, 255) - HALF) / HALF * a.scale, a) for p in line] for line in pixels]
        stages: dict[str, Any] = {"input": grid}
        saved = grid
        for index, stage in enumerate(self.quantized.network.stages):
            weights = self.quantized.weights[index].tolist()
            biases = self.quantized.biases[index].tolist()
            if isinstance(stage.layer, Output):
                w = self.formats.output or self.formats.weight
                logits = self.sums(weights, biases, [x for line in grid for x in line], w)
                exact = [int(logit * w.scale * a.scale) for logit in logits]
                stages["logits"] = exact
                stages["class"] = exact.index(max(exact))
                continue
            if isinstance(stage.layer, RowTransform):
                grid = [self.line(weights, biases, line) for line in grid]
            else:
                grid = transposed([self.line(weights, biases, line) for line in transposed(grid)])
            if stage.adds_skip:
                grid = [
                    [min(max(x + y, a.lowest), a.highest) for x, y in zip(*lines, strict=True)]
                    for lines in zip(grid, saved, strict=True)
                ]
            if stage.saves_skip:
                saved = grid
            stages[stage.name] = grid
        return stages

    def sums(self, weights: Grid, biases: list[int], line: list[int], w: QFormat) -> list[Fraction]:
        b, a = self.formats.bias, self.formats.activation
        return [
            sum((Fraction(wk, w.scale) * Fraction(x, a.scale) for wk, x in zip(row, line, strict=True)), Fraction())
            + Fraction(bias, b.scale)
            for row, bias in zip(weights, biases, strict=True)
        ]

    def line(self, weights: Grid, biases: list[int], line: list[int]) -> list[int]:
        return [self.activate(total) for total in self.sums(weights, biases, line, self.formats.weight)]

    def activate(self, total: Fraction) -> int:
        """Round and saturate to Q3.n (Q4.n beyond n = 9), then the unit's odd function, rounded and saturated."""
        a = self.formats.activation
        x = Fraction(nearest(total * a.scale, QFormat(3 if a.fraction_bits <= 9 else 4, a.fraction_bits)), a.scale)
        if self.quantized.activation == "hard":
            value = min(abs(x), Fraction(1))
        else:
            value = abs(x) * (1 - abs(x) / 4) if abs(x) < 2 else Fraction(1)
        code = floor(value * a.scale + HALF)
        return min(max(code if x >= 0 else -code, a.lowest), a.highest)


def nearest(value: Fraction, q: QFormat) -> int:
    return min(max(floor(value + HALF), q.lowest), q.highest)


def transposed(grid: Grid) -> Grid:
    return [list(line) for line in zip(*grid, strict=True)]


def assert_defined(case: QuantizedNetwork, pixels: np.ndarray) -> None:
    stages = IntegerLST(case)(torch.from_numpy(pixels))
    definition = Definition(case)
    for number, image in enumerate(pixels.tolist()):
        for name, expected in definition.run(image).items():
            assert stages[name][number].tolist() == expected, name


@pytest.mark.parametrize("unit", ["second-order", "hard"])
@pytest.mark.parametrize("formats", FORMATS, ids=lambda f: ",".join(f.as_dict().values()))
@pytest.mark.parametrize("described", NETWORKS, ids=lambda n: f"{n.title}, {n.rows}x{n.columns}")
def test_every_stage_is_what_the_definition_says(described: Network, formats: Formats, unit: str) -> None:
    for extremes in (0.0, 1.0):
        case = quantized(described, formats, unit, seed=1, extremes=extremes)
        assert_defined(case, images(described, 4))


@given(st.sampled_from(NETWORKS), st.sampled_from(FORMATS), st.integers(0, 2**32), st.sampled_from([0.0, 0.3, 1.0]))
def test_random_parameters_and_images_follow_the_definition(
    described: Network, formats: Formats, seed: int, extremes: float
) -> None:
    case = quantized(described, formats, seed=seed, extremes=extremes)
    assert_defined(case, images(described, 2, seed=seed))


def test_the_table_unit_is_looked_up_like_the_others() -> None:
    case = quantized(lst(5), Formats(), "table")
    stages = IntegerLST(case)(torch.from_numpy(images(case.network, 4)))
    scale = case.formats.activation.scale
    weight, bias = case.weights[0], case.biases[0]
    total = stages["input"].numpy() @ weight.T / scale**2 + bias / scale
    codes = np.clip(np.floor(total * scale + 0.5), -4 * scale, 4 * scale - 1)
    expected = np.floor(np.abs(np.tanh(codes / scale)) * scale + 0.5) * np.sign(codes)
    assert np.array_equal(stages["row_embedding"].numpy(), expected)


def test_stages_have_the_promised_names_shapes_and_types() -> None:
    described = network(4, 2, (3, 5), (2, 6), classes=7)
    stages = IntegerLST(quantized(described))(torch.zeros(2, 4, 2, dtype=torch.uint8))
    assert {name: (tuple(value.shape), value.dtype) for name, value in stages.items()} == {
        "input": ((2, 4, 2), torch.int32),
        "row_embedding_1": ((2, 4, 3), torch.int32),
        "column_embedding_1": ((2, 5, 3), torch.int32),
        "row_embedding_2": ((2, 5, 2), torch.int32),
        "column_embedding_2": ((2, 6, 2), torch.int32),
        "logits": ((2, 7), torch.int64),
        "class": ((2,), torch.int64),
    }


def test_no_images_give_no_results() -> None:
    stages = IntegerLST(quantized(network(2, 2, (2, 2))))(torch.zeros(0, 2, 2, dtype=torch.uint8))
    assert {len(value) for value in stages.values()} == {0}


@pytest.mark.parametrize(("biases", "winner"), [([3, 3, 3], 0), ([1, 3, 3], 1), ([-2, -5, -2], 0), ([0, 1, 2], 2)])
def test_the_lowest_class_wins_a_tie(biases: list[int], winner: int) -> None:
    case = quantized(network(2, 2, (2, 2), classes=3))
    case.weights[-1][:] = 0
    case.biases[-1][:] = biases
    assert IntegerLST(case)(torch.zeros(1, 2, 2, dtype=torch.uint8))["class"].tolist() == [winner]


def test_sums_at_the_widest_formats_and_sizes_are_exact() -> None:
    """256x256 terms of 18 by 18 bits stay below 2**53, and the last bit counts."""
    described = network(256, 256, (256, 256), classes=2)
    case = quantized(described, Formats.parse("Q1.17"), "hard")
    for weight, bias in zip(case.weights, case.biases, strict=True):
        weight[:], bias[:] = case.formats.weight.lowest, 1
    case.weights[-1][1, -1] += 1
    image = torch.full((1, 256, 256), 0, dtype=torch.uint8)
    stages = IntegerLST(case)(image)
    embedding = stages["column_embedding"][0].reshape(-1).tolist()
    expected = [
        sum(w * x for w, x in zip(row, embedding, strict=True)) + (1 << 17) for row in case.weights[-1].tolist()
    ]
    assert stages["logits"][0].tolist() == expected
    assert max(map(abs, expected)) > 2**49


def test_fine_formats_come_close_to_the_float_model() -> None:
    torch.manual_seed(0)
    model = LST(network(8, 6, (7, 5), (7, 5), classes=4, skips=((1, 2),)))
    formats = Formats.parse("Q4.14", "Q4.14", "Q4.12")
    stages = IntegerLST(quantize(model, formats, "table"))(torch.from_numpy(images(model.network, 8)))
    floats = model.trace(normalise(torch.from_numpy(images(model.network, 8))))
    for name, value in floats.items():
        fraction = 26 if name == "logits" else 12
        error = (stages[name].double() / 2**fraction - value).abs().max()
        assert error < 16 / 2**12, name


@pytest.mark.parametrize(
    ("images_", "message"),
    [
        (torch.zeros(1, 3, 4), r"images of shape \(3, 4\) and type torch\.float32: this network takes uint8 of shape"),
        (torch.zeros(1, 4, 3, dtype=torch.uint8), r"images of shape \(4, 3\) and type torch\.uint8: .* \(3, 4\)"),
        (torch.zeros(3, 4, dtype=torch.uint8), r"images of shape \(4,\)"),
    ],
)
def test_images_of_another_size_or_type_are_refused(images_: torch.Tensor, message: str) -> None:
    with pytest.raises(InputError, match=message):
        IntegerLST(quantized(network(3, 4, (2, 2))))(images_)
