"""What the weights of a layer are made of, in the text form that checkpoints store and the command line takes.

``dense``
    Trained numbers.
``dct``, ``walsh``, ``hadamard``
    A fixed transform without bias: the first ``outputs`` rows of its matrix (:mod:`lst_model.bases`). ``dct/2`` is
    divided by 2; any power of two will do. Walsh (order of sign changes) and Hadamard (natural order) matrices are of
    ``+-1``. ``walsh:pad`` takes sizes that are no power of two: missing inputs count as zeros.
``gaussian:64*rank:2@1``
    A product of sums, trained through its factors: :mod:`lst_model.sums`.

Nothing in this module needs torch.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import ClassVar

from .bases import Matrix, dct_matrix, hadamard_matrix, next_power_of_two, walsh_matrix
from .errors import InputError
from .sums import ProductOfSums

MAX_DIVISOR = 256
"""Largest number that a fixed transform may be divided by."""

MAX_GROWTH = 4
"""The most that :func:`front` lets a value grow."""


@dataclass(frozen=True)
class Dense:
    """Trained weights and biases."""

    has_bias: ClassVar[bool] = True

    def __str__(self) -> str:
        return "dense"

    @property
    def family(self) -> str:
        """Networks are not called after it."""
        return ""

    def check(self, outputs: int, inputs: int) -> None:
        """Every size fits."""

    def parameters(self, outputs: int, inputs: int) -> int:
        """Number of trained parameters, weights and biases."""
        return outputs * (inputs + 1)


@dataclass(frozen=True)
class Transform:
    """A fixed transform without bias.

    Attributes
    ----------
    basis : str
        A key of :data:`BASES`.
    divisor : int
        Power of two that the matrix is divided by, 1 to :data:`MAX_DIVISOR`.
    padded : bool
        Whether inputs up to the next power of two count as zeros.
    """

    basis: str
    divisor: int = 1
    padded: bool = False

    has_bias: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not 1 <= self.divisor <= MAX_DIVISOR or self.divisor & (self.divisor - 1):
            raise InputError(f"transform {self}: divide by a power of two from 1 to {MAX_DIVISOR}")
        if self.padded and self.basis == "dct":
            raise InputError(f"transform {self}: a DCT takes any size, leave out :pad")

    def __str__(self) -> str:
        return f"{self.basis}{':pad' if self.padded else ''}{f'/{self.divisor}' if self.divisor > 1 else ''}"

    @property
    def family(self) -> str:
        """What networks with it are called after."""
        return "DCT" if self.basis == "dct" else "WHT"

    @property
    def has_signs_only(self) -> bool:
        """Whether all entries have the same magnitude."""
        return self.basis != "dct"

    def size(self, inputs: int) -> int:
        """Length of the transform, padding included."""
        return next_power_of_two(inputs) if self.padded else inputs

    def check(self, outputs: int, inputs: int) -> None:
        """Refuse sizes that the transform does not have.

        Raises
        ------
        InputError
            If there is no such transform of ``inputs`` values, or it has fewer than ``outputs`` coefficients.
        """
        size = self.size(inputs)
        if self.has_signs_only and size != next_power_of_two(size):
            raise InputError(f"{self} of {inputs} values: no power of two; choose {self.basis}:pad, or another size")
        if outputs > size:
            raise InputError(f"{self} of {inputs} values: has {size} coefficients, not {outputs}; keep fewer")

    def parameters(self, outputs: int, inputs: int) -> int:
        """Nothing is trained."""
        return 0

    def matrix(self, outputs: int, inputs: int) -> Matrix:
        """The weights ``[outputs, inputs]``."""
        self.check(outputs, inputs)
        return BASES[self.basis](self.size(inputs))[:outputs, :inputs] / self.divisor


BASES = {"dct": dct_matrix, "walsh": walsh_matrix, "hadamard": hadamard_matrix}
"""The fixed transforms by name."""

Structure = Dense | Transform | ProductOfSums

REMEDY = f"choose dense, {', '.join(BASES)} with :pad and /DIVISOR as needed, or sums such as gaussian:64*rank:2@1"


def parse(text: str) -> Structure:
    """The structure that a text stands for; ``str`` gives the text back.

    Raises
    ------
    InputError
        If the text is not understood.
    """
    if text == "dense":
        return Dense()
    if re.search(r"[*@]|:\d", text):
        return ProductOfSums.parse(text)
    match = re.fullmatch(r"([a-z]+)(:pad)?(?:/(\d{1,4}))?", text)
    if match is None or match[1] not in BASES:
        raise InputError(f"unknown weights {text!r}: {REMEDY}")
    return Transform(match[1], int(match[3] or 1), match[2] is not None)


def front(basis: str, size: int) -> Transform:
    """A transform of a side of ``size`` pixels whose results stay small.

    Divided so that it makes values :data:`MAX_GROWTH` times larger at most; two of them, along rows and columns, turn
    pixels of -1 to 1 into -16 to 16. Sizes that are no power of two are padded where need be.

    Raises
    ------
    InputError
        If the basis is unknown.
    """
    if basis not in BASES:
        raise InputError(f"unknown transform {basis!r}: choose one of {', '.join(BASES)}")
    length = next_power_of_two(size)
    # The most that one of them can enlarge a value by.
    growth = math.sqrt(size) if basis == "dct" else length
    divisor = next_power_of_two(max(1, math.ceil(growth / MAX_GROWTH)))
    return Transform(basis, divisor, padded=basis != "dct" and length != size)
