"""One point of a sweep: everything that determines its result, and the key it is stored under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lst_model.calibrate import Widths
from lst_model.data import Images
from lst_model.fixed import Formats
from lst_model.network import Network


@dataclass(frozen=True)
class DataSet:
    """The images a sweep works on: where a worker finds them, and digests by which it knows them.

    Attributes
    ----------
    place : str or None
        As for ``--data-dir``; not part of any key.
    train, test : str
        Digests of the two splits.
    """

    place: str | None
    train: str
    test: str


@dataclass(frozen=True)
class Training:
    """Weights that are trained: network, training options and training images, in plain values."""

    network: Mapping[str, Any]
    options: Mapping[str, Any]
    images: str

    @property
    def seed(self) -> int:
        """Seed of the run."""
        return int(self.options["seed"])

    def __str__(self) -> str:
        return f"{Network.from_dict(self.network).title} seed {self.seed}"

    @property
    def key(self) -> str:
        """The same for the same training."""
        return key_of({"training": asdict(self)})


@dataclass(frozen=True)
class Stored:
    """Weights from a checkpoint: its name, and the digest of the file."""

    name: str
    digest: str

    @property
    def seed(self) -> int:
        """Seed of training these weights on."""
        return 0

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """The same for the same file content."""
        return key_of({"checkpoint": self.digest})


@dataclass(frozen=True)
class Retraining:
    """Weights that are trained on in the integers they will run in.

    Attributes
    ----------
    base : Training or Stored
        The weights to start from, which also teach.
    precision : Formats or Widths
        As in :class:`Point`; formats are picked before training.
    activation : str
        Name of the activation unit.
    options : mapping
        Training options in plain values.
    images : str
        Digest of the training images.
    calibration : int
        As in :class:`Measures`.
    """

    base: Training | Stored
    precision: Formats | Widths
    activation: str
    options: Mapping[str, Any]
    images: str
    calibration: int

    def __str__(self) -> str:
        return f"{self.base} in {_text_of(self.precision)}, {self.activation}"

    @property
    def key(self) -> str:
        """The same for the same training."""
        return key_of({"retraining": {**asdict(self), "base": self.base.key, "precision": _values(self.precision)}})


Weights = Training | Stored | Retraining


@dataclass(frozen=True)
class Measures:
    """How a point is measured.

    Attributes
    ----------
    images : int
        Test images simulated in the RTL; the integer model always classifies all of them.
    calibration : int
        Training images on which formats of given widths are picked.
    engine : str
        Simulation engine.
    area : bool
        Whether Yosys estimates the area.
    data : DataSet
    """

    images: int
    calibration: int
    engine: str
    area: bool
    data: DataSet

    def as_dict(self) -> dict[str, Any]:
        """Plain values, without the place of the data."""
        return {**asdict(self), "data": {"train": self.data.train, "test": self.data.test}}


@dataclass(frozen=True)
class Point:
    """Weights, number formats and hardware options.

    Attributes
    ----------
    weights : Training or Stored
        In floating point.
    precision : Formats or Widths
        Formats, or the widths for which they are picked from the data.
    activation : str
        Name of the activation unit.
    hardware : mapping
        Keyword arguments of :meth:`~lst_hw.design.Design.of`, those that were chosen.
    retraining : mapping, optional
        Options of training on in integers, in plain values; by default the weights are only rounded.
    """

    weights: Training | Stored
    precision: Formats | Widths
    activation: str
    hardware: Mapping[str, Any]
    retraining: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        hardware = "".join(f", {name} {value}" for name, value in self.hardware.items())
        retrained = f", retrained {self.retrained_epochs} epochs" if self.retraining else ""
        return f"{self.weights}, {_text_of(self.precision)}, {self.activation}{hardware}{retrained}"

    @property
    def retrained_epochs(self) -> int:
        """Epochs of training in integers."""
        return 0 if self.retraining is None else int(self.retraining["epochs"])

    def measured_weights(self, measures: Measures) -> Weights:
        """The weights that are measured: those of the point, or what training them in integers makes of them."""
        if self.retraining is None:
            return self.weights
        images, calibration = measures.data.train, measures.calibration
        return Retraining(self.weights, self.precision, self.activation, self.retraining, images, calibration)

    def key(self, measures: Measures) -> str:
        """The same for the same point measured the same way."""
        return key_of(
            {
                "weights": self.measured_weights(measures).key,
                "precision": _values(self.precision),
                "activation": self.activation,
                "hardware": dict(self.hardware),
                "measures": measures.as_dict(),
            }
        )


def _values(precision: Formats | Widths) -> dict[str, Any]:
    return precision.as_dict() if isinstance(precision, Formats) else asdict(precision)


def _text_of(precision: Formats | Widths) -> str:
    return "/".join(map(str, _values(precision).values()))


def key_of(values: Mapping[str, Any]) -> str:
    """Digest of plain values, whatever their order."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:20]


def digest_of(images: Images) -> str:
    """Digest of pixels and labels."""
    content = np.ascontiguousarray(images.pixels).tobytes() + images.labels.astype(np.int64).tobytes()
    return hashlib.sha256(content).hexdigest()[:20]
