"""The interface of a simulation engine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from lst_hw.design import Design

from ..trace import Layout, Trace

Pixels = npt.NDArray[np.uint8]


class Engine(ABC):
    """Simulates a design cycle by cycle.

    Parameters
    ----------
    design : Design

    Raises
    ------
    InputError
        If a tool that the engine needs is not installed.
    """

    name: ClassVar[str]
    chunk: ClassVar[int]
    """Images per call of :meth:`run` that keep the overhead of a call small."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.layout = Layout.of(design)

    @abstractmethod
    def run(self, pixels: Pixels, vcd: Path | None = None) -> Trace:
        """Simulate frames back to back, neither stream stalling.

        Parameters
        ----------
        pixels : uint8 [n, rows, columns]
        vcd : Path, optional
            Write the waveforms there.
        """

    def run_chunks(self, chunks: Iterable[Pixels], jobs: int) -> Iterator[Trace]:
        """Simulate several batches at the same time; the traces come in order."""
        with self._executor(jobs) as executor:
            yield from executor.map(self.run, chunks)

    def _executor(self, jobs: int) -> Executor:
        """Threads serve engines that compute outside of Python."""
        return ThreadPoolExecutor(jobs)

    def max_cycles(self, frames: int) -> int:
        """After so many cycles without all results the design must be stuck."""
        return (frames + 2) * (2 * self.design.schedule.cycles_per_frame + 100)
