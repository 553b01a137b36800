"""Ablations: fair arms, and tables made from their rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from drivers import idx

from bench.ablations import report, studies
from bench.ablations.fit import Arms, Recipe
from bench.ablations.studies import STUDIES, multiplications, second_order
from lst_model.calibrate import unit_function
from lst_model.data import Split
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


def test_another_data_set_is_compared_like_the_digits(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the 8x8 digits are an extra")
    random = np.random.default_rng(0)
    # Of the size and under the names of Fashion-MNIST's four files: each class is a stripe of its own.
    sizes: list[tuple[Split, int]] = [("train", 500), ("test", 100)]
    for split, count in sizes:
        labels = np.arange(count, dtype=np.uint8) % 10
        pixels = random.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        pixels[np.arange(count), 2 * labels + 4] += 150
        idx.write(tmp_path, split, pixels, labels, compressed=True)
    rows = list(STUDIES["data-sets"](Recipe(20, 1), str(tmp_path)))
    digits, other = rows[:2], rows[2:]
    assert [row["images"] for row in digits] == ["8x8 digits of scikit-learn, test part"] * 2
    assert [row["arm"] for row in other] == ["LST-1-28, 28x28", "FC 784-12-10"]
    for row in other:
        assert row["images"] == f"test images in {tmp_path}"
        assert row["parameters"] == pytest.approx(9474, rel=0.02)
        assert row["accuracy"] > 0.9


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
