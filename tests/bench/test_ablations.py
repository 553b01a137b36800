"""Ablations: fair arms, and tables made from their rows."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.ablations import report, studies
from bench.ablations.fit import Arms, Recipe
from bench.ablations.studies import STUDIES, multiplications, second_order
from lst_model.calibrate import unit_function
from lst_model.network import NAMED


def test_multiplications_are_those_of_the_three_layers() -> None:
    assert multiplications(NAMED["lst-1"]) == 28 * 28 * 28 + 28 * 28 * 28 + 10 * 28 * 28


def test_second_order_is_the_units_function() -> None:
    x = torch.linspace(-5, 5, 999)
    assert (second_order(x) - unit_function("second-order")(x)).abs().max() < 2**-11


def test_separability_compares_networks_of_equal_size(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Arms] = []
    monkeypatch.setattr(studies, "trials", lambda arms, *_: seen.append(arms) or [])
    monkeypatch.setattr(studies, "_splits", lambda place: (None, None))
    list(STUDIES["separability"](Recipe(1, 1), None))
    lst, parameters, products = (studies._size(build()) for build in seen[0].values())
    assert parameters["parameters"] == pytest.approx(lst["parameters"], rel=0.05)
    assert products["multiplications"] == pytest.approx(lst["multiplications"], rel=0.01)


def test_a_study_has_a_row_for_each_arm_and_seed_and_repeats_exactly() -> None:
    pytest.importorskip("sklearn", reason="the 8x8 digits are an extra")
    first, again = (list(STUDIES["data-sets"](Recipe(2, 2), None)) for _ in range(2))
    assert first == again
    assert [(row["arm"], row["seed"]) for row in first] == [
        *(("LST-1-8, 8x8", seed) for seed in (0, 1)),
        *(("FC 64-10-10", seed) for seed in (0, 1)),
    ]
    assert all(0.3 < row["accuracy"] <= 1 for row in first)


def test_a_table_has_mean_and_spread_and_keeps_the_text_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="figures need an extra")
    document = tmp_path / "ablations.md"
    document.write_text("before\n<!-- ablation:some -->\nold\n<!-- /ablation -->\nafter\n")
    monkeypatch.setattr(report, "DOCUMENT", document)
    monkeypatch.setattr(report, "FIGURES", tmp_path / "figures")
    rows = [
        {"arm": "A", "seed": seed, "images": "test set", "accuracy": accuracy, "parameters": 1234}
        for seed, accuracy in enumerate((0.5, 0.7))
    ]
    report.write({"some": {"epochs": 3, "seeds": 2, "seconds": 61, "torch": "0", "rows": rows}})
    text = document.read_text()
    assert "| A | 1,234 | 60.00% (50.00% to 70.00%) |" in text
    assert "3 epochs, seeds 0 to 1, test set" in text
    assert text.startswith("before\n")
    assert text.endswith("<!-- /ablation -->\nafter\n")
    assert "old" not in text
    assert (tmp_path / "figures" / "some.svg").exists()
