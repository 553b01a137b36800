"""What a user asks for: lists whose every combination is a point."""

from __future__ import annotations

import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
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
from lst_model.quantization import Quantization, trained_for
from lst_model.quantize import QuantizedNetwork, weight_format

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
    "retrain": int,
    "pes": int,
    "multipliers": str,
    "lanes": int,
}
"""The lists of a grid and the type of their entries; ``widths`` may be integers too.

``retrain`` lists epochs of training on in integers, 0 for none.
"""

TRAINING = "training"
RETRAINING = "retraining"
# With few bits averaged weights say little about their codes, docs/quantisation.md.
_RETRAINING_DEFAULTS = {"peak_lr": 1e-3, "average": 0.0, "augment": 0.5}
# Numbers only: seeds are a list of their own, augmentation is a factor as for `lst-hw train`, there are no teachers.
_NUMBERS = {each.name for each in fields(TrainingOptions) if each.type in ("int", "float", "int | None")}
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
    retraining : dict
        The same for training on in integers.

    Raises
    ------
    InputError
        If a list is unknown, empty or of the wrong type, or two of them contradict each other.
    """

    axes: Mapping[str, tuple[Any, ...]]
    training: Mapping[str, Any]
    retraining: Mapping[str, Any] = field(default_factory=dict)

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
        if self.retraining and not any(self.axes.get("retrain", ())):
            raise InputError(f"inconsistent grid: a table [{RETRAINING}], but no epochs in a list retrain")
        if "epochs" in self.retraining:
            raise InputError(f"inconsistent grid: epochs in [{RETRAINING}]; give them as a list, retrain")
        self.options(0)
        for epochs in self.axes.get("retrain", ()):
            self.retraining_options(epochs, 0)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for comparison with another grid."""
        lists = {name: list(values) for name, values in self.axes.items()}
        tables = {TRAINING: dict(self.training), **({RETRAINING: dict(self.retraining)} if self.retraining else {})}
        return {**lists, **tables}

    def options(self, seed: int) -> TrainingOptions:
        """The training options for a seed."""
        return _options(self.training, seed)

    def retraining_options(self, epochs: int, seed: int) -> TrainingOptions | None:
        """The options of training on in integers; None for no epochs."""
        if epochs == 0:
            return None
        options = _options({**_RETRAINING_DEFAULTS, **self.retraining, "epochs": epochs}, seed)
        # The points bring their own integers; any will do to check what integers exclude.
        replace(options, quantization=Quantization())
        return options

    def points(self, train: Images) -> list[Point]:
        """Every combination, for these training images.

        Raises
        ------
        InputError
            If an entry is not usable: an unknown network, a checkpoint that does not fit the images, a
            format, a number of PEs that a network does not have.
        """
        precisions = [_precision(name, text) for name in ("formats", "widths") for text in self.axes.get(name, ())]
        units = [activations.check(name) for name in self.axes.get("activations", ())]
        names = [name for name in HARDWARE if name in self.axes]
        hardware = [
            dict(zip((HARDWARE[name] for name in names), values, strict=True))
            for values in itertools.product(*(self.axes[name] for name in names))
        ]
        retrain = self.axes.get("retrain", (0,))
        made = []
        for network, weights, trained in self._weights(train):
            for precision, unit, options, epochs in itertools.product(
                precisions or [trained.formats], units or [trained.activation], hardware, retrain
            ):
                _check_design(network, precision if isinstance(precision, Formats) else Formats(), unit, **options)
                more = self.retraining_options(epochs, weights.seed)
                made.append(Point(weights, precision, unit, options, None if more is None else asdict(more)))
        return made

    def _weights(self, train: Images) -> Iterator[tuple[Network, Training | Stored, Quantization]]:
        """Networks, their weights, and the arithmetic they were trained for."""
        for name in self.axes.get("checkpoints", ()):
            path = checkpoint.resolve(name)
            network = checkpoint.load(path).network
            train.check_fits(network)
            trained = trained_for(path) or Quantization()
            yield network, Stored(name, hashlib.sha256(path.read_bytes()).hexdigest()), trained
        digest = digest_of(train)
        for text, seed in itertools.product(self.axes.get("networks", ()), self.axes.get("seeds", (0,))):
            network = parse_network(text, train)
            train.check_fits(network)
            yield network, Training(network.as_dict(), asdict(self.options(seed)), digest), Quantization()


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
    tables = {name: content.pop(name, {}) for name in (TRAINING, RETRAINING)}
    for name, values in tables.items():
        if not isinstance(values, Mapping):
            raise InputError(f"{path}: {name} is {values!r}, expected a table [{name}]")
    for name, values in content.items():
        if not isinstance(values, list):
            raise InputError(f"{path}: {name} is {values!r}, expected a list")
    axes = {**content, **overrides}
    lists = {name: tuple(dict.fromkeys(values)) for name, values in axes.items()}
    return Grid(lists, {**tables[TRAINING], **training}, tables[RETRAINING])


def _options(given: Mapping[str, Any], seed: int) -> TrainingOptions:
    """Training options of a table, checked."""
    if unknown := sorted(set(given) - _OPTIONS):
        raise InputError(f"unknown training option {unknown[0]!r}: choose from {', '.join(sorted(_OPTIONS))}")
    chosen = dict(given)
    try:
        augmentation = Affine().scaled(chosen.pop("augment", 1.0))
        return TrainingOptions(**chosen, seed=seed, augmentation=augmentation)
    except TypeError:
        raise InputError(f"training options {dict(given)}: give numbers") from None


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
    """``WEIGHT``, or ``WEIGHT/BIAS/ACTIVATION``, as formats or as widths; formats of ``/OUTPUT`` weights may follow."""
    parts = str(text).split("/")
    if axis == "formats":
        if len(parts) not in (1, 3, 4):
            raise InputError(
                f"formats entry {text!r}: write one, weight/bias/activation, or a fourth for output weights"
            )
        return Formats.parse(*parts)
    if len(parts) == 1:
        parts *= 3
    if len(parts) != 3:
        raise InputError(f"widths entry {text!r}: write one, or weight/bias/activation")
    try:
        return Widths(*(int(part) for part in parts))
    except ValueError:
        raise InputError(f"widths entry {text!r}: write a number of bits, or three, such as 4/8/8") from None


@cache
def _check_design(network: Network, formats: Formats, unit: str, **options: Any) -> None:
    """Make a design whose weights are all as large as they can be: what it refuses no worker need try."""
    weights = tuple(
        np.full((stage.outputs, stage.inputs), weight_format(stage, formats).highest) for stage in network.stages
    )
    biases = tuple(np.full(stage.outputs, formats.bias.highest) for stage in network.stages)
    Design.of(QuantizedNetwork(network, formats, unit, weights, biases, {}), **options)


def _check_axis(name: str, values: tuple[Any, ...]) -> None:
    if name not in AXES:
        tables = f"a table [{TRAINING}] or [{RETRAINING}]"
        raise InputError(f"unknown list {name!r} in the grid: choose from {', '.join(AXES)}, or {tables}")
    if not values:
        raise InputError(f"empty grid: {name} lists nothing")
    kinds = (str, int) if name == "widths" else (AXES[name],)
    for value in values:
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise InputError(f"{name} lists {value!r}, expected {AXES[name].__name__}")
