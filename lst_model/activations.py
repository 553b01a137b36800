"""The activation units, specified on integer codes (``docs/arithmetic.md``, "Activation").

Each is a function from a pre-activation code ``p`` to an activation code, both with ``n`` fractional bits. Those for
tanh are approximations, odd in ``p``, of which a design uses one; the others compute their function exactly. The
integer model and the hardware tests use these functions; the hardware implements them.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .errors import InputError
from .fixed import Formats, QFormat, shift_round
from .functions import PLAIN, Function

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
"""Units for tanh by name, as functions of the magnitude ``a >= 0`` and the number of fractional bits."""

DEFAULT = "second-order"


def identity(code: Codes, threshold: int) -> Codes:
    """``p``."""
    return code


def relu(code: Codes, threshold: int) -> Codes:
    """``max(p, 0)``."""
    return np.maximum(code, 0)


def soft(code: Codes, threshold: int) -> Codes:
    """``sgn(p) * max(|p| - t, 0)``."""
    magnitude: Codes = np.maximum(np.abs(code) - threshold, 0)
    return np.sign(code) * magnitude


def st_relu(code: Codes, threshold: int) -> Codes:
    """``max(p - t, 0)``."""
    return np.maximum(code - threshold, 0)


EXACT: dict[str, Callable[[Codes, int], Codes]] = {
    "identity": identity,
    "relu": relu,
    "soft": soft,
    "st-relu": st_relu,
}
"""Units of the other functions by name, as functions of the code and the threshold's code."""


def check(name: str) -> str:
    """The name, if it is one of :data:`ACTIVATIONS`."""
    if name not in ACTIVATIONS:
        raise InputError(f"unknown activation {name!r}: choose one of {', '.join(ACTIVATIONS)}")
    return name


def unit_name(function: Function, tanh: str) -> str:
    """Name of the unit that computes a function, ``tanh`` being that of the unit chosen for tanh.

    It is the text of all functions but tanh, threshold included.
    """
    return tanh if function.name == PLAIN[0] else str(function)


def threshold_code(function: Function, formats: Formats) -> int:
    """The threshold as an activation code, rounded to nearest.

    Raises
    ------
    InputError
        If the activation format does not reach that far.
    """
    q = formats.activation
    code = math.floor(function.tau * q.scale + 0.5)
    if code > q.highest:
        raise InputError(f"function {function}: its threshold is beyond the activation format {q}, choose less")
    return code


def activation_codes(unit: str, preactivation: npt.ArrayLike, formats: Formats) -> Codes:
    """Activation codes of pre-activation codes: the unit's function, saturated to the activation format.

    ``unit`` is one of :data:`ACTIVATIONS`, or the text of another function (:func:`unit_name`).
    """
    codes = np.atleast_1d(np.asarray(preactivation, dtype=np.int64))
    q = formats.activation
    if unit.partition(":")[0] in EXACT:
        function = Function.parse(unit)
        values = EXACT[function.name](codes, threshold_code(function, formats))
    else:
        positive = ACTIVATIONS[check(unit)](np.abs(codes), q.fraction_bits)
        values = np.where(codes < 0, -positive, positive)
    return np.clip(values, q.lowest, q.highest)


def activation_table(unit: str, formats: Formats, preactivation: QFormat | None = None) -> Codes:
    """The activation code of every pre-activation code, from the lowest to the highest.

    Pre-activations are in :attr:`~lst_model.fixed.Formats.preactivation` unless another format is given.
    """
    q = formats.preactivation if preactivation is None else preactivation
    return activation_codes(unit, np.arange(q.lowest, q.highest + 1), formats)
