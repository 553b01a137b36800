"""What a linear classifier may be given instead of all pixels: as many numbers, chosen in different ways."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lst_model.prodsum import fixed_matrices
from lst_model.sums import Factor
from lst_model.transforms import DCT2d

SIDE = 28
PIXELS = SIDE * SIDE


class Projection(nn.Module):
    """Images ``[n, 28, 28]`` times a fixed matrix ``[features, 784]``."""

    matrix: Tensor

    def __init__(self, matrix: npt.NDArray[np.float64]) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.tensor(matrix, dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.matrix.T


def lowest_block(count: int, seed: int) -> nn.Module:
    """The ``m x m`` lowest frequencies, which are what the array can keep: ``count`` is ``m**2``."""
    return nn.Sequential(DCT2d(SIDE, SIDE, round(count**0.5)), nn.Flatten())


def lowest_diagonals(count: int, seed: int) -> nn.Module:
    """The frequencies with the lowest sum of both coordinates, as in the ``dct`` basis of an output layer."""
    return Projection(fixed_matrices(Factor("dct", count), (1, PIXELS), (0, 0), (SIDE, SIDE))[-1])


def gaussian(count: int, seed: int) -> nn.Module:
    """Projections on random Gaussian vectors, of length 1 on average like the others."""
    return Projection(np.random.RandomState(seed).standard_normal((count, PIXELS)) / SIDE)


def some_pixels(count: int, seed: int) -> nn.Module:
    """Pixels chosen at random."""
    return Projection(np.eye(PIXELS)[np.random.RandomState(seed).permutation(PIXELS)[:count]])


FEATURES: dict[str, Callable[[int, int], nn.Module]] = {
    "DCT, lowest m x m": lowest_block,
    "DCT, lowest diagonals": lowest_diagonals,
    "Gaussian projections": gaussian,
    "random pixels": some_pixels,
}
"""Features by name, as modules made from their number and a seed."""
