"""What the array does in every cycle, and how many cycles that takes.

One :class:`Step` per layer with weights, in order. ROM contents, controller, writer, cycle formula and
documentation all derive from these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lst_model.errors import InputError
from lst_model.layers import ColumnTransform, Output, RowTransform, Stage
from lst_model.network import Network

ARRAY_LATENCY = 4
"""Cycles from the issue of an operand's address to the sum in PE 0 that includes it, with one weight digit."""

DECISION_LATENCY = 1
"""Cycles from the last logit to the winner."""

REQUANTIZE_LATENCY = 3
"""Cycles from a sum in its PE to its pre-activation: selection, bias, rounding."""

WRITE_LATENCY = 2
"""Cycles from an activation code to the first cycle that may issue a read of it: register, memory."""

QUEUE_LATENCY = 1
"""Cycles a result spends at least in the queue of a folded array."""


@dataclass(frozen=True)
class Step:
    """One layer on the array.

    A *line* is a row, a column, or the whole grid: the operands of one set of sums. It is read ``passes``
    times, each time for the next ``pes`` outputs. A pass takes ``period`` cycles, one operand per cycle.
    PE ``k`` runs ``k`` cycles behind PE 0, so the sums of a pass come out one per cycle, in order.

    Attributes
    ----------
    stage : Stage
        The layer.
    index : int
        Position among the steps.
    pes : int
        PEs in use: ``min(physical PEs, outputs)``.
    streams : bool
        Operands come from the pixel stream as they arrive, not from the frame memory.
    rom_base : int
        First word of the layer's region of the weight ROM.
    bias_base : int
        First word of the layer's biases.
    gap : int
        Idle cycles after the last operand, before the next step (or, after the output layer, the next
        frame) may issue.
    """

    stage: Stage
    index: int
    pes: int
    streams: bool
    rom_base: int
    bias_base: int
    gap: int

    @property
    def lines(self) -> int:
        """Number of lines."""
        match self.stage.layer:
            case RowTransform():
                return self.stage.rows
            case ColumnTransform():
                return self.stage.columns
            case Output():
                return 1

    @property
    def is_output(self) -> bool:
        """Whether the results are logits."""
        return isinstance(self.stage.layer, Output)

    @property
    def passes(self) -> int:
        """How often each line is read."""
        return -(-self.stage.outputs // self.pes)

    @property
    def last_pass_pes(self) -> int:
        """PEs in use in the last pass of a line."""
        return self.stage.outputs - (self.passes - 1) * self.pes

    @property
    def elements(self) -> int:
        """Operands per line."""
        return self.stage.inputs

    @property
    def inner(self) -> int:
        """Cycles of the innermost loop, over columns (row transform, output) or rows (column transform)."""
        if self.is_output:
            return self.stage.columns
        return max(self.elements, self.pes, self.stage.outputs if self.stage.adds_skip else 0)

    @property
    def outer(self) -> int:
        """Count of the loop around it: lines, or for the output layer the rows of the grid."""
        return -(-max(self.elements, self.pes) // self.inner) if self.is_output else self.lines

    @property
    def period(self) -> int:
        """Cycles per pass: one per operand, and at least one per sum that leaves the array.

        Lines shorter than that are padded with zero weights. A skip connection reads the saved copy along
        with the operands, hence at least as many of them as there are results.
        """
        return self.inner * self.outer if self.is_output else self.inner

    @property
    def rom_words(self) -> int:
        """Length of the layer's ROM region; it is read as a ring, once per line."""
        return self.passes * self.period

    @property
    def first_dependent_read(self) -> int:
        """Cycle of this step, counted from 0, that reads the first result of the previous step's last line.

        A row transform ends with a row and a column transform with a column; the next layer crosses it,
        so the last line's first result is the last operand of the first row or column.
        """
        return self.stage.columns - 1 if self.is_output else self.elements - 1


@dataclass(frozen=True)
class Loop:
    """What the controller walks: the image's way into the frame memory, or one step.

    ``turns`` of ``outer`` of ``inner`` cycles when ``grid_per_turn`` (the output layer reads the whole grid in
    every pass), else ``outer`` of ``turns`` of ``inner`` cycles (the others read each line in every pass).
    """

    step: Step | None
    inner: int
    outer: int
    turns: int
    gap: int
    rom_base: int
    rom_words: int
    grid_per_turn: bool = False

    @property
    def cycles(self) -> int:
        """Cycles until the next loop may begin."""
        return self.inner * self.outer * self.turns + self.gap


@dataclass(frozen=True)
class Schedule:
    """All steps of a network on ``pes`` processing elements.

    Parameters
    ----------
    network : Network
    pes : int
        Physical PEs.
    activation_latency : int
        Cycles from a pre-activation code to its activation code.
    weight_digits : int
        Digits of a weight that a PE multiplies with one after the other; a DSP block takes the whole weight as one.
    operand_latency : int
        Cycles that the array needs to bring operands into the form that its PEs take.

    Raises
    ------
    InputError
        If ``pes`` is not between 1 and the widest layer's number of outputs.
    """

    network: Network
    pes: int
    activation_latency: int
    weight_digits: int = 1
    operand_latency: int = 0

    def __post_init__(self) -> None:
        widest = widest_layer(self.network)
        if not 1 <= self.pes <= widest:
            raise InputError(f"{self.pes} PEs for {self.network.title}: choose 1 to {widest}, its widest layer")

    @property
    def array_latency(self) -> int:
        """Cycles from the issue of an operand's address to the sum in PE 0 that includes it."""
        return ARRAY_LATENCY + self.weight_lag

    @property
    def weight_lag(self) -> int:
        """Cycles by which the weight of the last digit comes later than its operand leaves memory or pixel stream."""
        return self.operand_latency + self.weight_digits - 1

    @property
    def result_latency(self) -> int:
        """Cycles from the issue of a pass's last operand to the first issue that may read its first result."""
        queue = QUEUE_LATENCY if self.folded else 0
        return self.array_latency + REQUANTIZE_LATENCY + self.activation_latency + queue + WRITE_LATENCY

    @property
    def folded(self) -> bool:
        """Whether some embedding takes more than one pass per line, so that results must wait for its end."""
        return any(self.pes < stage.outputs for stage in self.network.stages[:-1])

    @property
    def loads(self) -> bool:
        """Whether the image is stored before the first row transform.

        With a PE for each output, pixels feed the array as they arrive. Fewer PEs read each row several
        times, so the image goes to the frame memory first.
        """
        return self.pes < self.network.stages[0].outputs

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps in order of execution."""
        stages = self.network.stages
        drafts = [
            Step(stage, index, min(self.pes, stage.outputs), index == 0 and not self.loads, 0, 0, 0)
            for index, stage in enumerate(stages)
        ]
        rom_bases = _rom_bases(drafts)
        steps, bias_base = [], 0
        for draft, following in zip(drafts, [*drafts[1:], None], strict=True):
            gap = self._gap(draft, following)
            base = rom_bases[draft.index]
            steps.append(Step(draft.stage, draft.index, draft.pes, draft.streams, base, bias_base, gap))
            bias_base += draft.stage.outputs
        return tuple(steps)

    @cached_property
    def loops(self) -> tuple[Loop, ...]:
        """The loops in order, the loading of the image included; its idle cycles let the last pixel settle."""
        first, settle = self.steps[0], QUEUE_LATENCY + WRITE_LATENCY
        load = Loop(None, self.network.columns, self.network.rows, 1, settle, first.rom_base, first.rom_words)
        return (
            *([load] if self.loads else []),
            *(
                Loop(s, s.inner, s.outer, s.passes, s.gap, s.rom_base, s.rom_words, grid_per_turn=s.is_output)
                for s in self.steps
            ),
        )

    @property
    def cycles_per_frame(self) -> int:
        """Cycles from one frame's first pixel to the next one's, when neither stream stalls.

        The sum over all loops of ``inner * outer * turns + gap``.
        """
        return sum(loop.cycles for loop in self.loops)

    @property
    def latency(self) -> int:
        """Cycles from the one that accepts the first pixel to the first one with the result valid.

        One cycle in the pixel register, then as ``cycles_per_frame`` up to the last operand, then the last
        logit's way through array, bias and arg max.
        """
        last = self.steps[-1]
        drain = self.array_latency + (last.last_pass_pes - 1) + REQUANTIZE_LATENCY + DECISION_LATENCY
        return 1 + self.cycles_per_frame - last.gap - 1 + drain

    def _gap(self, step: Step, following: Step | None) -> int:
        """Idle cycles between two steps.

        The last PE needs its tail of the ROM ring, ``last_pass_pes - 1`` words and the lag of the last digit, before
        the address may leave it. A following step must not read a result before it is written, nor its first results
        meet the last line's at the write port. After the output layer the last sum must have left the array, which the
        next frame's pixel stream may freeze.
        """
        if following is None:
            return self.array_latency + step.last_pass_pes - 1
        written_in_time = self.result_latency - 1 - following.first_dependent_read
        port_free = step.stage.outputs - following.rom_words
        return max(step.last_pass_pes - 1 + self.weight_lag, written_in_time, port_free)


def widest_layer(network: Network) -> int:
    """The most outputs any layer has: the number of PEs that needs no folding."""
    return max(stage.outputs for stage in network.stages)


def _rom_bases(steps: list[Step]) -> dict[int, int]:
    """First ROM word of each step's region.

    Regions that use more PEs come first. The words that a PE needs are then a prefix of the address space,
    and PEs with shorter prefixes need shorter ROMs.
    """
    bases, base = {}, 0
    for step in sorted(steps, key=lambda step: (-step.pes, step.index)):
        bases[step.index] = base
        base += step.rom_words
    return bases
