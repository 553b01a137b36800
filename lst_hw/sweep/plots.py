"""Pareto plots: accuracy against bits, LUTs, block RAMs and cycles."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lst_model.errors import InputError

from ..files import write_bytes
from .table import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COSTS = {
    "parameter_bits": "bits of all weights and biases",
    "lut": "LUTs",
    "ramb18": "block RAM halves",
    "cycles_per_image": "cycles per image",
}
"""Columns to plot accuracy against, and what they are."""

ACCURACY = "accuracy"


def check() -> None:
    """Refuse to go on without Matplotlib.

    Raises
    ------
    InputError
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("the Pareto plots need Matplotlib: pip install lst-hw[sweep]")


def front(rows: Sequence[Row], cost: str) -> list[Row]:
    """The points that no other beats: those more accurate than everything that costs no more, cheapest first."""
    best: list[Row] = []
    for row in sorted(rows, key=lambda row: (row[cost], -row[ACCURACY])):
        if not best or row[ACCURACY] > best[-1][ACCURACY]:
            best.append(row)
    return best


def write(path: Path, rows: Sequence[Row]) -> None:
    """One panel per cost that was measured; points on the front are joined and named by weight and activation.

    The accuracy is drawn as the error, logarithmic and upside down: the last tenths count.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    costs = [cost for cost in COSTS if any(row[cost] is not None for row in rows)]
    # Fixed identifiers and no date: the same points give the same bytes.
    with rc_context({"svg.hashsalt": "lst-hw", "svg.fonttype": "none"}):
        lines = -(-len(costs) // 2)
        figure = Figure(figsize=(11, 4 * lines), layout="constrained")
        for cost, axes in zip(costs, figure.subplots(lines, 2, squeeze=False).flat, strict=False):
            _panel(axes, [row for row in rows if row[cost] is not None], cost)
        for axes in figure.axes[len(costs) :]:
            axes.remove()
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None})
    write_bytes(path, content.getvalue())


def _panel(axes: Axes, rows: Sequence[Row], cost: str) -> None:
    for network in dict.fromkeys(row["network"] for row in rows):
        chosen = [row for row in rows if row["network"] == network]
        axes.plot([row[cost] for row in chosen], [_error(row) for row in chosen], "o", ms=4, label=network)
    best = front(rows, cost)
    costs, errors = [row[cost] for row in best], [_error(row) for row in best]
    axes.step(costs, errors, where="post", color="0.5", lw=1, zorder=0)
    for row, x, y in zip(best, costs, errors, strict=True):
        name = f"{row['weight_format']}/{row['activation_format']}"
        axes.annotate(name, (x, y), fontsize=6, xytext=(4, 3), textcoords="offset points")
    axes.set_yscale("log")
    axes.invert_yaxis()
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.tick_params(axis="y", which="both", labelsize=7)
    axes.set_xlabel(COSTS[cost])
    axes.set_ylabel("test error, %")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize=7)


def _error(row: Row) -> float:
    """In percent; half an image where no image is wrong."""
    wrong: float = max(1 - row[ACCURACY], 0.5 / row["test_images"])
    return 100 * wrong
