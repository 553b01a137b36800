"""Sweeps without training and simulation: points, rows, and tasks for Dask workers that leave a trace."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lst_hw.sweep.grid import Grid
from lst_hw.sweep.point import DataSet, Measures, Point, Retraining, Training
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.fixed import Formats

MEASURES = Measures(images=10, calibration=20, engine="cxxrtl", area=False, data=DataSet("somewhere", "t", "v"))


def grid(**axes: tuple[Any, ...]) -> Grid:
    """A grid of the given lists; two epochs for what is trained."""
    return Grid(axes, {} if "checkpoints" in axes else {"epochs": 2})


def images(side: int = 8, count: int = 30) -> Images:
    """Random images of ten classes."""
    pixels = np.random.default_rng(0).integers(0, 256, (count, side, side), np.uint8)
    return Images(pixels, np.arange(count) % 10, "made up", False)


def row(**values: Any) -> dict[str, Any]:
    """A row of the table."""
    return {
        "network": "LST-1-8",
        "seed": 0,
        "weight_format": "Q2.6",
        "output_format": "Q2.6",
        "bias_format": "Q2.6",
        "activation_format": "Q1.7",
        "activation": "table",
        "retrained_epochs": 0,
        "pes": 10,
        "multiplier": "dsp",
        "lanes": 1,
        "accuracy": 0.9,
        "test_images": 100,
        "mismatches": 0,
        "parameter_bits": 1000,
        "cycles_per_image": 219,
        "lut": None,
        "ramb18": None,
        **values,
    }


@dataclass(frozen=True)
class Tasks:
    """What workers run instead of training and measuring.

    Every call appends a line to ``folder/log``. ``fails`` makes the steps whose line contains it fail;
    ``kills`` makes the first such step kill its own process.
    """

    folder: Path
    fails: str | None = None
    kills: str | None = None

    def train(self, what: Training, place: DataSet) -> bytes:
        """Weights that name their seed."""
        self._begin(f"train seed {what.seed}")
        return f"weights of seed {what.seed}".encode()

    def retrain(self, what: Retraining, weights: bytes, place: DataSet) -> bytes:
        """The weights, and in what they were trained on."""
        assert isinstance(what.precision, Formats)
        self._begin(f"retrain {weights.decode()} {what.precision.weight}")
        return weights + f" in {what.precision.weight}".encode()

    def measure(self, point: Point, weights: bytes, measures: Measures) -> dict[str, Any]:
        """A row whose network is the weights, and whose parameter bits are their bytes."""
        assert isinstance(point.precision, Formats)
        name = weights.decode(errors="replace")
        self._begin(f"measure {name if name.isprintable() else 'a checkpoint'} {point.precision.weight}")
        return row(network=name, weight_format=str(point.precision.weight), parameter_bits=len(weights))

    @property
    def log(self) -> list[str]:
        """The lines so far, sorted."""
        path = self.folder / "log"
        return sorted(path.read_text().splitlines()) if path.exists() else []

    def _begin(self, line: str) -> None:
        with (self.folder / "log").open("a") as log:
            log.write(f"{line}\n")
        if self.fails is not None and self.fails in line:
            raise InputError(f"{line} is not possible")
        killed = self.folder / "killed"
        if self.kills is not None and self.kills in line and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
