"""The folder of a sweep: resuming, and refusing another sweep."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from drivers.sweeps import MEASURES, grid

from lst_hw.sweep.store import SWEEP, Store
from lst_model.errors import InputError

GRID = grid(networks=("8",), widths=(4, 8))


def test_what_is_finished_is_there_the_next_time(tmp_path: Path) -> None:
    store = Store(tmp_path / "new" / "sweep", GRID, MEASURES)
    assert not store.is_finished("a")
    store.finish("a", {"accuracy": 0.5})
    store.keep_weights("w", b"weights")
    again = Store(tmp_path / "new" / "sweep", GRID, MEASURES)
    assert again.is_finished("a")
    assert again.results() == [{"accuracy": 0.5, "key": "a"}]
    assert (again.weights("w"), again.weights("x")) == (b"weights", None)


def test_another_configuration_is_refused_and_results_are_kept(tmp_path: Path) -> None:
    Store(tmp_path, GRID, MEASURES).finish("a", {"accuracy": 0.5})
    with pytest.raises(InputError, match=r"another configuration, widths was \[4, 8\] and is now \[4\]; add --extend"):
        Store(tmp_path, grid(networks=("8",), widths=(4,)), MEASURES)
    with pytest.raises(InputError, match="images was 10 and is now 11"):
        Store(tmp_path, GRID, replace(MEASURES, images=11))
    with pytest.raises(InputError, match=r"widths was \[4, 8\] and is now null"):
        Store(tmp_path, grid(networks=("8",)), MEASURES)
    assert Store(tmp_path, GRID, MEASURES).results() == [{"accuracy": 0.5, "key": "a"}]


def test_a_sweep_can_be_extended(tmp_path: Path) -> None:
    Store(tmp_path, GRID, MEASURES).finish("a", {"accuracy": 0.5})
    larger = grid(networks=("8",), widths=(4, 8, 12))
    assert Store(tmp_path, larger, MEASURES, extend=True).is_finished("a")
    Store(tmp_path, larger, MEASURES)


def test_data_in_another_place_are_the_same_sweep(tmp_path: Path) -> None:
    Store(tmp_path, GRID, MEASURES)
    Store(tmp_path, GRID, replace(MEASURES, data=replace(MEASURES.data, place="elsewhere")))


@pytest.mark.parametrize("file", [SWEEP, "points/a.json"])
def test_a_damaged_file_is_named(tmp_path: Path, file: str) -> None:
    Store(tmp_path, GRID, MEASURES)
    (tmp_path / file).write_text("{")
    with pytest.raises(InputError, match=f"{file}: damaged"):
        Store(tmp_path, GRID, MEASURES).results()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: cannot be made"):
        Store(tmp_path / "file", GRID, MEASURES)
