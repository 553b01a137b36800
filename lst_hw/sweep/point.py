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

    def __str__(self) -> str:
        return self.name

    @property
    def key(self) -> str:
        """The same for the same file content."""
        return key_of({"checkpoint": self.digest})


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
    precision : Formats or Widths
        Formats, or the widths for which they are picked from the data.
    activation : str
        Name of the activation unit.
    hardware : mapping
        Keyword arguments of :meth:`~lst_hw.design.Design.of`, those that were chosen.
    """

    weights: Training | Stored
    precision: Formats | Widths
    activation: str
    hardware: Mapping[str, Any]

    def __str__(self) -> str:
        precision = "/".join(map(str, self._precision.values()))
        hardware = "".join(f", {name} {value}" for name, value in self.hardware.items())
        return f"{self.weights}, {precision}, {self.activation}{hardware}"

    @property
    def _precision(self) -> dict[str, Any]:
        return self.precision.as_dict() if isinstance(self.precision, Formats) else asdict(self.precision)

    def key(self, measures: Measures) -> str:
        """The same for the same point measured the same way."""
        return key_of(
            {
                "weights": self.weights.key,
                "precision": self._precision,
                "activation": self.activation,
                "hardware": dict(self.hardware),
                "measures": measures.as_dict(),
            }
        )


def key_of(values: Mapping[str, Any]) -> str:
    """Digest of plain values, whatever their order."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:20]


def digest_of(images: Images) -> str:
    """Digest of pixels and labels."""
    content = np.ascontiguousarray(images.pixels).tobytes() + images.labels.astype(np.int64).tobytes()
    return hashlib.sha256(content).hexdigest()[:20]
