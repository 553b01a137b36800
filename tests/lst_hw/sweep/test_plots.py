"""Pareto fronts and their plots."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from drivers.sweeps import row

from lst_hw.sweep import plots
from lst_model.errors import InputError

POINTS = [
    row(accuracy=0.90, lut=300),
    row(accuracy=0.95, lut=400, network="LST-2-8"),
    row(accuracy=0.94, lut=400),
    row(accuracy=0.95, lut=500),
    row(accuracy=0.99, lut=600),
]


def test_the_front_holds_what_no_other_point_beats() -> None:
    assert [one["lut"] for one in plots.front(POINTS, "lut")] == [300, 400, 600]
    assert [one["accuracy"] for one in plots.front(POINTS, "lut")] == [0.90, 0.95, 0.99]


def test_a_plot_has_a_panel_for_each_cost_that_was_measured(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need an extra")
    plots.write(tmp_path / "some.svg", POINTS)
    text = (tmp_path / "some.svg").read_text()
    for shown in ("LUTs", "cycles per image", "bits of all weights", "LST-2-8", "Q2.6"):
        assert shown in text
    assert "block RAM" not in text


def test_the_same_points_give_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need an extra")
    for name in ("a.svg", "b.svg"):
        plots.write(tmp_path / name, POINTS)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


def test_without_matplotlib_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"need Matplotlib: pip install lst-hw\[sweep\]"):
        plots.check()
