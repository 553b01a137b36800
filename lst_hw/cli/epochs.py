"""Progress of a training run on a terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from lst_model import training


class EpochBar:
    """Progress bar on standard error, with the latest scores; silent when that is no terminal."""

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[score]}"))
        console = Console(stderr=True)
        self._progress = Progress(*columns, TimeRemainingColumn(), console=console, disable=not sys.stderr.isatty())
        self._task = self._progress.add_task(f"epoch 1/{epochs}", total=None, score="")

    def __enter__(self) -> EpochBar:
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def step(self, done: int, steps: int) -> None:
        """Show how many steps of all are done."""
        self._progress.update(self._task, completed=done, total=steps)

    def epoch(self, epoch: training.Epoch) -> None:
        """Show the scores of an epoch."""
        score = f"loss {epoch.loss:.4f}, validation {epoch.validation_accuracy:.2%}"
        description = f"epoch {min(epoch.epoch + 1, self._epochs)}/{self._epochs}"
        self._progress.update(self._task, description=description, score=score)
