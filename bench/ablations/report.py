"""Tables and figures of the ablations, from their rows."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from ..tables import filled, table

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "ablations.md"
FIGURES = ROOT / "docs" / "ablations"

_COUNTS = ("parameters", "multiplications", "cycles per frame")
_NAMES = ("arm", "seed", "images")


def write(results: dict[str, dict[str, Any]]) -> None:
    """Replace the tables between ``<!-- ablation:NAME -->`` and ``<!-- /ablation -->``, and draw the figures."""
    text = DOCUMENT.read_text()
    FIGURES.mkdir(exist_ok=True)
    for name, result in results.items():
        text = filled(text, "ablation", name, f"{_how(result)}\n\n{_table(result['rows'])}")
        _figure(result["rows"], FIGURES / f"{name}.svg")
    DOCUMENT.write_text(text)


def _how(result: dict[str, Any]) -> str:
    sources = ", ".join(dict.fromkeys(row["images"] for row in result["rows"]))
    return (
        f"{result['epochs']} epochs, seeds 0 to {result['seeds'] - 1}, {sources}; "
        f"{result['seconds']} s, torch {result['torch']}. Mean and spread (lowest to highest):"
    )


def _arms(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    arms: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        arms.setdefault(row["arm"], []).append(row)
    return arms


def _columns(rows: list[dict[str, Any]]) -> list[str]:
    """What was measured, sizes before accuracies."""
    columns = dict.fromkeys(name for row in rows for name in row if name not in _NAMES)
    return sorted(columns, key=lambda name: name not in _COUNTS)


def _title(column: str) -> str:
    return "test accuracy, float" if column == "accuracy" else column


def _table(rows: list[dict[str, Any]]) -> str:
    columns = _columns(rows)
    lines = [
        (arm, *(_cell(name, [row[name] for row in some if row.get(name) is not None]) for name in columns))
        for arm, some in _arms(rows).items()
    ]
    return table(("", *map(_title, columns)), lines)


def _cell(name: str, values: list[float]) -> str:
    if not values:
        return ""
    if name in _COUNTS:
        return f"{values[0]:,}"
    return f"{statistics.mean(values):.2%} ({min(values):.2%} to {max(values):.2%})"


def _figure(rows: list[dict[str, Any]], path: Path) -> None:
    """One line per arm and accuracy, a dot per seed and a bar at the mean."""
    arms = _arms(rows)
    columns = [name for name in _columns(rows) if name not in _COUNTS]
    step = 0.8 / len(columns)
    with rc_context({"svg.hashsalt": "lst-hw", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7, 0.9 + (0.2 + 0.18 * len(columns)) * len(arms)), layout="constrained")
        axes = figure.subplots()
        for number, column in enumerate(columns):
            points = [
                (100 * row[column], height + step * (number - (len(columns) - 1) / 2))
                for height, some in enumerate(arms.values())
                for row in some
                if column in row
            ]
            axes.plot(*zip(*points, strict=True), "o", ms=4, color=f"C{number}", alpha=0.6, label=_title(column))
            for height in dict.fromkeys(height for _, height in points):
                mean = statistics.mean(value for value, at in points if at == height)
                axes.plot([mean] * 2, [height - step / 3, height + step / 3], color="black", lw=1)
        axes.set_yticks(range(len(arms)), list(arms), fontsize=8)
        axes.invert_yaxis()
        axes.set_xlabel("% (dots: seeds, bars: means)")
        axes.grid(axis="x", alpha=0.3)
        axes.legend(fontsize=7)
        figure.savefig(path, metadata={"Date": None})
