"""What a user asks for: lists whose every combination is a point."""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from lst_model import activations, checkpoint
from lst_model.augment import Affine
from lst_model.blocks import parse_blocks
from lst_model.calibrate import Widths
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.network import NAMED, Network, lst
from lst_model.options import TrainingOptions
from lst_model.quantize import QuantizedNetwork

from ..design import Design
from .point import Point, Stored, Training, digest_of

HARDWARE = {"pes": "pes", "multipliers": "multiplier", "lanes": "lanes"}
"""Lists of hardware options, and the keyword argument of ``Design.of`` that each is for."""

AXES: dict[str, type] = {
    "networks": str,
    "checkpoints": str,
    "seeds": int,
    "formats": str,
    "widths": str,
    "activations": str,
    "pes": int,
    "multipliers": str,
    "lanes": int,
}
"""The lists of a grid and the type of their entries; ``widths`` may be integers too."""

TRAINING = "training"
# Numbers only: seeds are a list of their own, augmentation is a factor as for `lst-hw train`, there are no teachers.
_NUMBERS = {field.name for field in fields(TrainingOptions) if field.type in ("int", "float", "int | None")}
_OPTIONS = _NUMBERS - {"seed", "distillation", "temperature"} | {"augment"}


@dataclass(frozen=True)
class Grid:
    """A validated grid.

    Attributes
    ----------
    axes : dict
        The lists that were given, by name, each without an entry twice.
    training : dict
        Training options that were given: fields of :class:`TrainingOptions`, and ``augment``, the factor
        of the augmentation.

    Raises
    ------
    InputError
        If a list is unknown, empty or of the wrong type, or two of them contradict each other.
    """

    axes: Mapping[str, tuple[Any, ...]]
    training: Mapping[str, Any]

    def __post_init__(self) -> None:
        for name, values in self.axes.items():
            _check_axis(name, values)
        given = set(self.axes)
        if not given & {"networks", "checkpoints"}:
            raise InputError("empty grid: list networks to train, or checkpoints")
        for one, other, why in (
            ("networks", "checkpoints", "networks are trained, checkpoints are not"),
            ("checkpoints", "seeds", "nothing is trained"),
            ("formats", "widths", "formats are given, or picked for given widths"),
        ):
            if {one, other} <= given:
                raise InputError(f"inconsistent grid: {one} and {other} exclude each other ({why})")
        if self.training and "checkpoints" in given:
            raise InputError("inconsistent grid: training options and checkpoints exclude each other")
        self.options(0)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for comparison with another grid."""
        return {**{name: list(values) for name, values in self.axes.items()}, TRAINING: dict(self.training)}

    def options(self, seed: int) -> TrainingOptions:
        """The training options for a seed."""
        given = dict(self.training)
        if unknown := sorted(set(given) - _OPTIONS):
            raise InputError(f"unknown training option {unknown[0]!r}: choose from {', '.join(sorted(_OPTIONS))}")
        try:
            augmentation = Affine().scaled(given.pop("augment", 1.0))
            return TrainingOptions(**given, seed=seed, augmentation=augmentation)
        except TypeError:
            raise InputError(f"training options {dict(self.training)}: give numbers") from None

    def points(self, train: Images) -> list[Point]:
        """Every combination, for these training images.

        Raises
        ------
        InputError
            If an entry is not usable: an unknown network, a checkpoint that does not fit the images, a
            format, a number of PEs that a network does not have.
        """
        precisions = [_precision(name, text) for name in ("formats", "widths") for text in self.axes.get(name, ())]
        units = [activations.check(name) for name in self.axes.get("activations", (activations.DEFAULT,))]
        names = [name for name in HARDWARE if name in self.axes]
        hardware = [
            dict(zip((HARDWARE[name] for name in names), values, strict=True))
            for values in itertools.product(*(self.axes[name] for name in names))
        ]
        made = []
        for network, weights in self._weights(train):
            for precision, unit, options in itertools.product(precisions or [Formats()], units, hardware):
                _check_design(network, precision if isinstance(precision, Formats) else Formats(), unit, **options)
                made.append(Point(weights, precision, unit, options))
        return made

    def _weights(self, train: Images) -> Iterator[tuple[Network, Training | Stored]]:
        for name in self.axes.get("checkpoints", ()):
            path = checkpoint.resolve(name)
            network = checkpoint.load(path).network
            train.check_fits(network)
            yield network, Stored(name, hashlib.sha256(path.read_bytes()).hexdigest())
        digest = digest_of(train)
        for text, seed in itertools.product(self.axes.get("networks", ()), self.axes.get("seeds", (0,))):
            network = parse_network(text, train)
            train.check_fits(network)
            yield network, Training(network.as_dict(), asdict(self.options(seed)), digest)


def read(path: Path | None, overrides: Mapping[str, list[Any]], training: Mapping[str, Any]) -> Grid:
    """The grid in a TOML file, with lists and training options of the command line in place of the file's.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML, or the grid is not valid.
    """
    content: dict[str, Any] = {}
    if path is not None:
        try:
            content = tomllib.loads(path.read_text())
        except OSError as error:
            raise InputError(f"{path}: cannot be read ({error.strerror}); give a TOML file with a grid") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not TOML ({str(error).splitlines()[0]})") from None
    stored = content.pop(TRAINING, {})
    if not isinstance(stored, Mapping):
        raise InputError(f"{path}: {TRAINING} is {stored!r}, expected a table [{TRAINING}]")
    for name, values in content.items():
        if not isinstance(values, list):
            raise InputError(f"{path}: {name} is {values!r}, expected a list")
    axes = {**content, **overrides}
    return Grid({name: tuple(dict.fromkeys(values)) for name, values in axes.items()}, {**stored, **training})


def parse_network(text: str, images: Images) -> Network:
    """A network in text.

    A published one by name; embedding sizes of its blocks, ``28+28+28``, with a skip, ``:1-3``; or blocks as in
    :mod:`lst_model.blocks`, ``walsh:16+lst:16``.

    Image size and number of classes come from the images.
    """
    if text in NAMED:
        return NAMED[text]
    rows, columns = map(int, images.pixels.shape[1:])
    classes = int(images.labels.max()) + 1
    if re.match("[a-z]+:", text):
        return parse_blocks(text, rows, columns, classes)
    match = re.fullmatch(r"(\d+(?:\+\d+)*)(?::(\d+)-(\d+))?", text)
    if match is None:
        raise InputError(
            f"unknown network {text!r}: choose one of {', '.join(NAMED)}, or give embedding sizes "
            "such as 16+16, or 28+28+28:1-3 with a skip connection, or blocks such as walsh:16+lst:16"
        )
    embeddings = tuple(int(size) for size in match[1].split("+"))
    skip = (int(match[2]), int(match[3])) if match[2] else None
    return lst(rows, columns, embeddings, classes, skip)


def _precision(axis: str, text: str | int) -> Formats | Widths:
    """``WEIGHT``, or ``WEIGHT/BIAS/ACTIVATION``, as formats or as widths."""
    parts = str(text).split("/")
    if len(parts) == 1:
        parts *= 3
    if len(parts) != 3:
        raise InputError(f"{axis} entry {text!r}: write one, or weight/bias/activation")
    if axis == "formats":
        return Formats.parse(*parts)
    try:
        return Widths(*(int(part) for part in parts))
    except ValueError:
        raise InputError(f"widths entry {text!r}: write a number of bits, or three, such as 4/8/8") from None


@cache
def _check_design(network: Network, formats: Formats, unit: str, **options: Any) -> None:
    """Make a design whose weights are all as large as they can be: what it refuses no worker need try."""
    weights = tuple(np.full((stage.outputs, stage.inputs), formats.weight.highest) for stage in network.stages)
    biases = tuple(np.full(stage.outputs, formats.bias.highest) for stage in network.stages)
    Design.of(QuantizedNetwork(network, formats, unit, weights, biases, {}), **options)


def _check_axis(name: str, values: tuple[Any, ...]) -> None:
    if name not in AXES:
        raise InputError(f"unknown list {name!r} in the grid: choose from {', '.join(AXES)}, or a table [{TRAINING}]")
    if not values:
        raise InputError(f"empty grid: {name} lists nothing")
    kinds = (str, int) if name == "widths" else (AXES[name],)
    for value in values:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise InputError(f"{name} lists {value!r}, expected {AXES[name].__name__}")
