"""A linear layer whose weights are a product of sums, trained through its factors.

:mod:`lst_model.sums` says what that is and how it is written. Hardware never sees the factors: the weights are
folded into one dense matrix, which is quantised and stored like any other.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from .bases import dct_matrix
from .errors import InputError
from .sums import RANK, Factor, ProductOfSums

Values = npt.NDArray[np.float64]
Grid = tuple[int, int]


class ProdSumLinear(nn.Module):
    """``y = W x + b`` with ``W`` a product of sums.

    Only the trained numbers are parameters, and all that is in the state dict: ``factors.N.coefficients [terms]``
    of a sum of fixed matrices, ``factors.N.left [rows, rank]`` and ``.right [rank, columns]`` of a trained factor,
    ``bias [outputs]``. The fixed matrices follow from the description: NumPy keeps the stream of ``RandomState``
    unchanged for good.

    Weights start with the standard deviation of a Xavier-initialised dense layer, biases with zero.

    Parameters
    ----------
    inputs, outputs : int
    sums : ProductOfSums
    grid : (int, int), optional
        Rows and columns of the grid that the inputs are, row by row. The ``dct`` basis then has a 2-D DCT of the
        inputs, see :func:`fixed_matrices`.

    Raises
    ------
    InputError
        If the description does not fit the sizes.
    """

    def __init__(self, inputs: int, outputs: int, sums: ProductOfSums, grid: Grid | None = None) -> None:
        super().__init__()
        sums.check(outputs, inputs)
        self.in_features = inputs
        self.out_features = outputs
        self.sums = sums
        self.grid = grid
        shapes = sums.shapes(outputs, inputs)
        # The grid is that of the layer's inputs, which only the last factor reads.
        self.factors = nn.ModuleList(
            _Trained(factor.terms, shape)
            if factor.basis == RANK
            else _Sum(*fixed_matrices(factor, shape, (sums.seed, number), grid if number == len(shapes) - 1 else None))
            for number, (factor, shape) in enumerate(zip(sums.factors, shapes, strict=True))
        )
        self.bias = nn.Parameter(torch.zeros(outputs))
        self._scale_start()

    @property
    def weight(self) -> Tensor:
        """The folded matrix ``[outputs, inputs]``: computed in float64, then rounded to float32."""
        return self._fold().float()

    def forward(self, x: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``."""
        return functional.linear(x, self.weight, self.bias)

    def _fold(self) -> Tensor:
        product: Tensor = self.factors[0]()
        for factor in self.factors[1:]:
            product = product @ factor()
        return product

    @torch.no_grad()
    def _scale_start(self) -> None:
        xavier = (2 / (self.in_features + self.out_features)) ** 0.5
        share = float(xavier / self._fold().square().mean().sqrt()) ** (1 / len(self.factors))
        for factor in self.factors:
            assert isinstance(factor, _Sum | _Trained)
            factor.scale(share)


class _Sum(nn.Module):
    """``sum_t coefficients[t] * matrix[t]``; a matrix is stored whole, or as the outer product of two vectors."""

    left: Tensor
    right: Tensor

    def __init__(self, left: Values, right: Values | None = None) -> None:
        super().__init__()
        self.register_buffer("left", torch.from_numpy(left), persistent=False)
        self.register_buffer("right", None if right is None else torch.from_numpy(right), persistent=False)
        self.coefficients = nn.Parameter(torch.randn(len(left)))

    def forward(self) -> Tensor:
        coefficients = self.coefficients.double()
        if self.right is None:
            return torch.tensordot(coefficients, self.left, 1)
        return (self.left.T * coefficients) @ self.right

    def scale(self, share: float) -> None:
        self.coefficients.mul_(share)

    def take(self, smaller: _Sum) -> None:
        """Become the same sum: its coefficients, and zeros for what it does not have."""
        self.coefficients.zero_()
        self.coefficients[: len(smaller.coefficients)] = smaller.coefficients


