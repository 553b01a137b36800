"""What a design computes per image, counted from its schedule."""

from __future__ import annotations

from dataclasses import dataclass

from .design import Design


@dataclass(frozen=True)
class Operations:
    """Operations per image.

    Attributes
    ----------
    multiplications : int
        Products of an operand and a weight that layers need. Padding and idle PEs do not count.
    additions : int
        Products, or operands in PEs without multiplier, that are added to a sum or subtracted from one; one more for
        the bias of each sum in learned layers.
    rom_weights : float
        Weights that the ROM puts out, needed or not: one for each PE with weights in every cycle, for all lanes.
    """

    multiplications: int
    additions: int
    rom_weights: float


def operations(design: Design) -> Operations:
    """The operations of a design."""
    multiplications = additions = 0
    for step in design.schedule.steps:
        stage = step.stage
        multiplying = sum(output % step.pes < design.multiplying_pes for output in range(stage.outputs))
        multiplications += step.lines * stage.inputs * multiplying
        additions += step.lines * stage.outputs * (stage.inputs + stage.structure.has_bias)
    read = design.schedule.cycles_per_frame * design.multiplying_pes
    return Operations(multiplications, additions, read / design.lanes)
