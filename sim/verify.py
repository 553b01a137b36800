"""The whole proof: RTL against integer model against float model, on many images."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lst_hw.design import Design
from lst_hw.result import result_classes
from lst_model.data import Images
from lst_model.integer import IntegerLST
from lst_model.module import LST, normalise
from lst_model.quantize import QuantizedNetwork

from .compare import CLASS, Comparison, Divergence, compare, float_errors
from .engines import make
from .trace import Trace


@dataclass
class Report:
    """What a verification found.

    Attributes
    ----------
    images : int
    engine : str
    stages : dict
        Values that differ, by stage, ``class`` included.
    accuracy_rtl, accuracy_integer, accuracy_float : float
        Share of images classified right, 0 to 1.
    float_error : dict
        Largest absolute difference between integer and float model, by stage.
    lanes : int
        Images per batch.
    cycles_per_batch, latency : int or None
        Measured: cycles from one batch of ``lanes`` images to the next, and from the start of a batch to its first
        result; None where batches differ, which the schedule rules out.
    cycles_per_second : float
        Simulated cycles per second in one thread or process.
    seconds : float
        All of it, generation and compilation included.
    first : Divergence or None
        First value that differs.
    classes : int64 [images]
        Class that the RTL gave each image, -1 where no result came.
    """

    images: int
    engine: str
    stages: dict[str, int] = field(default_factory=dict)
    accuracy_rtl: float = 0.0
    accuracy_integer: float = 0.0
    accuracy_float: float = 0.0
    float_error: dict[str, float] = field(default_factory=dict)
    lanes: int = 1
    cycles_per_batch: int | None = None
    latency: int | None = None
    cycles_per_second: float = 0.0
    seconds: float = 0.0
    first: Divergence | None = None
    classes: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    @property
    def mismatches(self) -> int:
        """Values that differ, all stages."""
        return sum(self.stages.values())

    @property
    def cycles_per_image(self) -> float | None:
        """Share of an image in its batch."""
        return None if self.cycles_per_batch is None else self.cycles_per_batch / self.lanes

    def as_dict(self) -> dict[str, Any]:
        """The keys of ``lst-hw verify --json``."""
        return {
            "images": self.images,
            "engine": self.engine,
            "mismatches": self.mismatches,
            "stages": self.stages,
            "accuracy_rtl": self.accuracy_rtl,
            "accuracy_integer": self.accuracy_integer,
            "accuracy_float": self.accuracy_float,
            "float_error": self.float_error,
            "lanes": self.lanes,
            "cycles_per_batch": self.cycles_per_batch,
            "cycles_per_image": self.cycles_per_image,
            "latency": self.latency,
            "cycles_per_second": self.cycles_per_second,
            "seconds": self.seconds,
            "first_divergence": self.first.as_dict() if self.first else None,
        }


def verify(
    model: LST,
    quantized: QuantizedNetwork,
    design: Design,
    images: Images,
    *,
    engine: str,
    jobs: int | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Report:
    """Simulate every image and compare every value.

    Parameters
    ----------
    model : LST
        The float model.
    quantized : QuantizedNetwork
        Its quantisation, which the integer model computes.
    design : Design
        The hardware to simulate, made from ``quantized``.
    images : Images
    engine : str
        Name of a simulation engine.
    jobs : int, optional
        Batches at the same time; one per core by default.
    on_progress : callable
        Called with the number of images done.

    Raises
    ------
    InputError
        If the engine is unknown or not installed, or the images do not fit.
    """
    started = time.perf_counter()
    images.check_fits(design.network)
    simulator = make(engine, design)
    report = Report(len(images), engine, lanes=design.lanes)
    integer = IntegerLST(quantized)
    tally = _Tally()

    for start, trace in simulator.run_batches(images.pixels, jobs):
        batch = slice(start, start + len(trace.results))
        pixels = torch.from_numpy(images.pixels[batch])
        expected = integer(pixels)
        with torch.no_grad():
            floats = model.trace(normalise(pixels))
        labels = images.labels[batch]
        tally.compared(compare(design, trace, expected, start))
        tally.counted(trace, labels, expected[CLASS].numpy(), floats["logits"].argmax(1).numpy())
        tally.strayed(float_errors(design, expected, floats))
        on_progress(start + len(labels))
    tally.write_to(report)
    report.seconds = time.perf_counter() - started
    return report


class _Tally:
    """Sums up batches."""

    def __init__(self) -> None:
        self._stages: dict[str, int] = {}
        self._first: Divergence | None = None
        self._right = np.zeros(3, np.int64)
        self._images = 0
        self._errors: dict[str, float] = {}
        self._periods: set[int] = set()
        self._latencies: set[int] = set()
        self._cycles = 0
        self._seconds = 0.0
        self._classes: list[npt.NDArray[np.int64]] = []

    def compared(self, comparison: Comparison) -> None:
        for name, count in comparison.mismatches.items():
            self._stages[name] = self._stages.get(name, 0) + count
        self._first = self._first or comparison.first

    def counted(self, trace: Trace, labels: Any, integer: Any, floats: Any) -> None:
        self._images += len(labels)
        self._classes.append(result_classes(trace.results))
        found = (self._classes[-1], integer, floats)
        self._right += [int((classes == labels).sum()) for classes in found]
        self._periods |= set(trace.periods.tolist())
        lane = np.arange(len(trace.latencies)) % trace.layout.lanes
        self._latencies |= set((trace.latencies - lane).tolist())
        self._cycles += int(trace.periods[lane == 0].clip(0).sum())
        self._seconds += trace.seconds

    def strayed(self, errors: dict[str, float]) -> None:
        for name, error in errors.items():
            self._errors[name] = max(self._errors.get(name, 0.0), error)

    def write_to(self, report: Report) -> None:
        def agreed(values: set[int]) -> int | None:
            return values.pop() if len(values) == 1 else None

        report.stages, report.first, report.float_error = self._stages, self._first, self._errors
        report.classes = np.concatenate(self._classes)
        rates: Iterator[float] = iter((self._right / max(1, self._images)).tolist())
        report.accuracy_rtl, report.accuracy_integer, report.accuracy_float = rates
        report.cycles_per_batch, report.latency = agreed(self._periods), agreed(self._latencies)
        report.cycles_per_second = self._cycles / self._seconds if self._seconds else 0.0
