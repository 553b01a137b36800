"""Pareto plots: accuracy against bits, LUTs, block RAMs and cycles."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path

from lst_model.errors import InputError

from ..files import write_bytes
from .table import Row

COSTS = {
    "parameter_bits": "bits of all weights and biases",
    "lut": "LUTs",
    "ramb18": "block RAM halves",
    "cycles_per_frame": "cycles per frame",
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
    """One panel per cost that was measured; points on the front are joined and named.

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
        figure = Figure(figsize=(5.5 * len(costs), 4.2), layout="constrained")
        for cost, axes in zip(costs, figure.subplots(1, len(costs), squeeze=False)[0], strict=True):
            known = [row for row in rows if row[cost] is not None]
            for network in dict.fromkeys(row["network"] for row in known):
                chosen = [row for row in known if row["network"] == network]
                axes.plot(
                    [row[cost] for row in chosen], [100 * row[ACCURACY] for row in chosen], "o", ms=4, label=network
                )
            best = front(known, cost)
            axes.step(
                [row[cost] for row in best],
                [100 * row[ACCURACY] for row in best],
                where="post",
                color="0.5",
                lw=1,
                zorder=0,
            )
            for row in best:
                axes.annotate(
                    _name(row),
                    (row[cost], 100 * row[ACCURACY]),
                    fontsize=6,
                    xytext=(3, -8),
                    textcoords="offset points",
                )
            axes.set_xlabel(COSTS[cost])
            axes.set_ylabel("test accuracy, %")
            axes.grid(alpha=0.3)
            axes.legend(fontsize=7)
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata={"Date": None})
    write_bytes(path, content.getvalue())


def _name(row: Row) -> str:
    return f"{row['weight_format']}/{row['activation_format']}"
