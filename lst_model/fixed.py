"""Signed fixed-point formats Qm.n and the two rounding rules of ``docs/arithmetic.md``."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InputError

MAX_BITS = 18
"""Widest format a user may choose: two 18-bit factors and 65,536 terms stay below 2**53, exact in a float64."""


@dataclass(frozen=True)
class QFormat:
    """Signed fixed point Qm.n as the paper writes it: ``m + n`` bits in all, ``n`` of them fractional.

    A code ``q`` stands for the number ``q / 2**n``; codes run from ``-2**(m+n-1)`` to ``2**(m+n-1) - 1``.
    Q5.7 has 12 bits and covers -16 to 15.9921875.

    Raises
    ------
    InputError
        Unless ``m >= 1``, ``n >= 0`` and ``2 <= m + n <= 32``.
    """

    integer_bits: int
    fraction_bits: int

    def __post_init__(self) -> None:
        if self.integer_bits < 1 or self.fraction_bits < 0 or not 2 <= self.bits <= 32:
            raise InputError(f"format {self}: choose Qm.n with m >= 1, n >= 0 and 2 to {MAX_BITS} bits in all")

    @classmethod
    def parse(cls, text: str) -> QFormat:
        """The format written as ``Q5.7``."""
        match = re.fullmatch(r"[Qq](\d{1,2})\.(\d{1,2})", text.strip())
        if match is None:
            raise InputError(f"format {text!r}: write it as Qm.n, for example Q5.7")
        return cls(int(match[1]), int(match[2]))

    @property
    def bits(self) -> int:
        """Total width."""
        return self.integer_bits + self.fraction_bits

    @property
    def scale(self) -> int:
        """``2**n``: the code of 1.0."""
        return 1 << self.fraction_bits

    @property
    def lowest(self) -> int:
        """Smallest code."""
        return -(1 << (self.bits - 1))

    @property
    def highest(self) -> int:
        """Largest code."""
        return (1 << (self.bits - 1)) - 1

    def __str__(self) -> str:
        return f"Q{self.integer_bits}.{self.fraction_bits}"

    def codes(self, values: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Real numbers to codes: ``floor(v * 2**n + 1/2)``, then saturation."""
        return np.clip(self._rounded(values), self.lowest, self.highest).astype(np.int64)

    def saturating(self, values: npt.ArrayLike) -> int:
        """How many of the real numbers lie outside the format's range after rounding."""
        rounded = self._rounded(values)
        return int(np.count_nonzero((rounded < self.lowest) | (rounded > self.highest)))

    def _rounded(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """``floor(v * 2**n + 1/2)`` without an addition that would itself be rounded."""
        scaled = np.asarray(values, dtype=np.float64) * self.scale
        whole = np.floor(scaled)
        return np.asarray(whole + (scaled - whole >= 0.5), dtype=np.float64)


@dataclass(frozen=True)
class Formats:
    """The formats a user chooses: weights, biases and activations (the input pixel included).

    The output layer's weights may have a format of their own: its sums are not rounded, so that the hardware
    does not depend on their fraction. ``output`` is None where that format is the other weights'.

    Raises
    ------
    InputError
        If a format is wider than 18 bits, or the bias is finer than a product of weight and activation.
    """

    weight: QFormat = QFormat(5, 7)
    bias: QFormat = QFormat(5, 7)
    activation: QFormat = QFormat(5, 7)
    output: QFormat | None = None

    def __post_init__(self) -> None:
        if self.output == self.weight:
            object.__setattr__(self, "output", None)
        for name, text in self.as_dict().items():
            if getattr(self, name).bits > MAX_BITS:
                raise InputError(f"{name} format {text} is too wide: choose at most {MAX_BITS} bits in all")
        for weight in (self.weight, self.output_weight):
            product = weight.fraction_bits + self.activation.fraction_bits
            if self.bias.fraction_bits > product:
                raise InputError(
                    f"bias format {self.bias} is finer than a product of {weight} and {self.activation}: "
                    f"give it at most {product} fractional bits"
                )

    @classmethod
    def parse(
        cls, weight: str, bias: str | None = None, activation: str | None = None, output: str | None = None
    ) -> Formats:
        """Formats from text; a missing one is the weights' format."""
        return cls(*(QFormat.parse(text or weight) for text in (weight, bias, activation, output)))

    def as_dict(self) -> dict[str, str]:
        """``{"weight": "Q5.7", ...}``; ``output`` only where it differs."""
        chosen = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(q) for name, q in chosen.items() if q is not None}

    def as_options(self) -> dict[str, str]:
        """The same keyed like the options of ``lst-hw``: ``{"format": "Q5.7", "bias-format": ...}``."""
        return {"format" if name == "weight" else f"{name}-format": text for name, text in self.as_dict().items()}

    @property
    def output_weight(self) -> QFormat:
        """Format of the output layer's weights."""
        return self.weight if self.output is None else self.output

    def __str__(self) -> str:
        output = "" if self.output is None else f", output weights {self.output}"
        return f"weights {self.weight}{output}, biases {self.bias}, activations {self.activation}"

    @property
    def preactivation(self) -> QFormat:
        """Format of the activation unit's input: the activation's fraction and just enough integer bits.

        Saturating at +-4 (Q3.n) leaves tanh within half a step of 1 up to ``n = 9``; finer fractions take
        one bit more, +-8, enough up to ``n = 21``.
        """
        fraction = self.activation.fraction_bits
        return QFormat(3 if fraction <= 9 else 4, fraction)


def shift_round(value: Any, bits: int) -> Any:
    """``floor(value / 2**bits + 1/2)`` on integers: round to nearest, ties towards plus infinity.

    Works on Python ints, integer arrays and integer tensors alike.
    """
    return value if bits == 0 else (value + (1 << (bits - 1))) >> bits
