"""Polishing: second-order steps on a fixed set of images, after the stochastic ones.

AdamW leaves a small network far from the minimum it lies next to, however long it runs. L-BFGS (Nocedal and Wright,
"Numerical Optimization", algorithm 7.5) follows the curvature there; each of its steps sees all images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.optim import LBFGS

from .batches import Batch

STEPS = 20
"""Steps of L-BFGS in a round, after which the weights are evaluated and stored."""

_HISTORY = 100


def optimizer(model: nn.Module) -> LBFGS:
    """L-BFGS with a strong-Wolfe line search on a model's parameters."""
    # Without tolerances it never declares itself done, which on a mean loss of 0.1 it would do far too soon.
    return LBFGS(
        model.parameters(),
        max_iter=STEPS,
        max_eval=3 * STEPS,
        history_size=_HISTORY,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )


def polish(optimizer: LBFGS, batches: Callable[[], Iterable[Batch]], loss: Callable[[Batch], Tensor]) -> float:
    """One round: :data:`STEPS` steps, fewer at the minimum, each on the exact mean loss and gradient of all images.

    Parameters
    ----------
    optimizer : LBFGS
        From :func:`optimizer`. It keeps its picture of the curvature from round to round.
    batches : callable
        Gives the batches of the fixed set, the same ones at every call.
    loss : callable
        Mean loss of a batch, in the parameters of the optimizer.

    Returns
    -------
    float
        Mean loss before the round.
    """
    images = sum(len(batch.labels) for batch in batches())

    def evaluate() -> Tensor:
        optimizer.zero_grad()
        # In float64: the line search compares losses that differ in the seventh digit.
        total = torch.zeros((), dtype=torch.float64)
        for batch in batches():
            part = loss(batch) * (len(batch.labels) / images)
            part.backward()  # type: ignore[no-untyped-call]
            total += part.detach()
        return total

    return float(optimizer.step(evaluate))  # type: ignore[no-untyped-call]
