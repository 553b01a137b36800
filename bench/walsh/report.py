"""The tables of the study, from its results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..tables import filled, table
from .designs import VARIANTS

DOCUMENT = Path(__file__).parents[2] / "docs" / "walsh-hadamard.md"

Rows = list[dict[str, Any]]


def write(results: dict[str, dict[str, Any]]) -> None:
    """Replace what is between ``<!-- walsh:NAME -->`` and ``<!-- /walsh -->``."""
    rows = [results[variant.key] for variant in VARIANTS if variant.key in results]
    text = DOCUMENT.read_text()
    for name, make in TABLES.items():
        text = filled(text, "walsh", name, make(rows))
    DOCUMENT.write_text(text)


def _name(row: dict[str, Any]) -> tuple[str, str]:
    signs = row["pes"] - row["multiplying_pes"]
    return row["title"], f"{row['multiplying_pes']} {row['multiplier']}" + (f" + {signs} sign" if signs else "")


def _area(rows: Rows) -> str:
    titles = ("network", "PEs", "parameters", "accuracy", "cycles", "LUT", "FF", "RAMB18", "DSP48")
    lines = [
        (
            *_name(row),
            f"{row['parameters']:,}",
            f"{row['accuracy']:.2%}",
            f"{row['cycles']:,}",
            *(f"{row['area'][kind]:,}" for kind in ("lut", "ff", "ramb18", "dsp")),
        )
        for row in rows
    ]
    return table(titles, lines)


def _activity(rows: Rows) -> str:
    groups = list(rows[0]["toggles"])
    titles = ("network", "PEs", "multiplications", "additions", *(f"{group}" for group in groups), "total")
    lines = [
        (
            *_name(row),
            f"{row['operations']['multiplications']:,}",
            f"{row['operations']['additions']:,}",
            *(f"{row['toggles'][group] / 1000:,.0f}" for group in groups),
            f"{sum(row['toggles'].values()) / 1000:,.0f}",
        )
        for row in rows
    ]
    return table(titles, lines)


TABLES = {"area": _area, "activity": _activity}
