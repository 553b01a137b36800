"""Training: AdamW, one cycle of the learning rate, augmentation, distillation and averaged weights.

Only training images enter; part of them is held out for validation. The test set is the caller's business.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim.lr_scheduler import OneCycleLR
from torch.optim.swa_utils import AveragedModel

from . import checkpoint
from .augment import Affine
from .data import Images
from .errors import InputError
from .module import LST, normalise
from .network import Network

BEST = "best.pt"
LAST = "last.pt"
_SPLIT_SEED = 0
_EVALUATION_BATCH = 1000


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
    weight_decay : float
        Decoupled weight decay of AdamW.
    seed : int
        Seed of the initial weights, the order of images and the augmentation.
    holdout : int, optional
        Number of images kept for validation, the same ones whatever the seed; a twelfth of them by default
        (5,000 of MNIST's 60,000).
    augmentation : Affine
        Limits of the random affine maps.
    average : float
        Decay per step of the running average of the weights, less at the start; 0 keeps the latest weights.
    distillation : float
        Share of the teachers' soft labels in the loss, 0 to 1; without teachers it has no effect.
    temperature : float
        Softens the teachers' and the student's probabilities for distillation.

    Raises
    ------
    InputError
        If a value is out of range.
    """

    epochs: int = 200
    batch: int = 500
    peak_lr: float = 8e-3
    weight_decay: float = 1e-2
    seed: int = 0
    holdout: int | None = None
    augmentation: Affine = field(default_factory=Affine)
    average: float = 0.998
    distillation: float = 0.9
    temperature: float = 2.0

    def __post_init__(self) -> None:
        _check(self.epochs >= 1, "epochs", self.epochs, "1 or more")
        _check(self.batch >= 1, "batch", self.batch, "1 or more")
        _check(0 < self.peak_lr < math.inf, "peak_lr", self.peak_lr, "a number above 0")
        _check(0 <= self.weight_decay < math.inf, "weight_decay", self.weight_decay, "0 or more")
        _check(0 <= self.seed < 2**63, "seed", self.seed, "an integer from 0 to 2**63 - 1")
        _check(self.holdout is None or self.holdout >= 1, "holdout", self.holdout, "1 or more")
        _check(0 <= self.average < 1, "average", self.average, "0 or more, below 1")
        _check(0 <= self.distillation <= 1, "distillation", self.distillation, "0 to 1")
        _check(0 < self.temperature < math.inf, "temperature", self.temperature, "a number above 0")


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch: its number from 1, mean loss, and the averaged weights' validation scores."""

    epoch: int
    learning_rate: float
    loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class TrainingResult:
    """All epochs of a run, the one with the best validation accuracy, and that epoch's model."""

    epochs: tuple[Epoch, ...]
    best: Epoch
    model: LST


def evaluate(model: nn.Module, images: Images) -> tuple[float, float]:
    """Mean cross-entropy and accuracy (0 to 1) of a model's classes."""
    pixels, labels = torch.from_numpy(images.pixels), torch.from_numpy(images.labels)
    return _evaluate(model, pixels, labels)