class _Trained(nn.Module):
    """A matrix of low rank: ``left [rows, rank]`` times ``right [rank, columns]``."""

    def __init__(self, rank: int, shape: tuple[int, int]) -> None:
        super().__init__()
        self.left = nn.Parameter(torch.randn(shape[0], rank))
        self.right = nn.Parameter(torch.randn(rank, shape[1]))

    def forward(self) -> Tensor:
        return self.left.double() @ self.right.double()

    def scale(self, share: float) -> None:
        self.left.mul_(share**0.5)
        self.right.mul_(share**0.5)

    def take(self, smaller: _Trained) -> None:
        """Become the same matrix; new columns of ``left`` are zero, new rows of ``right`` random, to learn from."""
        rank = smaller.left.shape[1]
        self.left.zero_()
        self.left[:, :rank] = smaller.left
        self.right[:rank] = smaller.right


def fixed_matrices(
    factor: Factor, shape: tuple[int, int], seed: tuple[int, int], grid: Grid | None = None
) -> tuple[Values] | tuple[Values, Values]:
    """The matrices of a sum; the first ones are the same whatever the number of terms.

    Each has Frobenius norm 1, the random ones on average, so that a coefficient means the same in every basis.

    Parameters
    ----------
    factor : Factor
        A basis of :data:`lst_model.sums.FIXED`, and the number of matrices.
    shape : (int, int)
        Rows and columns of a matrix.
    seed : (int, int)
        Seed of the layer and number of the factor.
    grid : (int, int), optional
        Rows and columns of the grid that a matrix reads. Matrix ``t`` of the ``dct`` basis then has the 2-D DCT
        vector number ``t // rows``, lowest sum of both frequencies first, in row ``t % rows``, as the classes that
        are told from a grid have no order. Without a grid it is the outer product of two DCT vectors, lowest sum of
        both frequencies first.

    Returns
    -------
    (matrices [terms, rows, columns],) or (left [terms, rows], right [terms, columns]) for outer products, float64
    """
    rows, columns = shape
    terms = factor.terms
    random = np.random.RandomState(seed)
    if factor.basis == "gaussian":
        return (random.standard_normal((terms, rows, columns)) / (rows * columns) ** 0.5,)
    if factor.basis == "outer":
        vectors = random.standard_normal((terms, rows + columns))
        return vectors[:, :rows] / rows**0.5, vectors[:, rows:] / columns**0.5
    if factor.basis == "permutation":
        orders = [random.permutation(max(shape)) for _ in range(terms)]
        chosen = np.stack([np.eye(max(shape))[order][:rows, :columns] for order in orders])
        # What is left of a permutation has a 1 in each of its shorter lines.
        return (chosen / min(shape) ** 0.5,)
    return _dct_vectors(terms, rows, columns, grid)


def _dct_vectors(terms: int, rows: int, columns: int, grid: Grid | None) -> tuple[Values, Values]:
    chosen = np.arange(terms)
    if grid is None:
        left, right = _lowest(rows, columns)
        return dct_matrix(rows)[left[chosen]], dct_matrix(columns)[right[chosen]]
    high, wide = dct_matrix(grid[0]), dct_matrix(grid[1])
    pixels = [np.kron(high[k], wide[n]) for k, n, _ in zip(*_lowest(*grid), range(-(-terms // rows)), strict=False)]
    return np.eye(rows)[chosen % rows], np.stack(pixels)[chosen // rows]


def _lowest(rows: int, columns: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All pairs of frequencies, lowest sum first, then lowest first frequency."""
    first, second = np.divmod(np.arange(rows * columns), columns)
    order = np.lexsort((first, first + second))
    return first[order], second[order]


@torch.no_grad()
def grow(layer: ProdSumLinear, sums: ProductOfSums) -> ProdSumLinear:
    """A layer with more terms that computes the same, to go on training with.

    Parameters
    ----------
    layer : ProdSumLinear
    sums : ProductOfSums
        The same factors and seed, with as many terms or more in each.

    Raises
    ------
    InputError
        If a factor has another basis or fewer terms, or their number or the seed differs.
    """
    pairs = list(zip(layer.sums.factors, sums.factors, strict=False))
    same = len(layer.sums.factors) == len(sums.factors) and layer.sums.seed == sums.seed
    if not same or any(old.basis != new.basis or old.terms > new.terms for old, new in pairs):
        raise InputError(f"weights {layer.sums} cannot grow to {sums}: keep bases and seed, and raise the terms")
    grown = ProdSumLinear(layer.in_features, layer.out_features, sums, layer.grid)
    for new, old in zip(grown.factors, layer.factors, strict=True):
        new.take(old)  # type: ignore[operator]
    grown.bias.copy_(layer.bias)
    return grown
