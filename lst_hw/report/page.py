"""The report as one HTML page that loads nothing."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from . import pictures, style
from .content import Picture, Share
from .facts import ReportData
from .gather import Samples
from .sections import headline, sections

TEMPLATE = "template.html"


def to_html(data: ReportData, samples: Samples) -> str:
    """The page.

    Raises
    ------
    InputError
        If matplotlib is not installed.
    """
    style.require_matplotlib()
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.tests["share"] = lambda cell: isinstance(cell, Share)
    template = environment.from_string(files(__package__).joinpath(TEMPLATE).read_text(encoding="utf-8"))
    return template.render(
        data=data, headline=headline(data), sections=sections(data), drawings=_drawings(data, samples)
    )


def _drawings(data: ReportData, samples: Samples) -> Callable[[Picture], dict[str, str]]:
    """A function from a picture to its SVG for wide and for narrow windows, by CSS class."""
    drawn = {
        kind: pictures.draw(data, samples, width)
        for kind, width in (("wide", pictures.WIDE), ("narrow", pictures.NARROW))
    }

    def drawing(picture: Picture) -> dict[str, str]:
        return {
            kind: style.inline(style.to_svg(figures[picture.name]), f"{picture.name}-{kind}", escape(picture.alt))
            for kind, figures in drawn.items()
        }

    return drawing
