"""The interface of a simulation engine."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
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
    """Most images per batch."""

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

    def run_batches(self, pixels: Pixels, jobs: int | None = None) -> Iterator[tuple[int, Trace]]:
        """Simulate many images, several batches at the same time.

        Parameters
        ----------
        pixels : uint8 [n, rows, columns]
        jobs : int, optional
            Batches at the same time; one per core by default.

        Yields
        ------
        (int, Trace)
            Index of the batch's first image and its trace, in order.
        """
        jobs, lanes = jobs or os.cpu_count() or 1, self.design.lanes
        # Whole batches of the accelerator, so that none but the last is incomplete.
        size = lanes * max(1, min(self.chunk, -(-len(pixels) // jobs)) // lanes)
        starts = range(0, len(pixels), size)
        batches = [pixels[start : start + size] for start in starts]
        if jobs == 1:
            # No executor: the caller may be a process that is not allowed any of its own, such as a Dask worker.
            yield from zip(starts, map(self.timed_run, batches), strict=True)
            return
        with self._executor(jobs) as executor:
            yield from zip(starts, executor.map(self.timed_run, batches), strict=True)

    def timed_run(self, pixels: Pixels) -> Trace:
        """:meth:`run`, with the time it took."""
        started = time.perf_counter()
        return replace(self.run(pixels), seconds=time.perf_counter() - started)

    def _executor(self, jobs: int) -> Executor:
        """Threads serve engines that compute outside of Python."""
        return ThreadPoolExecutor(jobs)

    def beats(self, pixels: Pixels) -> npt.NDArray[np.uint32]:
        """What the pixel stream carries, ``[frames, beats per frame]``.

        Black frames complete the last batch.
        """
        design = self.design
        missing = -len(pixels) % design.lanes
        padded = np.concatenate([pixels, np.zeros((missing, *pixels.shape[1:]), np.uint8)])
        beats = padded.reshape(len(padded), design.beats_per_frame, design.stream_pixels).astype(np.uint32)
        shifted = beats << np.arange(0, design.stream_bits, 8, dtype=np.uint32)
        together: npt.NDArray[np.uint32] = np.bitwise_or.reduce(shifted, axis=2)
        return together

    def max_cycles(self, frames: int) -> int:
        """After so many cycles without all results the design must be stuck."""
        batches = -(-frames // self.design.lanes)
        return (batches + 3) * (2 * self.design.cycles_per_batch + 100)