def train(
    network: Network,
    images: Images,
    options: TrainingOptions,
    directory: Path,
    *,
    teachers: Sequence[LST] = (),
    metadata: Mapping[str, Any] | None = None,
    resume: bool = False,
    on_step: Callable[[int, int], None] | None = None,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> TrainingResult:
    """Train a network; after every epoch write ``last.pt`` and, when it is the best so far, ``best.pt``.

    Parameters
    ----------
    network : Network
    images : Images
        Training images. The held-out part of them decides which epoch is the best.
    options : TrainingOptions
    directory : Path
        Existing folder for the checkpoints.
    teachers : sequence of LST
        Models for the same images whose averaged probabilities the network learns besides the labels.
    metadata : mapping, optional
        Plain values stored in both checkpoints.
    resume : bool
        Continue from ``last.pt``. The weights come out as if the run had never stopped.
    on_step : callable, optional
        Called after every step with the number of finished steps and of all steps, through all epochs.
    on_epoch : callable, optional
        Called after every epoch, and for the finished epochs of a resumed run.

    Raises
    ------
    InputError
        If images and network do not fit, the loss diverges, or a run cannot be resumed: no ``last.pt``
        there, or made with another network, options, data or teachers.
    """
    images.check_fits(network)
    run = _Run(network, images, options, teachers)
    if resume:
        run.restore(directory / LAST)
    on_epoch = on_epoch or (lambda epoch: None)
    on_step = on_step or (lambda done, steps: None)
    for epoch in run.epochs:
        on_epoch(epoch)
    while len(run.epochs) < options.epochs:
        epoch = run.epoch(on_step)
        about = {**(metadata or {}), "epoch": epoch.epoch, "validation_accuracy": epoch.validation_accuracy}
        if run.best == epoch:
            checkpoint.save(directory / BEST, run.averaged, **about)
        checkpoint.save(directory / LAST, run.averaged, **about, training=run.state())
        on_epoch(epoch)
    return TrainingResult(tuple(run.epochs), run.best, checkpoint.load(directory / BEST))


class _Run:
    """Everything that changes while training, with its state for a checkpoint."""

    def __init__(self, network: Network, images: Images, options: TrainingOptions, teachers: Sequence[LST]) -> None:
        self.options = options
        self.teachers = teachers
        self.config = _config(network, images, options, teachers)
        self.epochs: list[Epoch] = []
        pixels, labels = torch.from_numpy(images.pixels), torch.from_numpy(images.labels)
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(_SPLIT_SEED))
        holdout = math.ceil(len(labels) / 12) if options.holdout is None else options.holdout
        if holdout >= len(labels):
            raise InputError(f"cannot hold out {holdout} of {len(labels)} images: hold out fewer, or give more images")
        self.validation = pixels[order[:holdout]], labels[order[:holdout]]
        self.training = pixels[order[holdout:]], labels[order[holdout:]]
        # The caller's global random state is none of our business.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            self.model = LST(network)
        self.generator = torch.Generator().manual_seed(options.seed)
        self.average = AveragedModel(self.model, avg_fn=_averaging(options.average))
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=options.peak_lr, weight_decay=options.weight_decay, fused=True
        )
        self.steps_per_epoch = math.ceil((len(labels) - holdout) / options.batch)
        self.schedule = OneCycleLR(self.optimizer, options.peak_lr, total_steps=options.epochs * self.steps_per_epoch)

    @property
    def best(self) -> Epoch:
        """The first of the epochs with the highest validation accuracy; among those, the lowest loss wins."""
        return min(self.epochs, key=lambda epoch: (-epoch.validation_accuracy, epoch.validation_loss))

    @property
    def averaged(self) -> LST:
        """The model with averaged weights."""
        model = self.average.module
        assert isinstance(model, LST)
        return model

    def epoch(self, on_step: Callable[[int, int], None]) -> Epoch:
        """Run one epoch and evaluate the averaged weights on the held-out images."""
        begin = time.perf_counter()
        pixels, labels = self.training
        order = torch.randperm(len(labels), generator=self.generator)
        total = 0.0
        for number, chosen in enumerate(torch.split(order, self.options.batch), 1):
            learning_rate = float(self.schedule.get_last_lr()[0])
            batch = normalise(self.options.augmentation(pixels[chosen].float(), self.generator))
            loss = self._loss(batch, labels[chosen])
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.schedule.step()
            self.average.update_parameters(self.model)
            total += float(loss.detach()) * len(chosen)
            on_step(len(self.epochs) * self.steps_per_epoch + number, self.schedule.total_steps)
        if not math.isfinite(total):
            raise InputError(f"training diverged in epoch {len(self.epochs) + 1}: choose a lower learning rate")
        validation_loss, accuracy = _evaluate(self.averaged, *self.validation)
        done = Epoch(
            epoch=len(self.epochs) + 1,
            learning_rate=learning_rate,
            loss=total / len(labels),
            validation_loss=validation_loss,
            validation_accuracy=accuracy,
            seconds=time.perf_counter() - begin,
        )
        self.epochs.append(done)
        return done

    def _loss(self, batch: Tensor, labels: Tensor) -> Tensor:
        logits = self.model(batch)
        hard = functional.cross_entropy(logits, labels)
        if not self.teachers:
            return hard
        temperature, share = self.options.temperature, self.options.distillation
        with torch.no_grad():
            target = torch.stack([(teacher(batch) / temperature).softmax(1) for teacher in self.teachers]).mean(0)
        soft = functional.cross_entropy(logits / temperature, target) * temperature**2
        return (1 - share) * hard + share * soft

    def state(self) -> dict[str, Any]:
        """All of it, as tensors and plain values."""
        return {
            "config": self.config,
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "generator": self.generator.get_state(),
        }

    def restore(self, path: Path) -> None:
        """Take up the state in a checkpoint."""
        if not path.is_file():
            raise InputError(f"{path}: no run to resume; leave out --resume to start one")
        state = checkpoint.read(path).get("training")
        if not isinstance(state, Mapping):
            raise InputError(f"{path}: holds no training state; resume from a {LAST} written by `lst-hw train`")
        if difference := _difference(state.get("config"), self.config):
            raise InputError(f"{path}: cannot resume, {difference}; repeat the first command, or choose another folder")
        try:
            self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.generator.set_state(state["generator"])
        except (KeyError, TypeError, ValueError, RuntimeError):
            raise InputError(f"{path}: its training state is damaged; start again without --resume") from None


def _averaging(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Exponential moving average that forgets the first, random weights sooner than ``decay`` alone would."""

    def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        return averaged.lerp(current, 1 - min(decay, (1 + int(count)) / (10 + int(count))))

    return average


@torch.no_grad()
def _evaluate(model: nn.Module, pixels: Tensor, labels: Tensor) -> tuple[float, float]:
    batches = zip(torch.split(pixels, _EVALUATION_BATCH), torch.split(labels, _EVALUATION_BATCH), strict=True)
    loss, right = 0.0, 0
    for batch, truth in batches:
        logits = model(normalise(batch))
        loss += float(functional.cross_entropy(logits, truth, reduction="sum"))
        right += int((logits.argmax(1) == truth).sum())
    return loss / len(labels), right / len(labels)


def _config(
    network: Network, images: Images, options: TrainingOptions, teachers: Sequence[LST]
) -> dict[str, dict[str, Any]]:
    """What must not change between a run and its resumption, in plain values."""
    return {
        "network": network.as_dict(),
        "options": asdict(options),
        "data": {"digest": _digest([images.pixels, images.labels])},
        "teachers": {"digests": [_digest([p.detach().numpy() for p in model.parameters()]) for model in teachers]},
    }


def _digest(arrays: Sequence[Any]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(array.tobytes())
    return digest.hexdigest()


def _difference(stored: Any, wanted: dict[str, dict[str, Any]]) -> str:
    """What differs first between two configurations; empty when nothing does."""
    stored = stored if isinstance(stored, Mapping) else {}
    for part, values in wanted.items():
        before = stored.get(part)
        if before == values:
            continue
        if part == "options" and isinstance(before, Mapping):
            name = next((name for name in values if before.get(name) != values[name]), "options")
            return f"{name} was {before.get(name)} and is now {values.get(name)}"
        return f"the {part} changed"
    return ""


def _check(valid: bool, name: str, value: object, remedy: str) -> None:
    if not valid:
        raise InputError(f"training option {name} is {value}: choose {remedy}")
