"""Sweeps on Dask: shared trainings, resuming, failures, workers that die."""

from __future__ import annotations

import importlib.util
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drivers.sweeps import MEASURES, Tasks, grid, images

from lst_hw.sweep.run import Plan, connect, run
from lst_hw.sweep.store import Store
from lst_model import checkpoint
from lst_model.errors import InputError
from lst_model.module import LST
from lst_model.network import lst

distributed = pytest.importorskip("distributed", reason="sweeps need an extra")

GRID = grid(networks=("8",), seeds=(0, 1), formats=("Q2.4", "Q2.6"))
POINTS = GRID.points(images())


@pytest.fixture(scope="module")
def client() -> Iterator[object]:
    """A Dask client whose workers are threads of this process."""
    with distributed.Client(
        processes=False, n_workers=1, threads_per_worker=2, dashboard_address="127.0.0.1:0"
    ) as client:
        yield client


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "sweep", GRID, MEASURES)


def test_each_point_is_measured_and_shared_weights_are_trained_once(
    client: object, store: Store, tmp_path: Path
) -> None:
    tasks = Tasks(tmp_path)
    steps: list[int] = []
    plan = Plan.of(POINTS, store, MEASURES)
    assert run(client, plan, store, MEASURES, on_progress=steps.append, tasks=tasks) == []
    assert tasks.log == [
        *(f"measure weights of seed {seed} {formats}" for seed in (0, 1) for formats in ("Q2.4", "Q2.6")),
        *("train seed 0", "train seed 1"),
    ]
    assert steps == [1, 2, 3, 4, 5, 6]
    assert plan.steps == 6
    assert len(store.results()) == 4


def test_finished_points_and_trainings_are_not_repeated(client: object, store: Store, tmp_path: Path) -> None:
    run(client, Plan.of(POINTS[:1], store, MEASURES), store, MEASURES, tasks=Tasks(tmp_path))
    (tmp_path / "log").unlink()
    plan = Plan.of(POINTS, store, MEASURES)
    assert (plan.finished, plan.steps) == (1, 4)
    run(client, plan, store, MEASURES, tasks=Tasks(tmp_path))
    assert Tasks(tmp_path).log == [
        "measure weights of seed 0 Q2.6",
        *(f"measure weights of seed 1 {formats}" for formats in ("Q2.4", "Q2.6")),
        "train seed 1",
    ]
    assert Plan.of(POINTS, store, MEASURES).steps == 0


def test_a_failure_is_reported_and_the_other_points_go_on(client: object, store: Store, tmp_path: Path) -> None:
    tasks = Tasks(tmp_path, fails="seed 1 Q2.4")
    failures = run(client, Plan.of(POINTS, store, MEASURES), store, MEASURES, tasks=tasks)
    assert failures == ["LST-1-8 seed 1, Q2.4/Q2.4/Q2.4, second-order: measure weights of seed 1 Q2.4 is not possible"]
    assert len(store.results()) == 3
    assert Plan.of(POINTS, store, MEASURES).steps == 1


def test_a_failed_training_leaves_out_its_points(client: object, store: Store, tmp_path: Path) -> None:
    steps: list[int] = []
    tasks = Tasks(tmp_path, fails="train seed 0")
    failures = run(client, Plan.of(POINTS, store, MEASURES), store, MEASURES, on_progress=steps.append, tasks=tasks)
    assert failures == ["training of LST-1-8 seed 0: train seed 0 is not possible"]
    assert {result["network"] for result in store.results()} == {"weights of seed 1"}
    assert steps[-1] == 6


RETRAINED = grid(networks=("8",), seeds=(0,), formats=("Q2.4", "Q2.6"), retrain=(0, 3), pes=(1, 2))


