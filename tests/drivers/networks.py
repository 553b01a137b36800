"""Builders of small quantised networks, and images for them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lst_model.activations import DEFAULT
from lst_model.fixed import Formats, QFormat
from lst_model.layers import ColumnTransform, Output, RowTransform, SkipAdd, SkipSave
from lst_model.network import Network
from lst_model.quantize import QuantizedNetwork, weight_format
from lst_model.structure import Transform

Codes = npt.NDArray[np.int64]
Pixels = npt.NDArray[np.uint8]

NARROW = Formats.parse("Q2.4")


def network(
    rows: int, columns: int, *blocks: tuple[int, int], classes: int = 3, skips: tuple[tuple[int, int], ...] = ()
) -> Network:
    """A network of ``(row outputs, column outputs)`` blocks, with skips from block to block, counted from 1."""
    layers: list[RowTransform | ColumnTransform | SkipAdd | SkipSave | Output] = []
    for number, (row, column) in enumerate(blocks, 1):
        layers += [RowTransform(row), ColumnTransform(column)]
        if number in [end for _, end in skips]:
            layers.append(SkipAdd())
        if number in [start for start, _ in skips]:
            layers.append(SkipSave())
    return Network(rows, columns, (*layers, Output(classes)))


def random_codes(rng: np.random.Generator, q: QFormat, shape: tuple[int, ...], extremes: float) -> Codes:
    """Codes of a format, the given share of them at its two ends."""
    codes = rng.integers(q.lowest, q.highest + 1, shape)
    ends = rng.choice([q.lowest, q.highest], shape)
    return np.where(rng.random(shape) < extremes, ends, codes).astype(np.int64)


def quantized(
    described: Network,
    formats: Formats = NARROW,
    activation: str = DEFAULT,
    *,
    seed: int = 0,
    extremes: float = 0.2,
) -> QuantizedNetwork:
    """The network with random weights and biases, ``extremes`` of them at the ends of their formats.

    Fixed transforms have their own weights, and no biases.
    """
    rng = np.random.default_rng(seed)
    stages = described.stages
    weights = tuple(
        weight_format(stage, formats).codes(stage.structure.matrix(stage.outputs, stage.inputs))
        if isinstance(stage.structure, Transform)
        else random_codes(rng, weight_format(stage, formats), (stage.outputs, stage.inputs), extremes)
        for stage in stages
    )
    biases = tuple(
        random_codes(rng, formats.bias, (stage.outputs,), extremes) * stage.structure.has_bias for stage in stages
    )
    return QuantizedNetwork(described, formats, activation, weights, biases, {})


def images(described: Network, count: int, *, seed: int = 0) -> Pixels:
    """Images of a network's size: black, white, random, black and white at random, and so on in turn."""
    rng = np.random.default_rng(seed)
    shape = (described.rows, described.columns)
    kinds = (
        lambda: np.zeros(shape, np.uint8),
        lambda: np.full(shape, 255, np.uint8),
        lambda: rng.integers(0, 256, shape, np.uint8),
        lambda: rng.choice(np.array([0, 255], np.uint8), shape),
    )
    first = int(rng.integers(len(kinds)))
    return np.stack([kinds[(first + k) % len(kinds)]() for k in range(count)])
