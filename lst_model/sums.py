"""Weights as a product of sums (ProdSumNet, arXiv 1809.02209): the description, without torch.

The matrix of a layer is ``F1 * F2 * ... * Fp``. A factor is a sum of fixed matrices, each times one trained
number, or a trained matrix of low rank. :mod:`lst_model.prodsum` is the layer that trains them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from .errors import InputError

FIXED = {
    "gaussian": "independent normal entries",
    "outer": "outer products of two normal vectors, that is, random matrices of rank 1",
    "permutation": "random permutations; the upper left part of one where the factor is not square",
    "dct": "outer products of DCT vectors, lowest frequencies first",
}
"""Bases of fixed matrices by name; each matrix has one trained coefficient."""

RANDOM = frozenset({"gaussian", "outer", "permutation"})
RANK = "rank"
"""The factor that is trained as a whole: an ``outputs x TERMS`` matrix times a ``TERMS x inputs`` one."""
WHOLE = frozenset({"gaussian", "permutation"})
"""Bases whose matrices are stored whole in training, not as two vectors each."""

MAX_FACTORS = 8
MAX_STORED = 2**25
"""Most numbers that the matrices of a sum may have, 256 MB."""

_FORM = "write it as BASIS:TERMS factors joined by *, @SEED at the end, for example gaussian:64*rank:2@1"


@dataclass(frozen=True)
class Factor:
    """A basis and how many of its matrices are summed, or the rank."""

    basis: str
    terms: int

    def __str__(self) -> str:
        return f"{self.basis}:{self.terms}"

    def parameters(self, outputs: int, inputs: int) -> int:
        """Trained numbers of the factor, if it is ``outputs x inputs``."""
        return self.terms * (outputs + inputs) if self.basis == RANK else self.terms


@dataclass(frozen=True)
class ProductOfSums:
    """The weights of a layer as a product of sums.

    Attributes
    ----------
    factors : tuple of Factor
        From left (outputs) to right (inputs), 1 to 8.
    seed : int
        Seed of the random matrices, 0 to ``2**32 - 1``; 0 where none is random.

    Raises
    ------
    InputError
        If there is no factor or too many, a basis is unknown, a factor has no term, or the seed is out of range or
        given without need.
    """

    factors: tuple[Factor, ...]
    seed: int = 0

    has_bias: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 1 <= len(self.factors) <= MAX_FACTORS:
            raise InputError(f"product of {len(self.factors)} sums: choose 1 to {MAX_FACTORS}")
        for factor in self.factors:
            if factor.basis not in FIXED and factor.basis != RANK:
                names = ", ".join((*FIXED, RANK))
                raise InputError(f"weights {self}: unknown basis {factor.basis!r}, choose one of {names}")
            if factor.terms < 1:
                raise InputError(f"weights {self}: a sum of {factor.terms} terms, choose 1 or more")
        if not 0 <= self.seed < 2**32:
            raise InputError(f"weights {self}: seed {self.seed}, choose 0 to {2**32 - 1}")
        if self.seed and not self.is_random:
            raise InputError(f"weights {self}: nothing in them is random, leave out @{self.seed}")

    @classmethod
    def parse(cls, text: str) -> ProductOfSums:
        """The weights written as ``gaussian:64*rank:2@1``; without ``@SEED`` the seed is 0."""
        match = re.fullmatch(r"([^@]*)(?:@(\d{1,10}))?", text.strip())
        parts = [re.fullmatch(r"([a-z][a-z0-9-]*):(\d{1,7})", part) for part in match[1].split("*")] if match else []
        if match is None or not all(parts):
            raise InputError(f"weights {text!r}: {_FORM}")
        factors = tuple(Factor(part[1], int(part[2])) for part in parts if part)
        return cls(factors, int(match[2] or 0))

    def __str__(self) -> str:
        """The one way to write it, which :meth:`parse` reads back."""
        product = "*".join(map(str, self.factors))
        return f"{product}@{self.seed}" if self.is_random else product

    @property
    def family(self) -> str:
        """Networks are not called after it."""
        return ""

    @property
    def is_random(self) -> bool:
        """Whether the seed matters."""
        return any(factor.basis in RANDOM for factor in self.factors)

    def shapes(self, outputs: int, inputs: int) -> list[tuple[int, int]]:
        """Rows and columns of each factor. Inner sizes are the smaller of both, so that no factor limits the rank."""
        inner = min(outputs, inputs)
        sizes = [outputs, *[inner] * (len(self.factors) - 1), inputs]
        return list(pairwise(sizes))

    def parameters(self, outputs: int, inputs: int) -> int:
        """Number of trained parameters of a layer, coefficients and biases.

        Raises
        ------
        InputError
            If they do not fit, see :meth:`check`.
        """
        self.check(outputs, inputs)
        shapes = self.shapes(outputs, inputs)
        return outputs + sum(factor.parameters(*shape) for factor, shape in zip(self.factors, shapes, strict=True))

    def check(self, outputs: int, inputs: int) -> None:
        """Refuse a layer that they are too large for.

        Raises
        ------
        InputError
            If a rank is above the smaller size of its factor, a sum has more terms than the factor has entries, or
            its matrices take more than :data:`MAX_STORED` numbers.
        """
        for factor, (rows, columns) in zip(self.factors, self.shapes(outputs, inputs), strict=True):
            most = min(rows, columns) if factor.basis == RANK else rows * columns
            if factor.basis in WHOLE:
                most = min(most, MAX_STORED // (rows * columns))
            if factor.terms > most:
                fits = f"choose 1 to {most}"
                raise InputError(f"weights {self}: {factor} is too large for {rows}x{columns} weights, {fits}")