def test_weights_are_trained_on_in_integers_once_for_all_points_that_share_them(
    client: object, store: Store, tmp_path: Path
) -> None:
    tasks = Tasks(tmp_path)
    points = RETRAINED.points(images())
    plan = Plan.of(points, store, MEASURES)
    assert plan.steps == len(points) + 3 == 11
    assert run(client, plan, store, MEASURES, tasks=tasks) == []
    assert tasks.log == [
        *("measure weights of seed 0 Q2.4",) * 2,
        *("measure weights of seed 0 Q2.6",) * 2,
        *("measure weights of seed 0 in Q2.4 Q2.4",) * 2,
        *("measure weights of seed 0 in Q2.6 Q2.6",) * 2,
        *(f"retrain weights of seed 0 {formats}" for formats in ("Q2.4", "Q2.6")),
        "train seed 0",
    ]
    assert Plan.of(points, store, MEASURES).steps == 0


def test_an_interruption_between_the_two_trainings_costs_neither(client: object, store: Store, tmp_path: Path) -> None:
    points = RETRAINED.points(images())
    run(client, Plan.of(points[:1], store, MEASURES), store, MEASURES, tasks=Tasks(tmp_path))
    (tmp_path / "log").unlink()
    run(client, Plan.of([points[1]], store, MEASURES), store, MEASURES, tasks=Tasks(tmp_path))
    assert Tasks(tmp_path).log == ["measure weights of seed 0 in Q2.4 Q2.4", "retrain weights of seed 0 Q2.4"]
    (tmp_path / "log").unlink()
    for key in Plan.of(points[2:], store, MEASURES).trainings:
        assert not (store.folder / "trained" / f"{key}.pt").exists()
    run(client, Plan.of([points[3]], store, MEASURES), store, MEASURES, tasks=Tasks(tmp_path))
    assert Tasks(tmp_path).log == ["measure weights of seed 0 in Q2.4 Q2.4"]


def test_a_failed_training_leaves_out_those_that_start_from_it(client: object, store: Store, tmp_path: Path) -> None:
    steps: list[int] = []
    tasks = Tasks(tmp_path, fails="train seed 0")
    plan = Plan.of(RETRAINED.points(images()), store, MEASURES)
    failures = run(client, plan, store, MEASURES, on_progress=steps.append, tasks=tasks)
    assert failures == ["training of LST-1-8 seed 0: train seed 0 is not possible"]
    assert (steps, tasks.log) == ([11], ["train seed 0"])


def test_checkpoints_are_measured_without_training(client: object, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "some.pt", LST(lst(8, embeddings=(4,))))
    asked = grid(checkpoints=(str(tmp_path / "some.pt"),))
    store = Store(tmp_path / "sweep", asked, MEASURES)
    plan = Plan.of(asked.points(images()), store, MEASURES)
    assert plan.steps == 1
    assert run(client, plan, store, MEASURES, tasks=Tasks(tmp_path)) == []
    assert Tasks(tmp_path).log == ["measure a checkpoint Q5.7"]
    assert store.results()[0]["parameter_bits"] == (tmp_path / "some.pt").stat().st_size


@pytest.fixture(scope="module")
def processes() -> Iterator[object]:
    """The client of a local cluster, as the command line starts it."""
    with connect(1, None, 30) as client:
        yield client


def test_workers_leave_the_terminals_interrupts_to_the_sweep(processes: Any) -> None:
    assert set(processes.run(signal.getsignal, signal.SIGINT).values()) == {signal.SIG_IGN}


def test_a_killed_worker_costs_nothing_but_its_task(processes: object, store: Store, tmp_path: Path) -> None:
    tasks = Tasks(tmp_path, kills="measure")
    assert run(processes, Plan.of(POINTS[:2], store, MEASURES), store, MEASURES, tasks=tasks) == []
    assert (tmp_path / "killed").exists()
    assert len(store.results()) == 2
    assert tasks.log.count("train seed 0") == 1
    assert len(tasks.log) > 3


def test_without_dask_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"sweep needs Dask: pip install lst-hw\[sweep\]"), connect(1, None, 1):
        pass


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nonsense"])
def test_a_scheduler_that_cannot_be_reached_is_refused(address: str) -> None:
    with (
        pytest.raises(InputError, match=f"scheduler {address} cannot be reached within 0.5 s"),
        connect(None, address, 0.5),
    ):
        pass


def test_a_scheduler_without_workers_is_refused() -> None:
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0") as cluster,
        pytest.raises(InputError, match="has no workers; start some with `dask worker`"),
        connect(None, cluster.scheduler_address, 0.5),
    ):
        pass
