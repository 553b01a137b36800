"""Tables and figures of the studies, from their rows."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lst_model.corruptions import CORRUPTIONS, SEVERITIES

from ..tables import table

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "structures.md"
FIGURES = ROOT / "docs" / "structures"

Rows = list[dict[str, Any]]


def write(results: dict[str, dict[str, Any]]) -> None:
    """Replace the tables between ``<!-- study:NAME -->`` and ``<!-- /study -->``, and draw the figures."""
    text = DOCUMENT.read_text()
    FIGURES.mkdir(exist_ok=True)
    for name, result in results.items():
        begin, end = f"<!-- study:{name} -->\n", "<!-- /study -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{_how(name, result)}\n\n{TABLES[name](result['rows'])}{end}{rest.partition(end)[2]}"
        if name in FIGURES_OF:
            _draw(FIGURES_OF[name], result["rows"], FIGURES / f"{name}.svg")
    DOCUMENT.write_text(text)


def _how(name: str, result: dict[str, Any]) -> str:
    where = f"{result['images']}; {result['seconds']} s, torch {result['torch']}."
    if name == "small":
        return where[:1].upper() + where[1:]
    return f"{result['epochs']} epochs, seeds 0 to {result['seeds'] - 1}, {where} Mean (lowest to highest):"


def _linear(rows: Rows) -> str:
    counts = sorted({row["features"] for row in rows})
    arms = _arms(rows)
    lines = [
        (
            f"{count:,}",
            f"{10 * count + 10:,}",
            *(_cell([row for row in some if row["features"] == count]) for some in arms.values()),
        )
        for count in counts
    ]
    return table(("features", "parameters", *arms), lines)


def _small(rows: Rows) -> str:
    titles = ("parameters", "weights in ROM", "cycles per frame")
    lines = [
        (
            f"`{row['arm']}`",
            *(f"{row[title]:,}" for title in titles),
            f"{row['accuracy']:.2%}",
            f"{row['integer accuracy']:.2%}",
        )
        for row in rows
    ]
    return table(("checkpoint", *titles, "test accuracy, float", "Q5.7 integers"), lines)


def _functions(rows: Rows) -> str:
    arms = _arms(rows)
    lines = [
        (f"`{arm}`", _cell(some), *(_cell(some, severities) for severities in _severities().values()))
        for arm, some in arms.items()
    ]
    chosen = ";\n".join(
        f"`{arm}` among " + ", ".join(f"{tau} ({score:.2%})" for tau, score in some[0]["held out"].items())
        for arm, some in arms.items()
        if some[0]["held out"]
    )
    body = table(("function", "clean", *_severities()), lines)
    mean = "A corruption's column is the mean over its five severities."
    return f"{body}\n{mean} Thresholds were chosen on held-out training images:\n{chosen}.\n"


def _start(rows: Rows) -> str:
    epochs = sorted({row["epochs"] for row in rows})
    lines = [
        (arm, *(_cell([row for row in some if row["epochs"] == count]) for count in epochs))
        for arm, some in _arms(rows).items()
    ]
    return table(("", *(f"after {count} epoch{'s' if count > 1 else ''}" for count in epochs)), lines)


def _sizes(rows: Rows) -> str:
    lines = [(arm, f"{some[0]['parameters']:,}", _cell(some)) for arm, some in _arms(rows).items()]
    return table(("", "parameters", "test accuracy"), lines)


TABLES: dict[str, Callable[[Rows], str]] = {
    "linear": _linear,
    "small": _small,
    "functions": _functions,
    "start": _start,
    "sums": _sizes,
    "bottleneck": _sizes,
}
"""What a study's table looks like."""


def _linear_figure(axes: Axes, rows: Rows) -> None:
    for number, (arm, some) in enumerate(_arms(rows).items()):
        counts = sorted({row["features"] for row in some})
        values = [[100 * row["accuracy"] for row in some if row["features"] == count] for count in counts]
        axes.plot(counts, list(map(statistics.mean, values)), "o-", ms=3, lw=1, color=f"C{number}", label=arm)
        axes.fill_between(counts, list(map(min, values)), list(map(max, values)), color=f"C{number}", alpha=0.2)
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts], fontsize=8)
    axes.minorticks_off()
    axes.set_xlabel("features, each with ten weights")


def _functions_figure(axes: Axes, rows: Rows) -> None:
    """For every corruption the accuracy at severities 0, which is clean, to 5."""
    for number, (arm, some) in enumerate(_arms(rows).items()):
        for block, name in enumerate(CORRUPTIONS):
            keys = ["accuracy", *(f"{name} {severity}" for severity in SEVERITIES)]
            means = [100 * statistics.mean(row[key] for row in some) for key in keys]
            places = [block * (len(keys) + 1) + severity for severity in range(len(keys))]
            axes.plot(places, means, "o-", ms=3, lw=1, color=f"C{number}", label=None if block else arm)
    step = len(SEVERITIES) + 2
    places = [block * step + severity for block in range(len(CORRUPTIONS)) for severity in range(step - 1)]
    axes.set_xticks(places, [str(severity) for _ in CORRUPTIONS for severity in range(step - 1)], fontsize=7)
    axes.set_xlabel(f"severity of {', '.join(CORRUPTIONS)}")


FIGURES_OF: dict[str, Callable[[Axes, Rows], None]] = {"linear": _linear_figure, "functions": _functions_figure}
"""Studies with a figure."""


def _draw(draw: Callable[[Axes, Rows], None], rows: Rows, path: Path) -> None:
    with rc_context({"svg.hashsalt": "lst-hw", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7, 3.5), layout="constrained")
        axes = figure.subplots()
        draw(axes, rows)
        axes.set_ylabel("test accuracy, %")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
        figure.savefig(path, metadata={"Date": None})


def _arms(rows: Rows) -> dict[str, Rows]:
    arms: dict[str, Rows] = {}
    for row in rows:
        arms.setdefault(row["arm"], []).append(row)
    return arms


def _severities() -> dict[str, list[str]]:
    """The columns of a row that belong to each corruption."""
    return {name: [f"{name} {severity}" for severity in SEVERITIES] for name in CORRUPTIONS}


def _cell(rows: Rows, columns: list[str] | None = None) -> str:
    """Mean and spread over the seeds of a column, or of the mean of some."""
    values = [statistics.mean(row[column] for column in columns or ["accuracy"]) for row in rows]
    if len(values) == 1:
        return f"{values[0]:.2%}"
    return f"{statistics.mean(values):.2%} ({min(values):.2%} to {max(values):.2%})"
