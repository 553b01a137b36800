"""Random numbers for data paths."""

from __future__ import annotations

import numpy as np

from lst_model.ranges import Range


def draw(rng: np.random.Generator, values: Range, shape: int | tuple[int, ...]) -> np.ndarray:
    """Random numbers of a range, a third of them at its ends."""
    ends = rng.choice([values.low, values.high], shape)
    return np.where(rng.random(shape) < 1 / 3, ends, rng.integers(values.low, values.high + 1, shape))
