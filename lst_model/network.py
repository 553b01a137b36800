"""The network as a validated list of layers: the single source for every later stage.

The float model, the integer model, the schedule, the ROM contents, the cycle formula and the hardware are
all derived from a :class:`Network`. Nothing in this module needs torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any

from .errors import InputError
from .layers import KINDS, ColumnTransform, Layer, Output, RowTransform, SkipAdd, SkipSave, Stage, layer_as_dict

MAX_SIZE = 256
"""Largest number of rows, columns, embedding entries or classes."""


@dataclass(frozen=True)
class Network:
    """A whole LST network: image size and list of layers.

    Attributes
    ----------
    rows, columns : int
        Image size, 1 to 256 each.
    layers : tuple of Layer
        One or more (:class:`RowTransform`, :class:`ColumnTransform`) pairs, each optionally followed by
        :class:`SkipAdd` and :class:`SkipSave`, then one :class:`Output`.

    Raises
    ------
    InputError
        If a size is out of range, the order of layers is not as above, or a skip connection is not
        closed, is nested, or joins grids of different sizes.
    """

    rows: int
    columns: int
    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        _check_size("number of rows", self.rows)
        _check_size("number of columns", self.columns)
        for stage in self.stages:
            least = 2 if isinstance(stage.layer, Output) else 1
            _check_size(f"number of outputs of {stage.key}", stage.outputs, least)
            _check_kind(stage)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """The layers with weights, in order, each with the size of the grid it reads."""
        return tuple(_place(self))

    @property
    def output(self) -> Stage:
        """The output layer."""
        return self.stages[-1]

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.output.outputs

    @property
    def parameters(self) -> int:
        """Number of trained parameters, weights and biases."""
        return sum(stage.parameters for stage in self.stages)

    @property
    def has_skip(self) -> bool:
        """Whether any layer adds a skip connection."""
        return any(stage.adds_skip for stage in self.stages)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a checkpoint or a manifest; :meth:`from_dict` reads them back."""
        return {"rows": self.rows, "columns": self.columns, "layers": [layer_as_dict(layer) for layer in self.layers]}

    @classmethod
    def from_dict(cls, description: Any) -> Network:
        """The network that :meth:`as_dict` described.

        Raises
        ------
        InputError
            If the description is incomplete, names an unknown kind of layer, or is not a valid network.
        """
        try:
            layers = [dict(layer) for layer in description["layers"]]
            made = tuple(KINDS[layer.pop("kind")](**layer) for layer in layers)
            return cls(description["rows"], description["columns"], made)
        except (AttributeError, TypeError, KeyError, ValueError) as error:
            kinds = ", ".join(KINDS)
            raise InputError(f"network description is damaged near {error}; layer kinds are {kinds}") from None

    @property
    def title(self) -> str:
        """The family name of the paper where there is one: ``LST-1-28``, ``LST-2-28``, ``ResLST-3-28``.

        Blocks of fixed transforms go by their own: ``DCT-9``, ``WHT-32+LST-1-28``.
        """
        blocks = list(zip(self.stages[:-1:2], self.stages[1::2], strict=True))
        parts = []
        for family, group in groupby(blocks, key=_family):
            members = list(group)
            sizes = [stage.outputs for block in members for stage in block]
            size = str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))
            learned = "ResLST" if self.has_skip else "LST"
            parts.append(f"{family}-{size}" if family else f"{learned}-{len(members)}-{size}")
        return "+".join(parts)


