"""The README's tables, written between markers from the results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def rewrite(readme: Path, results: dict[str, Any]) -> None:
    """Replace what stands between ``<!-- bench:NAME -->`` and ``<!-- /bench -->`` for every section measured."""
    text = readme.read_text()
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
    readme.write_text(text)


def filled(text: str, kind: str, name: str, content: str) -> str:
    """The text with other content between ``<!-- KIND:NAME -->`` and ``<!-- /KIND -->``."""
    pattern = rf"(<!-- {kind}:{name} -->\n).*?(<!-- /{kind} -->)"
    return re.sub(pattern, lambda match: f"{match[1]}{content}{match[2]}", text, flags=re.DOTALL)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first are aligned to the right."""
    lines = [titles, ["---", *["---:"] * (len(titles) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _verify(rows: list[dict[str, Any]]) -> str:
    titles = (
        *("checkpoint", "parameters", "float", "RTL", "images", "mismatches"),
        *("cycles per image", "latency", "`verify --images all`", "`generate`", "integer model"),
    )
    return table(
        titles,
        [
            (
                f"`{row['checkpoint']}`",
                f"{row['parameters']:,}",
                f"{row['accuracy_float']:.2%}",
                f"{row['accuracy_rtl']:.2%}",
                f"{row['images']:,}",
                f"{row['mismatches']:,}",
                f"{row['cycles_per_image']:,g}",
                f"{row['latency']:,}",
                f"{row['verify_seconds']:.1f} s",
                f"{row['generate_seconds']:.1f} s",
                f"{row['integer_model_seconds']:.2f} s",
            )
            for row in rows
        ],
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
    titles = (
        *("checkpoint", "profile", "format", "cycles per image", "latency", "LUT", "FF", "RAMB18", "DSP48"),
        *("RTL", "mismatches, RTL", "wrong, netlist"),
    )
    return f"Yosys {versions}, `synth_xilinx -family xc7`:\n\n" + table(
        titles,
        [
            (
                f"`{row['checkpoint']}`",
                _profile(row),
                row["format"],
                f"{row['cycles_per_image']:,.10g}",
                *(f"{row[key]:,}" for key in ("latency", "lut", "ff", "ramb18", "dsp")),
                f"{row['accuracy_rtl']:.2%}",
                f"{row['mismatches']:,} of {row['images']:,} images",
                f"{row['netlist_wrong']:,} of {row['netlist_images']:,}",
            )
            for row in rows
        ],
    )


def _structures(rows: list[dict[str, Any]]) -> str:
    return table(
        (
            "checkpoint",
            "parameters",
            "float",
            "RTL",
            "mismatches",
            "PEs that multiply",
            "cycles",
            "LUT",
            "RAMB18",
            "DSP48",
        ),
        [
            (
                f"`{row['checkpoint']}`",
                f"{row['parameters']:,}",
                f"{row['accuracy_float']:.2%}",
                f"{row['accuracy_rtl']:.2%}",
                f"{row['mismatches']:,} of {row['images']:,} images",
                f"{row['multiplying_pes']} of {row['pes']}",
                *(f"{row[key]:,.10g}" for key in ("cycles_per_image", "lut", "ramb18", "dsp")),
            )
            for row in rows
        ],
    )


def _bits(rows: list[dict[str, Any]]) -> str:
    titles = (
        *("checkpoint", "weights", "biases", "activations", "bits stored per weight", "RTL", "mismatches"),
        *("profile", "LUT", "FF", "RAMB18", "DSP48"),
    )
    return table(
        titles,
        [
            (
                f"`{row['checkpoint']}`",
                *(row["formats"][role] for role in ("weight", "bias", "activation")),
                f"{row['weight_bits']}",
                f"{row['accuracy_rtl']:.2%}",
                f"{row['mismatches']:,} of {row['images']:,} images",
                f"`{row['profile']}`",
                *(f"{row[key]:,}" for key in ("lut", "ff", "ramb18", "dsp")),
            )
            for row in rows
        ],
    )


def _clock(rows: list[dict[str, Any]]) -> str:
    return table(
        ("profile", "format", "part", "clock", "images per second", "latency"),
        [
            (
                _profile(row),
                row["format"],
                row["part"],
                f"{row['mhz']:.1f} MHz",
                f"{row['images_per_second']:,.0f}",
                f"{row['latency_us']:,.1f} us",
            )
            for row in rows
        ],
    )


def _machine(facts: dict[str, Any]) -> str:
    return (
        f"Measured on {facts['cores']} cores ({facts['processor']}), Python {facts['python']}, "
        f"torch {facts['torch']}.\n"
    )
