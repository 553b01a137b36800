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
    """

    slots: tuple[StageSlot, ...]
    loops: tuple[StageSlot | None, ...]
    pixels: int
    classes: int

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
        return cls(tuple(slots), loops, network.rows * network.columns, network.classes)

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
    """Record of ``n`` frames that follow each other without a pause.

    Attributes
    ----------
    values : int64 [n, layout.size]
    cycles : int64 [n, layout.size]
        When each value appeared, -1 if it never did. Cycle 0 of a frame is the one in which an accelerator that
        is waiting for it takes its first pixel from the stream.
    results : int64 [n]
        Result beats, -1 where none came.
    latencies : int64 [n]
        Cycle of the result beat.
    periods : int64 [n]
        Cycles from this frame's cycle 0 to the next one's.
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
    """Cycle 0 of a frame."""
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
        Number of frames; the first pixel of one more marks the end of the last.
    events : int64 [m, 6]
        Columns kind, loop, row, column, value, cycle, in order of cycles.
    """
    values = np.zeros((frames, layout.size), np.int64)
    cycles = np.full((frames, layout.size), -1, np.int64)

    kinds = events[:, 0]
    starts = events[kinds == Event.FRAME, 5]
    bounds = np.full(frames + 1, -1, np.int64)
    bounds[: len(starts)] = starts[: frames + 1]

    def put(frame: Int64, position: Int64, chosen: Int64) -> None:
        inside = (frame < frames) & (position >= 0)
        frame, position, chosen = frame[inside], position[inside], chosen[inside]
        values[frame, position] = chosen[:, 4]
        cycles[frame, position] = chosen[:, 5] - bounds[frame]

    pixels = events[kinds == Event.PIXEL]
    order = np.arange(len(pixels))
    put(order // layout.pixels, order % layout.pixels, pixels)

    logits = events[kinds == Event.LOGIT]
    order = np.arange(len(logits))
    put(order // layout.classes, layout.logits.offset + order % layout.classes, logits)

    # A frame's writes end before its last logit, and the next frame's begin after it.
    writes = events[kinds == Event.WRITE]
    logits_before = np.cumsum(kinds == Event.LOGIT)[kinds == Event.WRITE]
    position = np.full(len(writes), -1, np.int64)
    for index, slot in enumerate(layout.loops):
        chosen = writes[:, 1] == index
        if slot is not None and len(slot.shape) == 2:
            rows, columns = writes[chosen, 2], writes[chosen, 3]
            place = slot.offset + rows * slot.shape[1] + columns
            position[chosen] = np.where((rows < slot.shape[0]) & (columns < slot.shape[1]), place, -1)
    put(logits_before // layout.classes, position, writes)

    beats = events[kinds == Event.RESULT][:frames]
    results, latencies = np.full(frames, -1, np.int64), np.full(frames, -1, np.int64)
    results[: len(beats)] = beats[:, 4]
    latencies[: len(beats)] = beats[:, 5] - bounds[: len(beats)]
    return Trace(layout, values, cycles, results, latencies, np.diff(bounds))
