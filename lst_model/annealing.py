"""What changes from step to step of a training run: the learning rate, and how far averaged weights look back."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import Tensor


def one_cycle(steps: int, warmup: float) -> Callable[[int], float]:
    """Share of the peak learning rate at each step: half a cosine up from 1/25, half a cosine down to 0."""
    top = warmup * steps

    def share(step: int) -> float:
        if step < top:
            return 0.04 + 0.96 * (1 - math.cos(math.pi * step / top)) / 2
        return (1 + math.cos(math.pi * (step - top) / (steps - top))) / 2

    return share


def averaging(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Exponential moving average that forgets the first, random weights sooner than ``decay`` alone would."""

    def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        return averaged.lerp(current, 1 - min(decay, (1 + int(count)) / (10 + int(count))))

    return average
