"""Colours, fonts and sizes of the pictures, and their SVG for a file or for the page."""

from __future__ import annotations

import importlib.util
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lst_model.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, MUTED, GRID, ACCENT, WARM, BAND = "#17212b", "#5b6875", "#c9d1d9", "#0f6cbd", "#c2410c", "#dfe9f3"

VARIABLES = {INK: "ink", MUTED: "muted", GRID: "grid", ACCENT: "accent", WARM: "warm", BAND: "band"}
"""The page's CSS variable for each colour, so that pictures follow its light and dark scheme."""

PIXELS_PER_INCH = 72
"""One unit of an SVG that matplotlib writes is a CSS pixel."""

_STYLE: dict[Any, Any] = {
    "font.size": 12,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "lst-hw",
}


def require_matplotlib() -> None:
    """Refuse to go on without it.

    Raises
    ------
    InputError
        Naming the extra that brings it.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise InputError("the pictures need matplotlib: pip install lst-hw[plot]")


@contextmanager
def style() -> Iterator[None]:
    """Draw and save within this."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        yield


def canvas(width: float, height: float) -> Figure:
    """An empty figure of a size in CSS pixels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width / PIXELS_PER_INCH, height / PIXELS_PER_INCH), layout="constrained")


def to_svg(figure: Figure) -> str:
    """SVG for a file of its own."""
    text = io.StringIO()
    with style():
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def to_png(figure: Figure) -> bytes:
    """PNG on white, at twice the page's resolution."""
    content = io.BytesIO()
    with style():
        figure.savefig(content, format="png", dpi=2 * PIXELS_PER_INCH, facecolor="white", metadata={"Software": None})
    return content.getvalue()


def inline(svg: str, name: str, alt: str) -> str:
    """SVG for inside a page: scalable, coloured by its variables, referring to nothing outside.

    Parameters
    ----------
    svg : str
        What :func:`to_svg` returns.
    name : str
        Prefix that keeps the ids of several pictures apart.
    alt : str
        Description for screen readers, HTML special characters escaped.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", body).replace("xlink:href", "href")
    body = _own_ids(body, name)
    head, body = body.split(">", 1)
    box = re.findall(r'viewBox="([^"]*)"', head)[0]
    body = f'<svg role="img" aria-label="{alt}" viewBox="{box}" style="max-width:{box.split()[2]}px">{body}'
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var(--{variable})")
    return body


def _own_ids(body: str, name: str) -> str:
    """Keep only the ids that something refers to, and put a name in front of them."""
    targets = set(re.findall(r'(?:url\(|href=")#([^")]+)', body))

    def rename(match: re.Match[str]) -> str:
        return f' id="{name}-{match[1]}"' if match[1] in targets else ""

    body = re.sub(r'\s+id="([^"]*)"', rename, body)
    return body.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
