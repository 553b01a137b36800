"""Training: AdamW, one cycle of the learning rate, augmentation, distillation and averaged weights.

With :attr:`TrainingOptions.polish` rounds of L-BFGS follow, which go on with the averaged weights. With
:attr:`TrainingOptions.quantization` the network computes in the accelerator's integers while it learns.

Only training images enter; part of them is held out for validation. The test set is the caller's business.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import LBFGS, Optimizer
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from . import checkpoint, polish
from .annealing import averaging, one_cycle
from .batches import Batch, Batches
from .data import Images
from .errors import InputError
from .holdout import hold_out
from .module import LST, normalise
from .network import Network
from .options import TrainingOptions
from .qat import QuantizedLST
from .resumption import config, difference

BEST = "best.pt"
LAST = "last.pt"
_EVALUATION_BATCH = 1000


@dataclass(frozen=True)
class Epoch:
    """What is known after an epoch: its number from 1, mean loss, and the averaged weights' validation scores.

    A round of polishing is an epoch with learning rate 0.
    """

    epoch: int
    learning_rate: float
    loss: float
    validation_loss: float
    validation_accuracy: float
    seconds: float


@dataclass(frozen=True)
class TrainingResult:
    """All epochs of a run, the one with the lowest validation loss, and that epoch's model.

    The model of a run with quantisation is a :class:`QuantizedLST`; ``best.pt`` has its codes in float32.
    """

    epochs: tuple[Epoch, ...]
    best: Epoch
    model: LST


@torch.no_grad()
def evaluate(model: nn.Module, images: Images) -> tuple[float, float]:
    """Mean cross-entropy and accuracy (0 to 1) of a model's classes."""
    pixels, labels = torch.from_numpy(images.pixels), torch.from_numpy(images.labels)
    batches = zip(torch.split(pixels, _EVALUATION_BATCH), torch.split(labels, _EVALUATION_BATCH), strict=True)
    loss, right = 0.0, 0
    for batch, truth in batches:
        logits = model(normalise(batch))
        loss += float(functional.cross_entropy(logits, truth, reduction="sum"))
        right += int((logits.argmax(1) == truth).sum())
    return loss / len(labels), right / len(labels)


