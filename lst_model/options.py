"""What a user chooses about training, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from .augment import Affine
from .errors import InputError
from .quantization import Quantization


@dataclass(frozen=True)
class TrainingOptions:
    """How to train.

    Attributes
    ----------
    epochs : int
        Passes over the training images.
    batch : int
        Images per step.
    peak_lr : float
        Learning rate at the top of the one-cycle schedule.
    warmup : float
        Share of the steps in which the learning rate rises, above 0 and below 1.
    weight_decay : float
        Decoupled weight decay of AdamW.
    seed : int
        Seed of the initial weights, the order of images and the augmentation.
    holdout : int, optional
        Number of images kept for validation, the same ones whatever the seed; a twelfth of them by default
        (5,000 of MNIST's 60,000).
    augmentation : Affine
        Limits of the random maps.
    versions : int, optional
        Warped versions of the images, drawn once and used in turn, one per epoch; by default every epoch
        draws a new one. Much faster with teachers, which then answer once per version.
    average : float
        Decay per step of the running average of the weights, less at the start; 0 keeps the latest weights.
    distillation : float
        Share of the teachers' soft labels in the loss, 0 to 1; without teachers it has no effect.
    temperature : float
        Softens the teachers' and the student's probabilities for distillation.
    polish : int
        Rounds of second-order steps (:mod:`lst_model.polish`) after the epochs, on all ``versions`` or, without
        them, on the images as they are. Each round counts as an epoch more.
    quantization : Quantization, optional
        Arithmetic to train for; float32 with tanh by default. It excludes polishing, as rounding has no curvature.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    epochs: int = 200
    batch: int = 500
    peak_lr: float = 8e-3
    warmup: float = 0.1
    weight_decay: float = 1e-4
    seed: int = 0
    holdout: int | None = None
    augmentation: Affine = field(default_factory=Affine)
    versions: int | None = None
    average: float = 0.998
    distillation: float = 0.9
    temperature: float = 2.0
    polish: int = 0
    quantization: Quantization | None = None

    def __post_init__(self) -> None:
        _check(self.epochs >= 1, "epochs", self.epochs, "1 or more")
        _check(self.batch >= 1, "batch", self.batch, "1 or more")
        _check(0 < self.peak_lr < math.inf, "peak_lr", self.peak_lr, "a number above 0")
        _check(0 < self.warmup < 1, "warmup", self.warmup, "a share between 0 and 1")
        _check(0 <= self.weight_decay < math.inf, "weight_decay", self.weight_decay, "0 or more")
        _check(0 <= self.seed < 2**63, "seed", self.seed, "an integer from 0 to 2**63 - 1")
        _check(self.holdout is None or self.holdout >= 1, "holdout", self.holdout, "1 or more")
        _check(self.versions is None or self.versions >= 1, "versions", self.versions, "1 or more")
        _check(0 <= self.average < 1, "average", self.average, "0 or more, below 1")
        _check(0 <= self.distillation <= 1, "distillation", self.distillation, "0 to 1")
        _check(0 < self.temperature < math.inf, "temperature", self.temperature, "a number above 0")
        _check(self.polish >= 0, "polish", self.polish, "0 or more")
        if self.quantization is not None:
            _check(self.polish == 0, "polish", self.polish, "0 with quantization, whose rounding has no curvature")

    @property
    def rounds(self) -> int:
        """Epochs and rounds of polishing."""
        return self.epochs + self.polish


def _check(valid: bool, name: str, value: object, remedy: str) -> None:
    if not valid:
        raise InputError(f"training option {name} is {value}: choose {remedy}")
