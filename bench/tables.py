"""The tables of the documents, written between markers from the results."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def rewrite(document: Path, results: dict[str, Any]) -> None:
    """Replace what stands between ``<!-- bench:NAME -->`` and ``<!-- /bench -->`` for every section measured."""
    text = document.read_text()
    for name, written in (
        ("verify", _verify),
        ("engines", _engines),
        ("profiles", _profiles),
        ("structures", _structures),
        ("bits", _bits),
        ("clock", _clock),
        ("machine", _machine),
    ):
        if name in results:
            text = filled(text, "bench", name, written(results[name]))
    document.write_text(text)


def filled(text: str, kind: str, name: str, content: str) -> str:
    """The text with other content between ``<!-- KIND:NAME -->`` and ``<!-- /KIND -->``."""
    pattern = rf"(<!-- {kind}:{name} -->\n).*?(<!-- /{kind} -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{content}{match[2]}", text, flags=re.DOTALL)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


_CELLS: dict[str, Callable[[dict[str, Any]], str]] = {
    "checkpoint": lambda row: f"`{row['checkpoint']}`",
    "parameters": lambda row: f"{row['parameters']:,}",
    "float": lambda row: f"{row['accuracy_float']:.2%}",
    "RTL": lambda row: f"{row['accuracy_rtl']:.2%}",
    "mismatches": lambda row: f"{row['mismatches']:,} of {row['images']:,} images",
    "wrong, netlist": lambda row: f"{row['netlist_wrong']:,} of {row['netlist_images']:,}",
    "cycles per image": lambda row: f"{row['cycles_per_image']:,.10g}",
    "cycles to the result": lambda row: f"{row['latency']:,}",
    "`verify --images all`": lambda row: f"{row['verify_seconds']:.1f} s",
    "`generate`": lambda row: f"{row['generate_seconds']:.1f} s",
    "integer model": lambda row: f"{row['integer_model_seconds']:.2f} s",
    "profile": lambda row: _profile(row),
    "format": lambda row: row["format"],
    "weights": lambda row: row["formats"]["weight"],
    "output weights": lambda row: row["formats"].get("output", row["formats"]["weight"]),
    "biases": lambda row: row["formats"]["bias"],
    "activations": lambda row: row["formats"]["activation"],
    "bits per weight": lambda row: f"{row['weight_bits']}",
    "PEs that multiply": lambda row: f"{row['multiplying_pes']} of {row['pes']}",
    "LUT": lambda row: f"{row['lut']:,}",
    "FF": lambda row: f"{row['ff']:,}",
    "RAMB18": lambda row: f"{row['ramb18']:,}",
    "DSP48": lambda row: f"{row['dsp']:,}",
    "part": lambda row: row["part"],
    "clock": lambda row: f"{row['mhz']:.1f} MHz",
    "images per second": lambda row: f"{row['images_per_second']:,.0f}",
    "latency": lambda row: f"{row['latency_us']:,.1f} us",
}
"""What stands in a column, by its title."""


def _columns(rows: list[dict[str, Any]], *titles: str) -> str:
    return table(titles, [[_CELLS[title](row) for title in titles] for row in rows])


def _verify(rows: list[dict[str, Any]]) -> str:
    return _columns(
        rows,
        *("checkpoint", "parameters", "float", "RTL", "mismatches", "cycles per image", "cycles to the result"),
        *("`verify --images all`", "`generate`", "integer model"),
    )


def _engines(rows: list[dict[str, Any]]) -> str:
    slowest = next(row["cycles_per_second"] for row in rows if row["engine"] == "amaranth")
    return table(
        ("engine", "cycles per second, one thread", "against `amaranth`"),
        [
            (f"`{row['engine']}`", f"{row['cycles_per_second']:,.0f}", f"{row['cycles_per_second'] / slowest:,.0f} x")
            for row in rows
        ],
    )


def _profile(row: dict[str, Any]) -> str:
    """A profile, and the options that are not the profile's; the format has a column of its own."""
    options = "".join(f" --{name} {value}" for name, value in row["options"].items() if name != "format")
    return f"`{row['profile']}{options}`"


def _profiles(rows: list[dict[str, Any]]) -> str:
    versions = ", ".join(sorted({row["yosys"] for row in rows}))
    return f"Yosys {versions}, `synth_xilinx -family xc7`:\n\n" + _columns(
        rows,
        *("checkpoint", "profile", "format", "cycles per image", "cycles to the result", "LUT", "FF", "RAMB18"),
        *("DSP48", "RTL", "mismatches", "wrong, netlist"),
    )


def _structures(rows: list[dict[str, Any]]) -> str:
    return _columns(
        rows,
        *("checkpoint", "parameters", "float", "RTL", "mismatches", "PEs that multiply", "cycles per image"),
        *("LUT", "RAMB18", "DSP48"),
    )


def _bits(rows: list[dict[str, Any]]) -> str:
    return _columns(
        rows,
        *("checkpoint", "weights", "output weights", "biases", "activations", "bits per weight", "RTL", "mismatches"),
        *("profile", "LUT", "FF", "RAMB18", "DSP48"),
    )


def _clock(rows: list[dict[str, Any]]) -> str:
    return _columns(rows, "checkpoint", "profile", "format", "part", "clock", "images per second", "latency")


def _machine(facts: dict[str, Any]) -> str:
    return (
        f"Measured on {facts['cores']} cores ({facts['processor']}), Python {facts['python']}, "
        f"torch {facts['torch']}.\n"
    )
