"""What a simulation records: every value of every stage, with the cycle in which it appeared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from lst_hw.design import Design

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class StageSlot:
    """Place of one stage in the flat record of an image: ``shape`` values from ``offset`` on, row-major."""

    name: str
    offset: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of values."""
        return int(np.prod(self.shape))

    @property
    def slice(self) -> slice:
        """The stage's part of a record."""
        return slice(self.offset, self.offset + self.size)


@dataclass(frozen=True)
class Layout:
    """The record of one image: quantised input, embeddings, logits.

    Attributes
    ----------
    slots : tuple of StageSlot
        In the order of the data flow.
    loops : tuple of StageSlot or None
        By index of the schedule's loop, where the writes of that loop go. Pixels stored by the loading loop have
        been recorded on their way in already.
    pixels, classes : int
        Pixels and logits per image.
    lanes : int
        Images per batch: what happens at the same time belongs to so many images that follow each other.
    """

    slots: tuple[StageSlot, ...]
    loops: tuple[StageSlot | None, ...]
    pixels: int
    classes: int
    lanes: int

    @classmethod
    def of(cls, design: Design) -> Layout:
        """The layout of a design's records."""
        network = design.network
        shapes: list[tuple[str, tuple[int, ...]]] = [("input", (network.rows, network.columns))]
        shapes += [(stage.name, stage.result_shape) for stage in network.stages]
        slots, offset = [], 0
        for name, shape in shapes:
            slots.append(StageSlot(name, offset, shape))
            offset += slots[-1].size
        by_name = {slot.name: slot for slot in slots}
        loops = tuple(by_name[loop.step.stage.name] if loop.step else None for loop in design.schedule.loops)
        return cls(tuple(slots), loops, network.rows * network.columns, network.classes, design.lanes)

    @property
    def size(self) -> int:
        """Values per image."""
        return self.logits.offset + self.logits.size

    @property
    def logits(self) -> StageSlot:
        """The last stage."""
        return self.slots[-1]


@dataclass(frozen=True)
class Trace:
    """Record of ``n`` frames that follow each other without a pause, in batches of ``layout.lanes``.

    Attributes
    ----------
    values : int64 [n, layout.size]
    cycles : int64 [n, layout.size]
        When each value appeared, -1 if it never did. Cycle 0 of a frame is the one in which an accelerator of one lane
        that is waiting for it takes its first pixel from the stream; with more lanes the batcher stands for the stream.
    results : int64 [n]
        Result beats, -1 where none came.
    latencies : int64 [n]
        Cycle of the result beat.
    periods : int64 [n]
        Cycles from the cycle 0 of this frame's batch to the next one's.
    seconds : float
        What the simulation took.
    """

    layout: Layout
    values: Int64
    cycles: Int64
    results: Int64
    latencies: Int64
    periods: Int64
    seconds: float = 0.0

    def stage(self, name: str) -> Int64:
        """Values of a stage, ``[n, *shape]``."""
        slot = next(slot for slot in self.layout.slots if slot.name == name)
        return self.values[:, slot.slice].reshape(-1, *slot.shape)


class Event(IntEnum):
    """Kinds of observations, for engines that record a stream of them."""

    FRAME = 0
    """Cycle 0 of a batch."""
    PIXEL = 1
    """A quantised pixel."""
    WRITE = 2
    """A write to the frame memory: ``loop``, ``row``, ``column``."""
    LOGIT = 3
    """A logit."""
    RESULT = 4
    """A result beat is transferred."""


def from_events(layout: Layout, frames: int, events: Int64) -> Trace:
    """Sort observations into a trace.

    Parameters
    ----------
    layout : Layout
    frames : int
        Number of frames; the first pixel of one more batch marks the end of the last.
    events : int64 [m, 7]
        Columns kind, lane, loop, row, column, value, cycle, in order of cycles.
    """
    values = np.zeros((frames, layout.size), np.int64)
    cycles = np.full((frames, layout.size), -1, np.int64)

    kinds, lanes = events[:, 0], events[:, 1]
    starts = events[kinds == Event.FRAME, 6]
    batch_of = np.arange(frames) // layout.lanes
    bounds = np.full(-(-frames // layout.lanes) + 1, -1, np.int64)
    bounds[: len(starts)] = starts[: len(bounds)]

    def put(batch: Int64, position: Int64, chosen: Int64) -> None:
        frame = batch * layout.lanes + chosen[:, 1]
        inside = (frame < frames) & (position >= 0)
        batch, frame, position, chosen = batch[inside], frame[inside], position[inside], chosen[inside]
        values[frame, position] = chosen[:, 5]
        cycles[frame, position] = chosen[:, 6] - bounds[batch]

    # Of each lane so many come before that of the next batch.
    for kind, offset, count in (
        (Event.PIXEL, 0, layout.pixels),
        (Event.LOGIT, layout.logits.offset, layout.classes),
    ):
        for lane in range(layout.lanes):
            chosen = events[(kinds == kind) & (lanes == lane)]
            order = np.arange(len(chosen))
            put(order // count, offset + order % count, chosen)

    # A batch's writes end before its last logit, and the next batch's begin after it.
    writes = events[kinds == Event.WRITE]
    logits_before = np.cumsum((kinds == Event.LOGIT) & (lanes == 0))[kinds == Event.WRITE]
    position = np.full(len(writes), -1, np.int64)
    for index, slot in enumerate(layout.loops):
        of_loop = writes[:, 2] == index
        if slot is not None and len(slot.shape) == 2:
            rows, columns = writes[of_loop, 3], writes[of_loop, 4]
            place = slot.offset + rows * slot.shape[1] + columns
            position[of_loop] = np.where((rows < slot.shape[0]) & (columns < slot.shape[1]), place, -1)
    put(logits_before // layout.classes, position, writes)

    beats = events[kinds == Event.RESULT][:frames]
    results, latencies = np.full(frames, -1, np.int64), np.full(frames, -1, np.int64)
    results[: len(beats)] = beats[:, 5]
    latencies[: len(beats)] = beats[:, 6] - bounds[batch_of[: len(beats)]]
    return Trace(layout, values, cycles, results, latencies, np.diff(bounds)[batch_of])
