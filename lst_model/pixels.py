"""Normalisation of the raw 8-bit pixel, ``(p / 255 - 0.5) / 0.5``, to a code (``docs/arithmetic.md``, "Input")."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .fixed import QFormat


def pixel_codes(pixels: npt.ArrayLike, activation: QFormat) -> npt.NDArray[np.int64]:
    """``floor(p * 2**(n+1) / 255 + 1/2) - 2**n``, saturated to the activation format; exact in integers."""
    values: npt.NDArray[np.int64] = np.asarray(pixels, dtype=np.int64)
    codes = (values * (4 * activation.scale) + 255) // 510 - activation.scale
    return np.clip(codes, activation.lowest, activation.highest)
