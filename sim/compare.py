"""Bit-exact comparison of a trace with the integer model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from lst_hw.design import Design
from lst_hw.result import result_beats

from .trace import StageSlot, Trace

CLASS = "class"
"""Name of the last stage compared: the whole result beat."""


@dataclass(frozen=True)
class Divergence:
    """The first value that differs.

    Attributes
    ----------
    image : int
        Index of the image.
    stage : str
    row, column : int
        Place in the stage; row 0 and the index for logits, 0 and 0 for the result beat.
    cycle : int or None
        When the value appeared, counted from the frame's first pixel; None if it never did.
    expected, got : int
        Codes; for the result beat, its 32 bits. A value that never appeared is given as 0.
    """

    image: int
    stage: str
    row: int
    column: int
    cycle: int | None
    expected: int
    got: int

    def __str__(self) -> str:
        when = "never written" if self.cycle is None else f"cycle {self.cycle}"
        return (
            f"image {self.image}, stage {self.stage}, row {self.row}, column {self.column}, {when}: "
            f"expected {self.expected}, got {self.got}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """Outcome for a batch of images.

    Attributes
    ----------
    mismatches : dict
        Number of values that differ, by stage.
    first : Divergence or None
        The first one: lowest image, then earliest stage, then lowest row and column.
    """

    mismatches: dict[str, int]
    first: Divergence | None


def compare(design: Design, trace: Trace, expected: dict[str, Tensor], first_image: int = 0) -> Comparison:
    """Compare every value of every stage; a value that never appeared is a mismatch.

    Parameters
    ----------
    design : Design
    trace : Trace
        ``n`` frames.
    expected : dict
        What :class:`~lst_model.integer.IntegerLST` returns for the same ``n`` images.
    first_image : int
        Index of the first image, for the report.
    """
    count = len(trace.results)
    record = np.concatenate([expected[slot.name].numpy().reshape(count, -1) for slot in trace.layout.slots], axis=1)
    beats = result_beats(design, expected["logits"].numpy(), expected[CLASS].numpy())
    wrong = (record != trace.values) | (trace.cycles < 0)
    wrong_beat = beats != trace.results
    mismatches = {slot.name: int(wrong[:, slot.slice].sum()) for slot in trace.layout.slots}
    mismatches[CLASS] = int(wrong_beat.sum())

    images = np.flatnonzero(wrong.any(1) | wrong_beat)
    if not images.size:
        return Comparison(mismatches, None)
    image = int(images[0])
    number = first_image + image
    if not wrong[image].any():
        cycle = int(trace.latencies[image]) if trace.results[image] >= 0 else None
        got = max(0, int(trace.results[image]))
        return Comparison(mismatches, Divergence(number, CLASS, 0, 0, cycle, int(beats[image]), got))
    position = int(wrong[image].argmax())
    slot = next(slot for slot in trace.layout.slots if position < slot.slice.stop)
    row, column = _place(slot, position)
    cycle = int(trace.cycles[image, position])
    return Comparison(
        mismatches,
        Divergence(
            image=number,
            stage=slot.name,
            row=row,
            column=column,
            cycle=cycle if cycle >= 0 else None,
            expected=int(record[image, position]),
            got=int(trace.values[image, position]),
        ),
    )


def _place(slot: StageSlot, position: int) -> tuple[int, int]:
    place = position - slot.offset
    return divmod(place, slot.shape[-1])


def float_errors(design: Design, expected: dict[str, Tensor], floats: dict[str, Tensor]) -> dict[str, float]:
    """Largest absolute difference between integer and float model, in real units, by stage."""
    scales = dict.fromkeys(floats, design.formats.activation.fraction_bits) | {"logits": design.logit_fraction}
    errors = {}
    for name, values in floats.items():
        real: npt.NDArray[np.float64] = expected[name].numpy() / float(1 << scales[name])
        errors[name] = float(np.abs(real - values.numpy()).max(initial=0.0))
    return errors
