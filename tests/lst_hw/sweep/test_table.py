"""The table of a sweep in both kinds."""

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path

import pytest
from drivers.sweeps import row

from lst_hw.sweep import table
from lst_model.errors import InputError

ROWS = [row(seed=1, lut=500), row(seed=None, network="LST-2-8")]


def test_csv_has_a_line_per_row_and_empty_fields_for_missing_values(tmp_path: Path) -> None:
    table.write(tmp_path / "t.csv", ROWS)
    with (tmp_path / "t.csv").open() as file:
        read = list(csv.DictReader(file))
    assert [line["network"] for line in read] == ["LST-1-8", "LST-2-8"]
    assert [(line["seed"], line["lut"]) for line in read] == [("1", "500"), ("", "")]
    assert list(read[0]) == list(ROWS[0])


def test_parquet_holds_the_same(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs an extra")
    table.write(tmp_path / "t.parquet", ROWS)
    assert parquet.read_table(tmp_path / "t.parquet").to_pylist() == ROWS


def test_order_is_by_what_was_chosen_and_numbers_count_as_numbers() -> None:
    rows = [
        row(pes=28),
        row(pes=4),
        row(network="LST-1-16"),
        row(seed=2),
        row(weight_format="Q2.10", parameter_bits=2000),
    ]
    found = table.in_order(rows)
    assert [(one["network"], one["seed"], one["weight_format"], one["pes"]) for one in found] == [
        ("LST-1-8", 0, "Q2.6", 4),
        ("LST-1-8", 0, "Q2.6", 28),
        ("LST-1-8", 0, "Q2.10", 10),
        ("LST-1-8", 2, "Q2.6", 10),
        ("LST-1-16", 0, "Q2.6", 10),
    ]


def test_the_ending_of_the_name_is_the_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    table.check(Path("results.csv"))
    with pytest.raises(InputError, match=r"table results\.xls: end its name in \.csv or \.parquet"):
        table.check(Path("results.xls"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"a Parquet table needs pyarrow: pip install lst-hw\[sweep\]"):
        table.check(Path("results.parquet"))


def test_points_of_a_version_that_knew_fewer_columns_have_empty_fields(tmp_path: Path) -> None:
    old = row(seed=5)
    del old["retrained_epochs"]
    found = table.in_order([old, row(seed=1)])
    assert [list(one) for one in found] == [list(row())] * 2
    assert [one["retrained_epochs"] for one in found] == [0, None]
    table.write(tmp_path / "t.csv", found)
    assert (tmp_path / "t.csv").read_text().count("\n") == 3
