"""What the report says, in order; the HTML page and the Markdown both lay this out."""

from __future__ import annotations

from collections.abc import Callable

from .about_hardware import area, clock, clock_origin, configuration, origin, time, widths
from .about_network import accuracy, embeddings, formats, mistakes, training
from .content import Headline, Section
from .facts import ReportData

ORDER: tuple[Callable[[ReportData], Section | None], ...] = (
    accuracy,
    time,
    area,
    configuration,
    widths,
    formats,
    embeddings,
    mistakes,
    training,
    origin,
)
"""Functions that make the sections, None for one without content."""


def headline(data: ReportData) -> tuple[Headline, ...]:
    """The numbers to read first."""
    found, speed = data.verification, data.speeds[0]
    figures = [
        Headline(f"{found['accuracy_rtl']:.2%}", f"accuracy in RTL, {found['images']:,} images"),
        Headline(f"{found['mismatches']:,}", "values that differ from the model", good=found["mismatches"] == 0),
        Headline(f"{data.timing.cycles_per_image:,.0f}", "cycles per image"),
        Headline(f"{speed.images_per_second:,.0f}", f"images per second at {clock(speed)}, {clock_origin(speed)}"),
    ]
    if data.area is not None:
        figures += [
            Headline(f"{data.area.lut:,}", "LUT"),
            Headline(f"{data.area.ff:,}", "FF"),
            Headline(f"{data.area.ramb18:,}", "RAMB18"),
            Headline(f"{data.area.dsp:,}", "DSP48"),
        ]
    return tuple(figures)


def sections(data: ReportData) -> tuple[Section, ...]:
    """All sections that have content."""
    return tuple(section for make in ORDER if (section := make(data)) is not None)