def train(
    network: Network,
    images: Images,
    options: TrainingOptions,
    directory: Path,
    *,
    initial: LST | None = None,
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
    initial : LST, optional
        A model of the same network to start from; random weights by default.
    teachers : sequence of LST
        Models for the same images whose averaged probabilities the network learns besides the labels.
    metadata : mapping, optional
        Plain values stored in both checkpoints.
    resume : bool
        Continue from ``last.pt``. The weights come out as if the run had never stopped. A run, even a finished
        one, can be resumed with more rounds of polishing.
    on_step : callable, optional
        Called after every step with the number of finished steps and of all steps, through all epochs;
        a round of polishing counts as one epoch's steps for each of its own.
    on_epoch : callable, optional
        Called after every epoch, and for the finished epochs of a resumed run.

    Raises
    ------
    InputError
        If images and network do not fit, the loss diverges, or a run cannot be resumed: no ``last.pt``
        there, made with another network, options, data, initial model or teachers, or polished further.
    """
    images.check_fits(network)
    for teacher in teachers:
        _check_teacher(teacher.network, network)
    if initial is not None and initial.network != network:
        raise InputError(f"cannot start {network.title} from the weights of {initial.network.title}: sizes differ")
    # Initial weights come from the global generator, whose state is the caller's.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        run = _Run(network, images, options, initial, teachers)
    if resume:
        run.restore(directory / LAST)
    if options.quantization is not None:
        metadata = {**(metadata or {}), "quantization": options.quantization.as_dict()}
    on_epoch = on_epoch or (lambda epoch: None)
    on_step = on_step or (lambda done, steps: None)
    for epoch in run.epochs:
        on_epoch(epoch)
    while len(run.epochs) < options.rounds:
        epoch = run.epoch(on_step)
        about = {**(metadata or {}), "epoch": epoch.epoch, "validation_accuracy": epoch.validation_accuracy}
        if run.best == epoch:
            checkpoint.save(directory / BEST, run.result, **about)
        checkpoint.save(directory / LAST, run.result, **about, training=run.state())
        on_epoch(epoch)
    with torch.random.fork_rng(devices=[]):
        model = _model(network, options, checkpoint.load(directory / BEST))
    return TrainingResult(tuple(run.epochs), run.best, model.eval())


class _Run:
    """Everything that changes while training, with its state for a checkpoint."""

    def __init__(
        self,
        network: Network,
        images: Images,
        options: TrainingOptions,
        initial: LST | None,
        teachers: Sequence[LST],
    ) -> None:
        self.options = options
        self.config = config(network, images, options, initial, teachers)
        self.epochs: list[Epoch] = []
        kept, self.held = hold_out(images, options.holdout)
        self.batches = Batches(torch.from_numpy(kept.pixels), torch.from_numpy(kept.labels), options, teachers)
        self.model = _model(network, options, initial)
        self.generator = torch.Generator().manual_seed(options.seed)
        self.average = AveragedModel(self.model, avg_fn=averaging(options.average))
        self.optimizer: Optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=options.peak_lr, weight_decay=options.weight_decay, fused=True
        )
        self.steps_per_epoch = math.ceil(len(kept) / options.batch)
        self.steps = options.epochs * self.steps_per_epoch
        # Each step of polishing reads as many images as an epoch, or more.
        self.all_steps = self.steps + options.polish * polish.STEPS * self.steps_per_epoch
        self.schedule = LambdaLR(self.optimizer, one_cycle(self.steps, options.warmup))

    @property
    def best(self) -> Epoch:
        """The epoch with the lowest validation loss, which is far less noisy than the accuracy."""
        return min(self.epochs, key=lambda epoch: epoch.validation_loss)

    @property
    def averaged(self) -> LST:
        """The model with averaged weights."""
        model = self.average.module
        assert isinstance(model, LST)
        return model

    @property
    def result(self) -> LST:
        """The float model to store: averaged weights, as their codes in a run with quantisation."""
        model = self.averaged
        return model.rounded() if isinstance(model, QuantizedLST) else model

    def epoch(self, on_step: Callable[[int, int], None]) -> Epoch:
        """Run one epoch, or round of polishing, and evaluate the averaged weights on the held-out images."""
        begin = time.perf_counter()
        learns = len(self.epochs) < self.options.epochs
        learning_rate, loss = self._learn(on_step) if learns else self._polish(on_step)
        if not math.isfinite(loss):
            raise InputError(f"training diverged in epoch {len(self.epochs) + 1}: choose a lower learning rate")
        validation_loss, accuracy = evaluate(self.averaged, self.held)
        done = Epoch(
            epoch=len(self.epochs) + 1,
            learning_rate=learning_rate,
            loss=loss,
            validation_loss=validation_loss,
            validation_accuracy=accuracy,
            seconds=time.perf_counter() - begin,
        )
        self.epochs.append(done)
        return done

    def _learn(self, on_step: Callable[[int, int], None]) -> tuple[float, float]:
        """An epoch of AdamW: its last learning rate and its mean loss."""
        total, count = 0.0, 0
        for number, batch in enumerate(self.batches.epoch(len(self.epochs), self.generator), 1):
            learning_rate = float(self.schedule.get_last_lr()[0])
            loss = self._loss(self.model, batch)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.schedule.step()
            self.average.update_parameters(self.model)
            total += float(loss.detach()) * len(batch.labels)
            count += len(batch.labels)
            on_step(len(self.epochs) * self.steps_per_epoch + number, self.all_steps)
        return learning_rate, total / count

    def _polish(self, on_step: Callable[[int, int], None]) -> tuple[float, float]:
        """A round of L-BFGS on the averaged weights: 0 for a learning rate and the mean loss before it."""
        if not isinstance(self.optimizer, LBFGS):
            self.optimizer = polish.optimizer(self.averaged)
        loss = polish.polish(self.optimizer, self.batches.fixed, lambda batch: self._loss(self.averaged, batch))
        rounds = len(self.epochs) + 1 - self.options.epochs
        on_step(self.steps + rounds * polish.STEPS * self.steps_per_epoch, self.all_steps)
        return 0.0, loss

    def _loss(self, model: LST, batch: Batch) -> Tensor:
        logits = model(batch.images)
        hard = functional.cross_entropy(logits, batch.labels)
        if batch.taught is None:
            return hard
        temperature, share = self.options.temperature, self.options.distillation
        soft = functional.cross_entropy(logits / temperature, batch.taught) * temperature**2
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
        if changed := difference(state.get("config"), self.config):
            raise InputError(f"{path}: cannot resume, {changed}; repeat the first command, or choose another folder")
        try:
            self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]
            self.model.load_state_dict(state["model"])
            self.average.load_state_dict(state["average"])
            if len(self.epochs) > self.options.epochs:
                self.optimizer = polish.optimizer(self.averaged)
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.generator.set_state(state["generator"])
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError):
            raise InputError(f"{path}: its training state is damaged; start again without --resume") from None
        if (polished := len(self.epochs) - self.options.epochs) > self.options.polish:
            raise InputError(f"{path}: has {polished} rounds of polishing already; resume with --polish {polished}")


def _model(network: Network, options: TrainingOptions, initial: LST | None) -> LST:
    """A network in the chosen arithmetic, with the weights of another or random ones."""
    if options.quantization is not None:
        quantized = QuantizedLST(network, options.quantization)
        if initial is not None:
            quantized.start_from(initial)
        return quantized
    model = LST(network)
    if initial is not None:
        model.load_state_dict(initial.state_dict())
    return model


def _check_teacher(teacher: Network, student: Network) -> None:
    shapes = [(network.rows, network.columns, network.classes) for network in (teacher, student)]
    if shapes[0] != shapes[1]:
        ours, theirs = (f"{rows}x{columns} pixels and tells {classes} classes" for rows, columns, classes in shapes)
        raise InputError(
            f"teacher {teacher.title} reads {ours}, the network {theirs}; choose a teacher for the same images"
        )
