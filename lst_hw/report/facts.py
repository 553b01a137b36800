"""Everything a report says, in plain values; its dump is the JSON output."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from lst_hw.design import Design
from lst_hw.synthesis import Area

from .parts import PARTS, PUBLISHED, Resources

ASSUMED_MHZ = 100.0
"""Clock at which times are stated when none was measured: PYNQ's default for the programmable logic."""


@dataclass(frozen=True)
class Phase:
    """One loop of the schedule: ``start`` and ``cycles`` of work, then ``gap`` idle cycles.

    ``shape`` is how the cycles come about, for people: ``2 passes of 28 x 28``.
    """

    name: str
    shape: str
    start: int
    cycles: int
    gap: int


@dataclass(frozen=True)
class Timing:
    """So many ``images`` go through the schedule together, in ``cycles``; one that comes alone takes ``latency``."""

    images: int
    cycles: int
    latency: int

    @property
    def cycles_per_image(self) -> float:
        """Cycles per image, when neither stream stalls."""
        return self.cycles / self.images


@dataclass(frozen=True)
class Speed:
    """Times at a clock; ``measured`` on an ECP5, or assumed."""

    clock_mhz: float
    measured: bool
    images_per_second: float
    latency_us: float


@dataclass(frozen=True)
class StageWidths:
    """Widths in bits inside one layer, derived from its weights; ``lines`` sums of ``terms`` products at a time."""

    stage: str
    lines: int
    outputs: int
    terms: int
    operand: int
    accumulator: int
    biased: int
    result: int


@dataclass(frozen=True)
class TensorFacts:
    """A tensor against its format.

    Attributes
    ----------
    name : str
        State dict key of a parameter, or name of a stage.
    format : str
        ``exact`` for logits, which are never rounded.
    lowest, highest : float
        Range of the float model's values.
    saturating : float
        Share of values outside the format, 0 to 1.
    error : float
        Root mean square difference between the quantised values and the float model's.
    lsb, msb : int
        The format holds magnitudes from ``2**lsb`` to ``2**msb``.
    octaves : dict
        How many values have a magnitude of at least ``2**k`` and below ``2**(k + 1)``, by ``k``; smaller ones are in
        the first.
    zeros : int
        How many values are zero.
    """

    name: str
    format: str
    lowest: float
    highest: float
    saturating: float
    error: float
    lsb: int
    msb: int
    octaves: dict[int, int]
    zeros: int


@dataclass(frozen=True)
class Mistake:
    """An image that the RTL put into the wrong class.

    ``margin`` is how far the integer model's logit of that class lies above the right class's, in real units.
    """

    image: int
    label: int
    winner: int
    margin: float


@dataclass(frozen=True)
class ReportData:
    """A design, measured.

    Attributes
    ----------
    title : str
    command : str
        Command line that makes the report again.
    created : str
        Date and time, ISO 8601.
    configuration : dict
        The design options and their values.
    manifest : dict
        What ``lst-hw generate`` writes.
    verification : dict
        What ``lst-hw verify --json`` writes.
    source : str
        Where the images come from.
    profiled : int
        Number of images behind ``tensors``.
    timing : Timing
    phases : tuple of Phase
    speeds : tuple of Speed
    area : Area or None
        None where it was not asked for.
    parts : tuple of Resources
    published : Resources
    widths : tuple of StageWidths
    tensors : tuple of TensorFacts
    confusion : tuple of tuple of int
        Images by label (row) and class of the RTL (column).
    unanswered : int
        Images without a result; they are not in ``confusion``.
    mistakes : tuple of Mistake
        The most confident first.
    training : tuple of dict, or None
        Epochs of the training log beside the checkpoint.
    tools : dict
        Versions of what was used.
    """

    title: str
    command: str
    created: str
    configuration: dict[str, Any]
    manifest: dict[str, Any]
    verification: dict[str, Any]
    source: str
    profiled: int
    timing: Timing
    phases: tuple[Phase, ...]
    speeds: tuple[Speed, ...]
    area: Area | None
    widths: tuple[StageWidths, ...]
    tensors: tuple[TensorFacts, ...]
    confusion: tuple[tuple[int, ...], ...]
    unanswered: int
    mistakes: tuple[Mistake, ...]
    training: tuple[dict[str, float], ...] | None
    tools: dict[str, str]
    parts: tuple[Resources, ...] = PARTS
    published: Resources = PUBLISHED

    def to_json(self) -> str:
        """The dump."""
        return json.dumps(asdict(self), indent=2) + "\n"


def phases(design: Design) -> tuple[Phase, ...]:
    """The loops of the schedule, laid end to end."""
    found, start = [], 0
    for loop in design.schedule.loops:
        name = "load" if loop.step is None else spoken(loop.step.stage.name)
        turns = f"{loop.turns} passes of " if loop.turns > 1 else ""
        shape = f"{turns}{loop.outer} x {loop.inner}"
        found.append(Phase(name, shape, start, loop.cycles - loop.gap, loop.gap))
        start += loop.cycles
    return tuple(found)


def timing(design: Design) -> Timing:
    """Cycles, as the schedule counts them."""
    return Timing(images=design.lanes, cycles=design.cycles_per_batch, latency=design.latency)


def speeds(counted: Timing, ecp5_mhz: float | None) -> tuple[Speed, ...]:
    """Times at the clock measured on an ECP5, if it was, and at the one assumed."""
    clocks = [(ASSUMED_MHZ, False)] if ecp5_mhz is None else [(ecp5_mhz, True), (ASSUMED_MHZ, False)]
    return tuple(
        Speed(mhz, measured, mhz * 1e6 / counted.cycles_per_image, counted.latency / mhz) for mhz, measured in clocks
    )


def widths(design: Design) -> tuple[StageWidths, ...]:
    """Derived widths, layer by layer."""
    return tuple(
        StageWidths(
            stage=spoken(step.stage.name),
            lines=step.lines,
            outputs=step.stage.outputs,
            terms=step.stage.inputs,
            operand=ranges.operand.bits,
            accumulator=ranges.accumulator.bits,
            biased=ranges.biased.bits,
            result=ranges.result.bits,
        )
        for step, ranges in zip(design.schedule.steps, design.ranges.stages, strict=True)
    )


def spoken(name: str) -> str:
    """A stage's name for people."""
    return name.replace("_", " ")
