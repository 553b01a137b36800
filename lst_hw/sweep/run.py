"""Running the unfinished points of a sweep on Dask.

Trainings come first, one for all points that share it, then those in integers that start from them. Every result
goes to the store as it arrives, so an interruption loses only what was being computed. A worker that dies loses
its task to another one.
"""

from __future__ import annotations

import importlib.util
import logging
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from lst_model import checkpoint
from lst_model.errors import InputError

from . import work
from .point import DataSet, Measures, Point, Retraining, Stored, Training, Weights
from .store import Store

if TYPE_CHECKING:
    from distributed import Client, WorkerPlugin


class Work(Protocol):
    """What workers run; :mod:`.work` is the one there is."""

    def train(self, what: Training, place: DataSet) -> bytes:
        """Content of the trained checkpoint."""

    def retrain(self, what: Retraining, weights: bytes, place: DataSet) -> bytes:
        """Content of the checkpoint trained on in integers."""

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
        Trainings that they need and that have no checkpoint yet, by key, in either arithmetic.
    finished : int
        Points that were there before.
    """

    points: dict[str, Point] = field(default_factory=dict)
    trainings: dict[str, Training | Retraining] = field(default_factory=dict)
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
            weights = point.measured_weights(measures)
            while not isinstance(weights, Stored) and store.weights(weights.key) is None:
                plan.trainings[weights.key] = weights
                if isinstance(weights, Training):
                    break
                weights = weights.base
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
    running = as_completed()
    started: dict[str, _Step] = {}
    waiting: dict[str, list[_Step]] = {}

    def start(step: _Step, weights: bytes | None) -> None:
        task: Callable[..., object]
        arguments: tuple[object, ...]
        match step.what:
            case Point():
                name, task, arguments = "measure", tasks.measure, (weights, measures)
            case Retraining():
                name, task, arguments = "retrain", tasks.retrain, (weights, measures.data)
            case Training():
                name, task, arguments = "train", tasks.train, (measures.data,)
        future = client.submit(task, step.what, *arguments, key=f"{name}-{step.key}", pure=False)
        started[str(future.key)] = step
        running.add(future)

    for step in _steps(plan, measures):
        if step.source is None:
            start(step, None)
        elif step.source.key in plan.trainings:
            waiting.setdefault(step.source.key, []).append(step)
        else:
            start(step, _content(step.source, store))

    done = 0
    for future in running:
        step = started[str(future.key)]
        done += 1
        try:
            value = future.result()
        except Exception as error:  # whatever a worker may meet; the other points go on
            failures.append(f"{step}: {_reason(error)}")
            done += _following(step.key, waiting)
        else:
            if isinstance(step.what, Point):
                store.finish(step.key, value)
            else:
                store.keep_weights(step.key, value)
                for next_step in waiting.get(step.key, ()):
                    start(next_step, value)
        # Kept here, or failed for good: Dask need not compute it again when the worker that holds it dies.
        future.release()
        on_progress(done)
    return failures


@dataclass(frozen=True)
class _Step:
    """A task: its key, what is to be done, and the weights it starts from, None for random ones."""

    key: str
    what: Training | Retraining | Point
    source: Weights | None

    def __str__(self) -> str:
        return str(self.what) if isinstance(self.what, Point) else f"training of {self.what}"


def _steps(plan: Plan, measures: Measures) -> Iterator[_Step]:
    """All tasks of a plan."""
    for key, what in plan.trainings.items():
        yield _Step(key, what, what.base if isinstance(what, Retraining) else None)
    for key, point in plan.points.items():
        yield _Step(key, point, point.measured_weights(measures))


def _following(key: str, waiting: Mapping[str, Sequence[_Step]]) -> int:
    """Number of tasks that cannot be done without some weights."""
    return sum(1 + _following(step.key, waiting) for step in waiting.get(key, ()))


def _deaf() -> WorkerPlugin:
    """Makes the workers of this machine ignore Ctrl-C, which the terminal sends them too: the sweep ends them."""
    import distributed

    class Deaf(distributed.WorkerPlugin):
        def setup(self, worker: object) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


def _content(weights: Weights, store: Store) -> bytes:
    """The checkpoint of weights that need no training any more."""
    if isinstance(weights, Stored):
        return checkpoint.resolve(weights.name).read_bytes()
    content = store.weights(weights.key)
    assert content is not None
    return content


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"
