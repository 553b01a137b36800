"""A small training run: easy images, a network for them, and runs that are broken off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lst_model import training
from lst_model.data import Images
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.network import lst
from lst_model.options import TrainingOptions
from lst_model.quantization import Quantization
from lst_model.training import TrainingResult

NETWORK = lst(rows=8, embeddings=(4,), classes=3)
OPTIONS = TrainingOptions(epochs=4, batch=64, peak_lr=2e-2, seed=5, average=0.9)
FORMATS = Formats.parse("Q3.2", "Q3.4", "Q2.4")
POLISHED = replace(OPTIONS, epochs=2, versions=2, polish=3)
QUANTISED = replace(OPTIONS, quantization=Quantization(FORMATS, "hard", (3,)))


def bars(count: int = 360, seed: int = 0) -> Images:
    """Three easy classes: noise with a bright bar at the top, in the middle, or at the bottom."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    pixels = random.integers(0, 80, (count, 8, 8), dtype=np.uint8)
    for image, label in zip(pixels, labels, strict=True):
        image[3 * label : 3 * label + 2] += 150
    return Images(pixels, labels.astype(np.int64), "bars", is_test=False)


def weights(model: LST) -> list[bytes]:
    """Bytes of all parameters."""
    return [parameter.detach().numpy().tobytes() for parameter in model.parameters()]


def train(folder: Path, options: TrainingOptions = OPTIONS, **more: Any) -> TrainingResult:
    """Train the small network, on bars unless other images are given."""
    folder.mkdir(exist_ok=True)
    return training.train(NETWORK, more.pop("images", bars()), options, folder, **more)


class InterruptionError(Exception):
    """Stands for Ctrl-C."""


def interrupted(folder: Path, after: int, **more: Any) -> None:
    """Train until the given step, then break off."""

    def on_step(done: int, steps: int) -> None:
        if done == after:
            raise InterruptionError

    with pytest.raises(InterruptionError):
        train(folder, on_step=on_step, **more)
