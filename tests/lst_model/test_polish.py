"""Polishing: L-BFGS finds the minimum that a mean loss over all images has, and remembers the curvature."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from lst_model.batches import Batch
from lst_model.polish import STEPS, optimizer, polish

# A convex problem with a known minimum: least squares, badly scaled on purpose.
SCALES = torch.logspace(0, 3, 6)
INPUTS = torch.randn(50, 6, generator=torch.Generator().manual_seed(0)) * SCALES
TRUTH = torch.randn(6, generator=torch.Generator().manual_seed(1))


class Line(nn.Module):
    """One weight per input."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(6))


def batches() -> Iterator[Batch]:
    """Two batches of different sizes, whose targets (noise included) pass for labels."""
    noise = torch.randn(50, generator=torch.Generator().manual_seed(2))
    targets = INPUTS @ TRUTH + noise
    for part in (slice(0, 40), slice(40, 50)):
        yield Batch(INPUTS[part], targets[part], None)


def loss_of(model: Line, batch: Batch) -> Tensor:
    return ((batch.images @ model.weight - batch.labels) ** 2).mean()


def test_it_reaches_the_minimum_over_all_images_whatever_the_sizes_of_batches() -> None:
    model = Line()
    stepper = optimizer(model)
    for _ in range(4):
        polish(stepper, batches, lambda batch: loss_of(model, batch))
    images, targets = (torch.cat(parts).double() for parts in list(zip(*batches(), strict=True))[:2])
    best = torch.linalg.lstsq(images, targets[:, None]).solution[:, 0]
    error = (model.weight.detach().double() - best) * SCALES
    assert error.abs().max() < 1e-2


def test_the_loss_of_a_round_is_the_mean_before_it() -> None:
    model = Line()
    stepper = optimizer(model)
    targets = torch.cat([batch.labels for batch in batches()])
    losses = [polish(stepper, batches, lambda batch: loss_of(model, batch)) for _ in range(3)]
    assert losses[0] == pytest.approx(float((targets**2).mean()), rel=1e-5)
    assert losses == sorted(losses, reverse=True)


def test_a_round_takes_its_steps_and_the_next_one_goes_on_with_the_curvature() -> None:
    model = Line()
    stepper = optimizer(model)
    counts = []
    for _ in range(2):
        polish(stepper, batches, lambda batch: loss_of(model, batch))
        (state,) = stepper.state_dict()["state"].values()
        counts.append((state["n_iter"], len(state["old_dirs"])))
    assert counts[0] == (STEPS, STEPS - 1)
    assert all(later > earlier for earlier, later in zip(*counts, strict=True))
