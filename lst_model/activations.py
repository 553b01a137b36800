"""The activation units, specified on integer codes (``docs/arithmetic.md``, "Activation").

Each is a function from a pre-activation code ``p`` to an activation code, both with ``n`` fractional bits,
odd in ``p``. The integer model and the hardware tests use these functions; the hardware implements them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .fixed import Formats, shift_round

Codes = npt.NDArray[np.int64]

MAX_TABLE_FRACTION = 12
"""Finest fraction of the table unit: 2**15 entries, 16 block RAMs."""


def second_order(magnitude: Codes, n: int) -> Codes:
    """``a * (1 - a / 4)`` for ``a < 2``, else 1 (Kwan 1992): one product, rounded to nearest."""
    inside = shift_round(magnitude * ((4 << n) - magnitude), n + 2)
    return np.where(magnitude < (2 << n), inside, 1 << n)


def table(magnitude: Codes, n: int) -> Codes:
    """``tanh(a)`` rounded to nearest."""
    if n > MAX_TABLE_FRACTION:
        raise InputError(
            f"activation table with {n} fractional bits is too large: "
            f"choose at most {MAX_TABLE_FRACTION}, or another activation"
        )
    scale = 1 << n
    return np.array([math.floor(math.tanh(code / scale) * scale + 0.5) for code in magnitude.tolist()], dtype=np.int64)


def hard(magnitude: Codes, n: int) -> Codes:
    """``min(a, 1)``."""
    return np.minimum(magnitude, 1 << n)


ACTIVATIONS: dict[str, Callable[[Codes, int], Codes]] = {
    "second-order": second_order,
    "table": table,
    "hard": hard,
}
"""Activation units by name, as functions of the magnitude ``a >= 0`` and the number of fractional bits."""

DEFAULT = "second-order"


def check(name: str) -> str:
    """The name, if it is one of :data:`ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        raise InputError(f"unknown activation {name!r}: choose one of {', '.join(ACTIVATIONS)}")
    return name


def activation_codes(name: str, preactivation: npt.ArrayLike, formats: Formats) -> Codes:
    """Activation codes of pre-activation codes: the unit's odd function, saturated to the activation format."""
    codes = np.atleast_1d(np.asarray(preactivation, dtype=np.int64))
    positive = ACTIVATIONS[check(name)](np.abs(codes), formats.activation.fraction_bits)
    return np.clip(np.where(codes < 0, -positive, positive), formats.activation.lowest, formats.activation.highest)


def activation_table(name: str, formats: Formats) -> Codes:
    """The activation code of every pre-activation code, from the lowest to the highest."""
    q = formats.preactivation
    return activation_codes(name, np.arange(q.lowest, q.highest + 1), formats)
