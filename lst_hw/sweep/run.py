"""Running the unfinished points of a sweep on Dask.

Trainings come first, one for all points that share it. Every result goes to the store as it arrives, so an
interruption loses only what was being computed. A worker that dies loses its task to another one.
"""

from __future__ import annotations

import importlib.util
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from lst_model import checkpoint
from lst_model.errors import InputError

from . import work
from .point import DataSet, Measures, Point, Stored, Training
from .store import Store

if TYPE_CHECKING:
    from distributed import Client, WorkerPlugin


class Work(Protocol):
    """What workers run; :mod:`.work` is the one there is."""

    def train(self, what: Training, place: DataSet) -> bytes:
        """Content of the trained checkpoint."""

    def measure(self, point: Point, weights: bytes, measures: Measures) -> dict[str, Any]:
        """The point's row of the table."""


@dataclass
class Plan:
    """What is left to do.

    Attributes
    ----------
    points : dict
        Unfinished points by key.
    trainings : dict
        Trainings that they need and that have no checkpoint yet, by key.
    finished : int
        Points that were there before.
    """

    points: dict[str, Point] = field(default_factory=dict)
    trainings: dict[str, Training] = field(default_factory=dict)
    finished: int = 0

    @classmethod
    def of(cls, points: Sequence[Point], store: Store, measures: Measures) -> Plan:
        """The plan for these points, given what the store holds."""
        plan = cls()
        by_key = {point.key(measures): point for point in points}
        for key, point in by_key.items():
            if store.is_finished(key):
                plan.finished += 1
                continue
            plan.points[key] = point
            if isinstance(point.weights, Training) and store.weights(point.weights.key) is None:
                plan.trainings[point.weights.key] = point.weights
        return plan

    @property
    def steps(self) -> int:
        """Number of tasks."""
        return len(self.points) + len(self.trainings)


@contextmanager
def connect(workers: int | None, scheduler: str | None, timeout: float) -> Iterator[Client]:
    """A Dask client: of a cluster on this machine, or of a scheduler elsewhere.

    Parameters
    ----------
    workers : int or None
        Processes of the local cluster; one per core by default.
    scheduler : str or None
        Address, for example ``tcp://10.0.0.1:8786``.
    timeout : float
        Seconds to wait for the scheduler, and for its first worker.

    Raises
    ------
    InputError
        If Dask is not installed, the scheduler cannot be reached, or it has no workers.
    """
    if importlib.util.find_spec("distributed") is None:
        raise InputError("sweep needs Dask: pip install lst-hw[sweep]")
    import distributed

    if scheduler is None:
        # A worker that dies is replaced; what that writes to the log is of no use here. Port 0 is any free one.
        with (
            distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=logging.CRITICAL
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            client.register_plugin(_deaf())
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=timeout)
    except (OSError, ValueError):
        raise InputError(
            f"scheduler {scheduler} cannot be reached within {timeout:g} s; check the address, "
            "or leave out --scheduler to use this machine"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=timeout)
        except TimeoutError:
            raise InputError(f"scheduler {scheduler} has no workers; start some with `dask worker`") from None
        yield client


def run(
    client: Client,
    plan: Plan,
    store: Store,
    measures: Measures,
    *,
    on_progress: Callable[[int], None] = lambda done: None,
    tasks: Work = work,
) -> list[str]:
    """Run a plan and keep every result.

    Parameters
    ----------
    client : distributed.Client
    plan : Plan
    store : Store
    measures : Measures
    on_progress : callable
        Called with the number of steps done.
    tasks : Work
        What the workers run.

    Returns
    -------
    list of str
        One line per step that failed; the others are finished.
    """
    from distributed import as_completed

    failures: list[str] = []
    by_weights: dict[str, dict[str, Point]] = {}
    for key, point in plan.points.items():
        by_weights.setdefault(point.weights.key, {})[key] = point
    running = as_completed()
    trainings, points = {}, {}

    def measure(weights_key: str, weights: bytes) -> None:
        for key, point in by_weights[weights_key].items():
            future = client.submit(tasks.measure, point, weights, measures, key=f"measure-{key}", pure=False)
            points[future.key] = key
            running.add(future)

    for weights_key, some in by_weights.items():
        if weights_key in plan.trainings:
            what = plan.trainings[weights_key]
            future = client.submit(tasks.train, what, measures.data, key=f"train-{weights_key}", pure=False)
            trainings[future.key] = weights_key
            running.add(future)
        else:
            measure(weights_key, _weights(store, next(iter(some.values()))))

    done = 0
    for future in running:
        done += 1
        try:
            value = future.result()
        except Exception as error:  # whatever a worker may meet; the other points go on
            if future.key in trainings:
                weights_key = trainings[future.key]
                failures.append(f"training of {plan.trainings[weights_key]}: {_reason(error)}")
                done += len(by_weights[weights_key])
            else:
                failures.append(f"{plan.points[points[future.key]]}: {_reason(error)}")
        else:
            if future.key in trainings:
                weights_key = trainings[future.key]
                store.keep_weights(weights_key, value)
                measure(weights_key, value)
            else:
                store.finish(points[future.key], value)
        # Kept here, or failed for good: Dask need not compute it again when the worker that holds it dies.
        future.release()
        on_progress(done)
    return failures


def _deaf() -> WorkerPlugin:
    """Makes the workers of this machine ignore Ctrl-C, which the terminal sends them too: the sweep ends them."""
    import distributed

    class Deaf(distributed.WorkerPlugin):
        def setup(self, worker: object) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


def _weights(store: Store, point: Point) -> bytes:
    """The checkpoint of a point that needs no training any more."""
    if isinstance(point.weights, Stored):
        return checkpoint.resolve(point.weights.name).read_bytes()
    content = store.weights(point.weights.key)
    assert content is not None
    return content


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"
