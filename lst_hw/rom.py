"""Contents of the weight ROMs.

All PEs share one ROM address, yet PE ``k`` runs ``k`` cycles behind PE 0. The delay is built into the contents:
a layer's region is a ring of ``passes * period`` words, and the field of PE ``k`` is rotated by ``k`` words, so
that the address which gives PE 0 the weight of operand ``s`` gives PE ``k`` the weight of operand ``s - k``.

Where operands need some cycles to be brought into form, that delay is added. PEs that multiply digit by digit take
the two bits of digit ``d`` another ``d`` cycles later. They are rotated by that much more: a word of the ROM then holds
bits of several weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from .schedule import Schedule, Step

Matrix = Sequence[Sequence[int]]


@dataclass(frozen=True)
class RomBank:
    """One physical ROM that serves neighbouring PEs of equal depth.

    Attributes
    ----------
    first_pe : int
    pes : int
        It serves PEs ``first_pe`` to ``first_pe + pes - 1``.
    words : tuple of tuple of int
        ``words[address][pe - first_pe]`` is a weight code, or the bits that make up one, possibly of several weights.
    """

    first_pe: int
    pes: int
    words: tuple[tuple[int, ...], ...]

    @property
    def depth(self) -> int:
        """Number of words."""
        return len(self.words)


def rom_banks(schedule: Schedule, weights: Sequence[Matrix], pes: int | None = None) -> tuple[RomBank, ...]:
    """The ROMs of an array.

    Parameters
    ----------
    schedule : Schedule
    weights : sequence of matrix
        Weight codes ``[outputs][inputs]``, one matrix per step.
    pes : int, optional
        How many PEs, from the first, have weights; by default all.
    """
    columns = [_contents(schedule, weights, pe) for pe in range(schedule.pes if pes is None else pes)]
    banks = []
    for _, group in groupby(range(len(columns)), key=lambda pe: len(columns[pe])):
        members = list(group)
        words = tuple(zip(*(columns[pe] for pe in members), strict=True))
        banks.append(RomBank(members[0], len(members), words))
    return tuple(banks)


def _contents(schedule: Schedule, weights: Sequence[Matrix], pe: int) -> list[int]:
    """What one PE reads at each address; it ends with the last region that uses this PE."""
    served = sorted((step for step in schedule.steps if pe < step.pes), key=lambda step: step.rom_base)
    behind = pe + schedule.operand_latency
    rings = (
        (step, [_weight(step, weights[step.index], pe, place) for place in range(step.rom_words)]) for step in served
    )
    return [code for step, ring in rings for code in _region(step, ring, behind, schedule.weight_digits)]


def _region(step: Step, ring: Sequence[int], behind: int, digits: int) -> Iterator[int]:
    """The ring of a PE that works so many cycles behind the address."""
    for address in range(step.rom_words):
        if digits == 1:
            yield ring[(address - behind) % step.rom_words]
        else:
            yield sum(ring[(address - behind - d) % step.rom_words] & (0b11 << 2 * d) for d in range(digits))


def _weight(step: Step, weights: Matrix, pe: int, place: int) -> int:
    chunk, slot = divmod(place, step.period)
    output = chunk * step.pes + pe
    inside = output < step.stage.outputs and slot < step.elements
    return weights[output][slot] if inside else 0
