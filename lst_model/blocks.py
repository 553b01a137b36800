"""Layer lists in one line: ``lst:28``, ``dct:9``, ``lst:28,dct:14,lst:14``.

Blocks are separated by commas, or by plus signs where commas separate something else: ``lst:SIZE`` is learned;
``dct:SIZE``, ``walsh:SIZE`` and ``hadamard:SIZE`` are fixed transforms of rows and columns that keep the first ``SIZE``
coefficients of each side; ``save`` and ``add`` open and close a skip connection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .errors import InputError
from .layers import ColumnTransform, Layer, Output, RowTransform, SkipAdd, SkipSave
from .network import Network
from .structure import BASES, front, parse

LEARNED = "lst"
_SKIPS: dict[str, Layer] = {"save": SkipSave(), "add": SkipAdd()}


def parse_blocks(
    text: str,
    rows: int = 28,
    columns: int | None = None,
    classes: int = 10,
    *,
    function: str = "tanh",
    weights: str = "dense",
    output_weights: str = "dense",
) -> Network:
    """The network that a line of blocks describes.

    Parameters
    ----------
    text : str
    rows, columns : int
        Image size; ``columns`` defaults to ``rows``.
    classes : int
    function : str
        Activation function of the learned blocks (:mod:`lst_model.functions`).
    weights, output_weights : str
        What the weights of learned blocks and of the output layer are made of (:mod:`lst_model.structure`).

    Raises
    ------
    InputError
        If a block is unknown, or does not fit the grid that it reads.
    """
    columns = rows if columns is None else columns
    layers = list(_layers(text, rows, columns, function, _canonical(weights)))
    return Network(rows, columns, (*layers, Output(classes, _canonical(output_weights))))


def _canonical(text: str) -> str:
    """The one way to write some weights; the network refuses those that are not understood, and says where."""
    try:
        return str(parse(text))
    except InputError:
        return text


def _layers(text: str, rows: int, columns: int, function: str, weights: str) -> Iterator[Layer]:
    for block in re.split("[,+]", text):
        if block in _SKIPS:
            yield _SKIPS[block]
            continue
        match = re.fullmatch(r"([a-z]+):(\d{1,3})", block)
        if match is None or match[1] not in (LEARNED, *BASES):
            kinds = ", ".join(f"{kind}:SIZE" for kind in (LEARNED, *BASES))
            raise InputError(f"unknown block {block!r}: choose {kinds}, {', '.join(_SKIPS)}, separated by commas")
        kind, size = match[1], int(match[2])
        if kind == LEARNED:
            yield RowTransform(size, weights, function)
            yield ColumnTransform(size, weights, function)
        else:
            yield RowTransform(size, str(front(kind, columns)), "identity")
            yield ColumnTransform(size, str(front(kind, rows)), "identity")
        rows = columns = size
