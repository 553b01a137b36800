"""The kinds of layers, and a layer's place in a network."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from .functions import Function
from .structure import Structure, parse


@dataclass(frozen=True)
class RowTransform:
    """``h[r, j] = f(sum_c x[r, c] * W[j, c] + b[j])``: the same ``W`` for every row.

    Replaces a ``rows x columns`` grid by ``rows x outputs``. ``weights`` says what ``W`` is made of
    (:mod:`lst_model.structure`), ``function`` is ``f`` (:mod:`lst_model.functions`).
    """

    outputs: int
    weights: str = "dense"
    function: str = "tanh"


@dataclass(frozen=True)
class ColumnTransform:
    """``y[i, j] = f(sum_r h[r, j] * W[i, r] + b[i])``: the same ``W`` for every column.

    Replaces a ``rows x columns`` grid by ``outputs x columns``. ``weights`` and ``function`` as for rows.
    """

    outputs: int
    weights: str = "dense"
    function: str = "tanh"


@dataclass(frozen=True)
class SkipSave:
    """Keep a copy of the grid as it stands, for the next :class:`SkipAdd`."""


@dataclass(frozen=True)
class SkipAdd:
    """Add the saved copy to the grid, element by element."""


@dataclass(frozen=True)
class Output:
    """``logits[k] = sum_{i,j} y[i, j] * W[k, i * columns + j] + b[k]``; the class is the arg max."""

    classes: int
    weights: str = "dense"


Layer = RowTransform | ColumnTransform | SkipSave | SkipAdd | Output

KINDS: dict[str, type[Layer]] = {
    "row": RowTransform,
    "column": ColumnTransform,
    "skip_save": SkipSave,
    "skip_add": SkipAdd,
    "output": Output,
}
"""The layer kinds by the name they have in checkpoints and manifests."""


def layer_as_dict(layer: Layer) -> dict[str, Any]:
    """Plain values: the kind, and what differs from its defaults."""
    kind = next(name for name, kind in KINDS.items() if type(layer) is kind)
    values = {each.name: value for each in fields(layer) if (value := getattr(layer, each.name)) != each.default}
    return {"kind": kind, **values}


@dataclass(frozen=True)
class Stage:
    """A layer with weights, placed in its network.

    Attributes
    ----------
    name : str
        Name of the value this layer produces (``row_embedding``, ``column_embedding``, ``logits``; numbered
        ``row_embedding_2`` and so on when the network has more than one block).
    key : str
        Prefix of its parameters in a state dict (``block1.row``, ``block1.column``, ``output``).
    layer : RowTransform, ColumnTransform or Output
    rows, columns : int
        Size of the grid it reads.
    saves_skip, adds_skip : bool
        Whether its result is copied for, or summed with, a skip connection. The sum comes before the copy.
    """

    name: str
    key: str
    layer: RowTransform | ColumnTransform | Output
    rows: int
    columns: int
    saves_skip: bool = False
    adds_skip: bool = False

    @property
    def inputs(self) -> int:
        """Number of terms in each sum of products."""
        match self.layer:
            case RowTransform():
                return self.columns
            case ColumnTransform():
                return self.rows
            case Output():
                return self.rows * self.columns

    @property
    def outputs(self) -> int:
        """Number of sums of products per line, that is, rows of the weight matrix."""
        return self.layer.classes if isinstance(self.layer, Output) else self.layer.outputs

    @cached_property
    def structure(self) -> Structure:
        """What the weights are made of."""
        return parse(self.layer.weights)

    @cached_property
    def function(self) -> Function:
        """The activation function; logits have none."""
        return Function("identity") if isinstance(self.layer, Output) else Function.parse(self.layer.function)

    @property
    def parameters(self) -> int:
        """Number of trained parameters, weights and biases."""
        return self.structure.parameters(self.outputs, self.inputs)

    @property
    def result_shape(self) -> tuple[int, ...]:
        """Shape of the value this layer produces for one image."""
        match self.layer:
            case RowTransform(outputs=outputs):
                return (self.rows, outputs)
            case ColumnTransform(outputs=outputs):
                return (outputs, self.columns)
            case Output(classes=classes):
                return (classes,)