def lst(
    rows: int = 28,
    columns: int | None = None,
    embeddings: tuple[int, ...] = (28,),
    classes: int = 10,
    skip: tuple[int, int] | None = None,
) -> Network:
    """A chain of LST blocks with square embeddings.

    Parameters
    ----------
    rows, columns : int
        Image size; ``columns`` defaults to ``rows``.
    embeddings : tuple of int
        Embedding size of each block.
    classes : int
        Number of classes.
    skip : (int, int), optional
        ``(a, b)``: add the output of block ``a`` to the output of block ``b``, counting from 1.

    The defaults are LST-1 of the paper with 9,474 parameters.
    """
    layers: list[Layer] = []
    if skip is not None and not 1 <= skip[0] < skip[1] <= len(embeddings):
        raise InputError(
            f"skip connection from block {skip[0]} to block {skip[1]}: choose 1 <= from < to <= {len(embeddings)}"
        )
    for number, size in enumerate(embeddings, 1):
        layers += [RowTransform(size), ColumnTransform(size)]
        if skip is not None and number == skip[1]:
            layers.append(SkipAdd())
        if skip is not None and number == skip[0]:
            layers.append(SkipSave())
    return Network(rows, rows if columns is None else columns, (*layers, Output(classes)))


def _family(block: tuple[Stage, Stage]) -> str:
    """Name of a block of fixed transforms, empty if anything in it is learned."""
    names = [stage.structure.family for stage in block]
    return names[0] if names[0] == names[1] else ""


def _check_kind(stage: Stage) -> None:
    """What the weights are made of must have the layer's size."""
    try:
        stage.structure.check(stage.outputs, stage.inputs)
        _ = stage.function
    except InputError as error:
        raise InputError(f"{stage.key}: {error}") from None


def _check_size(what: str, value: int, least: int = 1) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_SIZE:
        raise InputError(f"{what} is {value!r}: choose an integer from {least} to {MAX_SIZE}")


def _names(layers: Sequence[Layer | None]) -> str:
    """What layers are called in checkpoints."""
    return ", ".join("none" if layer is None else str(layer_as_dict(layer)["kind"]) for layer in layers) or "nothing"


def _place(network: Network) -> Iterator[Stage]:
    rows, columns = network.rows, network.columns
    saved: tuple[int, int] | None = None
    blocks = sum(isinstance(layer, ColumnTransform) for layer in network.layers)
    block = 1
    position = 0
    layers = network.layers
    while position < len(layers) and isinstance(layers[position], RowTransform):
        suffix = f"_{block}" if blocks > 1 else ""
        row, column = layers[position], layers[position + 1] if position + 1 < len(layers) else None
        if not isinstance(row, RowTransform) or not isinstance(column, ColumnTransform):
            raise InputError(
                f"block {block}: a row transform must be followed by a column transform, not {_names([column])}"
            )
        yield Stage(f"row_embedding{suffix}", f"block{block}.row", row, rows, columns)
        columns = row.outputs
        read_rows, rows = rows, column.outputs
        position += 2
        adds = position < len(layers) and isinstance(layers[position], SkipAdd)
        if adds:
            if saved != (rows, columns):
                source = "no saved copy" if saved is None else f"a saved {saved[0]}x{saved[1]} embedding"
                raise InputError(
                    f"block {block}: cannot add {source} to a {rows}x{columns} embedding; "
                    "a skip connection joins blocks of equal size"
                )
            saved = None
            position += 1
        saves = position < len(layers) and isinstance(layers[position], SkipSave)
        if saves:
            if saved is not None:
                raise InputError(f"block {block}: a skip connection is already open; add it before saving another")
            saved = (rows, columns)
            position += 1
        key = f"block{block}.column"
        yield Stage(f"column_embedding{suffix}", key, column, read_rows, columns, saves, adds)
        block += 1
    rest = layers[position:]
    if block == 1 or len(rest) != 1 or not isinstance(rest[0], Output):
        raise InputError(
            f"layer list ends in {_names(rest)} after {block - 1} blocks: "
            "give one or more blocks, then one Output layer"
        )
    if saved is not None:
        raise InputError("a skip connection is saved but never added; add it or leave it out")
    yield Stage("logits", "output", rest[0], rows, columns)


NAMED: dict[str, Network] = {
    "lst-1": lst(),
    "lst-1-8": lst(embeddings=(8,)),
    "lst-2": lst(embeddings=(28, 28)),
    "reslst-3": lst(embeddings=(28, 28, 28), skip=(1, 3)),
}
"""The published networks by name (paper.md, "Networks")."""
