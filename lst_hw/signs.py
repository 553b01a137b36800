"""Which PEs only add and subtract, and the signs they do it with.

The weights of a Walsh-Hadamard transform are ``+-2**k``. Whether the one for operand ``n`` is negative is the parity of
``row & n``, of the output's natural row and the operand's place in its line. The place comes as a Gray code here, of
which one bit changes from operand to operand: the parity of ``row & n`` is that of ``mask & gray(n)``, where bit ``j``
of the mask is the parity of the row's bits ``0`` to ``j``. In order of sign changes the mask of output ``j`` is simply
``j`` with its bits reversed.

This is the one place that decides which designs get such PEs. All others multiply by the codes in the ROM.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from amaranth.lib.wiring import Flow, Member

from lst_model.layers import Output
from lst_model.structure import Transform

from .schedule import Schedule, Step

Matrix = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Signs:
    """The PEs without multiplier and without ROM: the last ones, which serve Walsh-Hadamard transforms only.

    Attributes
    ----------
    first_pe : int
        The first of them.
    shift : int
        All their weights are ``+-2**shift``.
    masks : tuple of tuple of int
        ``masks[pe - first_pe][selection]`` is the mask of what the PE computes in a pass.
    selections : tuple of int
        For each step the selection of a line's first pass; those of the other passes follow it.
    operands : tuple of int
        For each step the cycles of a pass, or of a row in the output layer, in which the array needs operands.
    has_padding : bool
        Whether there are others, in which operands must be 0, as there are no weights of 0.
    """

    first_pe: int
    shift: int
    masks: tuple[tuple[int, ...], ...]
    selections: tuple[int, ...]
    operands: tuple[int, ...]
    has_padding: bool

    @property
    def index_bits(self) -> int:
        """Width of an operand's place in its line."""
        return max(1, max(mask for masks in self.masks for mask in masks).bit_length())

    @property
    def selection_count(self) -> int:
        """Number of selections."""
        return len(self.masks[0])

    def ports(self, direction: Flow) -> dict[str, Member]:
        """What goes along with an operand: ``index``, its place in the line, and ``selection``, that of the masks."""
        return {
            "index": direction(self.index_bits),
            "selection": direction(range(max(2, self.selection_count))),
        }


def gray(place: int) -> int:
    """The Gray code of a number."""
    return place ^ (place >> 1)


def sign_mask(row: Sequence[int]) -> int | None:
    """The mask that tells the negative entries of a row of ``+-1``, or None if its signs are no Walsh function's."""
    bits = (len(row) - 1).bit_length()
    natural = sum(1 << bit for bit in range(bits) if row[1 << bit] < 0)
    mask = sum((((1 << (bit + 1)) - 1 & natural).bit_count() & 1) << bit for bit in range(bits))
    fits = all((code < 0) == bool((mask & gray(place)).bit_count() & 1) for place, code in enumerate(row))
    return mask if fits else None


def find_signs(schedule: Schedule, weights: Sequence[Matrix]) -> Signs | None:
    """The PEs that need no multiplier.

    A PE is one of them if all layers that it serves are Walsh-Hadamard transforms of rows or columns and all weights of
    all such PEs have the same magnitude, a power of two. That excludes the PEs of a learned output layer, transforms
    divided by different numbers, and formats in which ``+-1`` saturates or is rounded to 0.

    Parameters
    ----------
    schedule : Schedule
    weights : sequence of matrix
        Weight codes ``[outputs][inputs]``, one matrix per step.

    Returns
    -------
    Signs or None
        None if every PE must multiply.
    """
    steps = schedule.steps
    masks = [_masks(step, weights[step.index]) for step in steps]
    first_pe = max(step.pes for step, of_step in zip(steps, masks, strict=True) if of_step is None)
    served = [step for step in steps if step.pes > first_pe]
    magnitudes = {abs(code) for step in served for row in weights[step.index] for code in row}
    if not served or len(magnitudes) > 1:
        return None

    passes: list[tuple[int, ...]] = []
    selections = [0] * len(steps)
    for step in served:
        own = [
            tuple(_mask(masks[step.index] or [], step, turn, pe) for pe in range(first_pe, schedule.pes))
            for turn in range(step.passes)
        ]
        # Rows and columns of a square transform have the same masks.
        known = [start for start in range(len(passes)) if passes[start : start + len(own)] == own]
        selections[step.index] = known[0] if known else len(passes)
        passes += [] if known else own
    return Signs(
        first_pe,
        magnitudes.pop().bit_length() - 1,
        tuple(zip(*passes, strict=True)),
        tuple(selections),
        tuple(step.elements if step in served else step.inner for step in steps),
        any(step.elements < step.period for step in served),
    )


def _masks(step: Step, weights: Matrix) -> list[int] | None:
    """The masks of a layer's outputs, or None if it is no transform of signs."""
    structure = step.stage.structure
    if isinstance(step.stage.layer, Output) or not isinstance(structure, Transform) or not structure.has_signs_only:
        return None
    magnitudes = {abs(code) for row in weights for code in row}
    masks = [mask for row in weights if (mask := sign_mask(row)) is not None]
    single = len(magnitudes) == 1 and all(magnitude.bit_count() == 1 for magnitude in magnitudes)
    return masks if single and len(masks) == len(weights) else None


def _mask(masks: Sequence[int], step: Step, turn: int, pe: int) -> int:
    """The mask for what a PE computes in a pass; any where it computes nothing."""
    output = turn * step.pes + pe
    return masks[output] if pe < step.pes and output < len(masks) else 0
