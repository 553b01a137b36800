"""One plain training recipe for every arm of every ablation: no augmentation, no distillation, no selection.

It is not the recipe of the shipped weights. All training images are used and the last epoch counts, so that
the test set chooses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR

from lst_model import training
from lst_model.data import Images
from lst_model.module import normalise

Arms = Mapping[str, Callable[[], nn.Module]]
Row = dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """Epochs, seeds 0 to ``seeds - 1``, images per step, and the top of the one-cycle learning rate of AdamW."""

    epochs: int
    seeds: int
    batch: int = 500
    peak_lr: float = 8e-3


def fit(model: nn.Module, images: Images, recipe: Recipe, seed: int) -> None:
    """Train in place on images."""
    fit_tensors(model, normalise(torch.from_numpy(images.pixels)), torch.from_numpy(images.labels), recipe, seed)


def fit_tensors(model: nn.Module, inputs: Tensor, labels: Tensor, recipe: Recipe, seed: int) -> None:
    """Train in place on what the model reads, and its labels."""
    batch = min(recipe.batch, len(labels) // 20)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.peak_lr, weight_decay=1e-4, fused=True)
    steps = recipe.epochs * -(-len(labels) // batch)
    schedule = OneCycleLR(optimizer, recipe.peak_lr, total_steps=steps, pct_start=0.1)
    for _ in range(recipe.epochs):
        for chosen in torch.randperm(len(labels), generator=generator).split(batch):
            loss = functional.cross_entropy(model(inputs[chosen]), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()


def trials(
    arms: Arms,
    train: Images,
    test: Images,
    recipe: Recipe,
    measure: Callable[[nn.Module], Row] = lambda model: {},
) -> Iterator[Row]:
    """A row for every arm and seed: arm, seed, test accuracy, and what ``measure`` adds."""
    for name, build in arms.items():
        for seed in range(recipe.seeds):
            torch.manual_seed(seed)
            model = build()
            fit(model, train, recipe, seed)
            accuracy = training.evaluate(model, test)[1]
            yield {"arm": name, "seed": seed, "images": test.source, "accuracy": accuracy, **measure(model)}
