"""Studies of structured weights: fair arms, and tables made from their rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bench.ablations.fit import Recipe
from bench.structures import report, studies
from bench.structures.features import FEATURES
from bench.structures.studies import STUDIES
from lst_model.bases import dct_matrix
from lst_model.data import Images
from lst_model.transforms import DCT2d

CLEAN = {"arm": "tanh", "seed": 0, "accuracy": 0.9, "held out": {}}


def _digits(count: int, *, is_test: bool = False) -> Images:
    """Images whose class is the place of a bright square."""
    random = np.random.RandomState(int(is_test))
    labels = np.arange(count) % 10
    pixels = random.randint(0, 100, (count, 28, 28))
    for image, label in zip(pixels, labels, strict=True):
        image[label : label + 10, 5:20] = 255
    return Images(pixels.astype(np.uint8), labels, "made", is_test)


@pytest.mark.parametrize("name", FEATURES)
def test_features_are_as_many_numbers_as_asked_and_independent(name: str) -> None:
    unit = torch.eye(784).reshape(784, 28, 28)
    matrix = FEATURES[name](49, 0)(unit)
    assert matrix.shape == (784, 49)
    assert torch.linalg.matrix_rank(matrix) == 49
    assert float(matrix.square().sum(0).mean()) == pytest.approx(1, rel=0.05)


def test_the_lowest_frequencies_are_those_of_the_dct() -> None:
    image = torch.randn(1, 28, 28, generator=torch.Generator().manual_seed(0))
    whole = DCT2d(28, 28)(image)[0]
    torch.testing.assert_close(FEATURES["DCT, lowest m x m"](9, 0)(image)[0], whole[:3, :3].flatten())
    diagonals = torch.stack([whole[0, 0], whole[0, 1], whole[1, 0], whole[0, 2]])
    torch.testing.assert_close(FEATURES["DCT, lowest diagonals"](4, 0)(image)[0], diagonals)


def test_random_features_are_others_for_another_seed() -> None:
    image = torch.randn(1, 28, 28, generator=torch.Generator().manual_seed(0))
    for name in ("Gaussian projections", "random pixels"):
        assert not torch.equal(FEATURES[name](9, 0)(image), FEATURES[name](9, 1)(image))


def test_linear_classifiers_learn_from_every_kind_and_number_of_features(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studies, "SIDES", (2, 3))
    rows = list(STUDIES["linear"](Recipe(30, 1), _digits(60), _digits(20, is_test=True)))
    assert [(row["arm"], row["features"]) for row in rows] == [(name, count) for name in FEATURES for count in (4, 9)]
    # Four random pixels of 784 see too little of ten places.
    assert all(row["accuracy"] > 0.2 for row in rows if row["features"] == 9)


def test_both_starts_differ_in_the_start_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}
    monkeypatch.setattr(studies, "trials", lambda arms, *_: seen.update(arms) or [])
    list(STUDIES["start"](Recipe(6, 1), _digits(1), _digits(1)))
    torch.manual_seed(0)
    xavier = seen["LST-1-28, Xavier"]()
    torch.manual_seed(0)
    dct = seen["LST-1-28, DCT"]()
    torch.testing.assert_close(dct.block1.row.weight.detach().double().numpy(), dct_matrix(28), atol=1e-6, rtol=0)
    assert not torch.equal(xavier.block1.row.weight, dct.block1.row.weight)
    assert torch.equal(xavier.output.weight, dct.output.weight)


def test_sums_have_about_as_many_numbers_in_every_basis_and_grow_to_the_largest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        studies, "trials", lambda arms, *_: ({"arm": name, **studies._size(arms[name]())} for name in arms)
    )
    rows = {row["arm"]: row["parameters"] for row in STUDIES["sums"](Recipe(1, 1), _digits(20), _digits(20))}
    counts = [rows[text] for text in studies.SUMS[1:]]
    assert max(counts) < 1.02 * min(counts)
    assert rows[" then ".join(studies.GROWING)] == rows[studies.GROWING[-1]]


def test_thresholds_are_chosen_without_the_test_set_and_all_corruptions_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(studies, "HELD_OUT", 20)
    monkeypatch.setattr(studies, "THRESHOLDS", (0.1, 3.5))
    rows = list(STUDIES["functions"](Recipe(2, 1), _digits(100), _digits(20, is_test=True)))
    names = [row["arm"].partition(":")[0] for row in rows]
    assert names == ["tanh", "identity", "relu", "soft", "st-relu"]
    for row in rows[3:]:
        tau = row["arm"].partition(":")[2]
        assert row["held out"][tau] == max(row["held out"].values())
    assert all(f"{name} {severity}" in rows[0] for name in studies.CORRUPTIONS for severity in range(1, 6))


def test_the_small_networks_fit_in_the_budget_of_prodsumnet() -> None:
    rows = {row["arm"]: row for row in STUDIES["small"](Recipe(1, 1), _digits(1), _digits(20, is_test=True))}
    ours = [row for name, row in rows.items() if name.startswith("reslst-3-19")]
    assert ours
    assert all(row["parameters"] <= 3554 for row in ours)


def test_tables_have_mean_and_spread_and_keep_the_text_around_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib", reason="figures need an extra")
    document = tmp_path / "structures.md"
    document.write_text("before\n<!-- study:linear -->\nold\n<!-- /study -->\nafter\n")
    monkeypatch.setattr(report, "DOCUMENT", document)
    monkeypatch.setattr(report, "FIGURES", tmp_path / "figures")
    rows = [
        {"arm": arm, "seed": seed, "features": 9, "accuracy": accuracy}
        for arm in ("A", "B")
        for seed, accuracy in enumerate((0.5, 0.7))
    ]
    report.write({"linear": {"epochs": 3, "seeds": 2, "images": "test set", "seconds": 61, "torch": "0", "rows": rows}})
    text = document.read_text()
    assert "| 9 | 100 | 60.00% (50.00% to 70.00%) | 60.00% (50.00% to 70.00%) |" in text
    assert "3 epochs, seeds 0 to 1, test set" in text
    assert text.startswith("before\n")
    assert text.endswith("<!-- /study -->\nafter\n")
    assert "old" not in text
    assert (tmp_path / "figures" / "linear.svg").exists()


def test_the_table_of_functions_averages_severities_and_says_how_thresholds_were_chosen() -> None:
    harms = {f"{name} {severity}": severity / 10 for name in studies.CORRUPTIONS for severity in range(1, 6)}
    rows = [{**CLEAN, **harms}, {**CLEAN, **harms, "arm": "soft:0.1", "held out": {"0.1": 0.95, "0.2": 0.9}}]
    text = report.TABLES["functions"](rows)
    assert "| `tanh` | 90.00% | 30.00% | 30.00% | 30.00% | 30.00% |" in text
    assert "`soft:0.1` among 0.1 (95.00%), 0.2 (90.00%)" in text
