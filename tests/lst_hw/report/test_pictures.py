"""The pictures, and their SVG."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from drivers import networks, reports

from lst_hw.report import pictures, style
from lst_hw.report.facts import Phase

pytest.importorskip("matplotlib")


def shown(figure: object) -> list[str]:
    """All text in a figure."""
    from matplotlib.figure import Figure
    from matplotlib.text import Text

    assert isinstance(figure, Figure)
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [pictures.WIDE, pictures.NARROW])
def test_every_picture_is_drawn_as_wide_as_asked_or_less(tmp_path: Path, width: float) -> None:
    data, samples = reports.subject(tmp_path, networks.network(6, 5, (5, 4), (3, 4)), pes=2).report()
    drawn = pictures.draw(data, samples, width)
    assert set(drawn) == {"timeline", "magnitudes", "embeddings", "confusion", "mistakes", "training"}
    for figure in drawn.values():
        assert figure.get_size_inches()[0] * style.PIXELS_PER_INCH <= width


def test_the_timeline_has_a_bar_for_work_and_one_for_idling_per_phase() -> None:
    figure = pictures.timeline([Phase("load", "", 0, 30, 3), Phase("logits", "", 33, 20, 0)], {"next": 53}, 400)
    bars = [(bar.get_x(), bar.get_width()) for bar in figure.axes[0].patches]
    assert bars == [(0, 30), (30, 3), (33, 20), (53, 0)]
    assert {"load: 30 + 3 idle", "logits: 20", "next 53 "} <= set(shown(figure))


def test_a_confusion_matrix_shows_its_counts_while_there_is_room() -> None:
    small = pictures.confusion(np.array([[1200, 0], [7, 5]]), 400)
    assert {"1,200", "7", "5"} <= set(shown(small))
    large = pictures.confusion(np.full((40, 40), 777), 400)
    assert "777" not in shown(large)


def test_mistakes_are_titled_with_label_and_class() -> None:
    figure = pictures.mistakes(np.zeros((2, 4, 4), np.uint8), [(3, 5), (9, 4)], 400)
    assert shown(figure)[:2] == ["3 \N{RIGHTWARDS ARROW} 5", "9 \N{RIGHTWARDS ARROW} 4"]


def test_colours_outside_a_format_mark_what_vanishes_or_saturates(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path, formats="Q1.1").report()
    figure = pictures.magnitudes(data.tensors[:1], 400)
    from matplotlib.colors import to_hex

    colours = {bar.get_x(): to_hex(bar.get_facecolor()) for bar in figure.axes[0].patches[1:]}
    # Q1.1 tells 0.5 from 1 and rounds 0.25 up; smaller magnitudes vanish.
    assert colours[-0.95] == style.ACCENT
    assert colours[-1.95] == style.ACCENT
    assert colours[-2.95] == style.WARM


def test_svg_for_the_page_refers_to_nothing_and_shares_no_id(tmp_path: Path) -> None:
    data, samples = reports.subject(tmp_path).report()
    ids: list[str] = []
    for name, figure in pictures.draw(data, samples, pictures.NARROW).items():
        svg = style.inline(style.to_svg(figure), name, "description")
        assert svg.startswith('<svg role="img" aria-label="description" viewBox="0 0 ')
        assert "http" not in svg
        assert "xmlns" not in svg
        assert not re.findall(r"#[0-9a-f]{6}\b", svg.replace("#ffffff", ""))
        own = re.findall(r'\bid="([^"]*)"', svg)
        referred = re.findall(r'url\(#([^)]*)\)|href="#([^"]*)"', svg)
        assert {first or second for first, second in referred} <= set(own)
        ids += own
    assert len(ids) == len(set(ids))


def test_the_same_picture_gives_the_same_bytes(tmp_path: Path) -> None:
    data, samples = reports.subject(tmp_path).report()
    first, second = (pictures.draw(data, samples, 400)["timeline"] for _ in range(2))
    assert style.to_svg(first) == style.to_svg(second)
    assert style.to_png(first) == style.to_png(second)
