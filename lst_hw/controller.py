"""Walks the schedule: addresses, loop flags, stalls and the check of the frame's length."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import data, enum, stream, wiring
from amaranth.lib.wiring import In, Out

from lst_model.layers import ColumnTransform

from .schedule import Loop, Schedule
from .select import by_index, counter
from .signs import Signs


class Phase(enum.Enum):
    """What the controller is doing."""

    RUN = 0
    """Issuing the current loop's operands or storing its pixels."""
    GAP = 1
    """Waiting for the current loop's results."""
    DISCARD = 2
    """Skipping the rest of a frame that is too long."""


class Controller(wiring.Component):
    """The control unit: issues one operand per cycle, step after step.

    An operand is *issued* in the cycle that gives its address to memory and ROM, or takes its pixel from the
    stream. ``advance`` is the clock enable of everything that moves with the operands; it is low while a
    pixel is awaited. Where a frame's pixels come without gaps it is always high: the array then runs empty until the
    first pixel comes.
    Throughput: one operand per cycle. Latency: 0 cycles from the offer of an awaited pixel to its issue.

    Parameters
    ----------
    schedule : Schedule
    row_bits, column_bits, rom_address_bits : int
        Address widths.
    gapless : bool
        The stream offers well-formed frames only, and each of their pixels as soon as the one before has been taken.
    signs : Signs, optional
        What PEs that only add and subtract must know.

    Members
    -------
    pixels : In(stream)
        Of each pixel (or one of each lane) the flag ``last``, which ends a frame.
    result_ready : In(1)
        The result register is free or being emptied.
    advance : Out(1)
    take : Out(1)
        The pixel is being taken as an operand or for storage, not to be discarded.
    row, column : Out
        Frame memory address of the operand.
    saved : Out(1)
        The operand's saved copy belongs to a sum with a skip connection.
    rom_address : Out(rom_address_bits)
    first, last : Out(1)
        First and last operand of a pass.
    restart : Out(1)
        The first pixel of a frame is being taken; whatever a dropped frame left behind is void.
    streams : Out(1)
        Operands come from the pixel stream.
    dropped : Out(1)
        Pulse: a malformed frame was dropped.
    accepted : Out(1)
        Pulse: the last pixel of a well-formed frame was taken.
    index : Out(signs.index_bits)
        With ``signs``: Gray code of the operand's place in its line.
    selection : Out(range(signs.selection_count))
        With ``signs``: which masks the pass needs.
    padding : Out(1)
        With ``signs``: no operand is issued; the array must get a 0.
    """

    def __init__(
        self,
        *,
        schedule: Schedule,
        row_bits: int,
        column_bits: int,
        rom_address_bits: int,
        gapless: bool = False,
        signs: Signs | None = None,
    ) -> None:
        self._schedule, self._gapless, self._signs = schedule, gapless, signs
        for_signs = {} if signs is None else {**signs.ports(Out), "padding": Out(1)}
        super().__init__(
            {
                "pixels": In(stream.Signature(data.StructLayout({"last": 1}))),
                "result_ready": In(1),
                "advance": Out(1),
                "take": Out(1),
                "row": Out(row_bits),
                "column": Out(column_bits),
                "saved": Out(1),
                "rom_address": Out(rom_address_bits, init=schedule.loops[0].rom_base),
                "first": Out(1),
                "last": Out(1),
                "restart": Out(1),
                "streams": Out(1),
                "dropped": Out(1),
                "accepted": Out(1),
                **for_signs,
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the loops."""
        m = Module()
        loops = self._schedule.loops
        network = self._schedule.network

        phase = Signal(Phase)
        index = counter(len(loops), "index")
        inner = counter(max(loop.inner for loop in loops), "inner")
        outer = counter(max(loop.outer for loop in loops), "outer")
        turn = counter(max(loop.turns for loop in loops), "turn")
        countdown = counter(max(loop.gap for loop in loops), "countdown")

        def of_loop(name: str, number: Callable[[Loop], int]) -> Value:
            return by_index(m, index, [number(loop) for loop in loops], name)

        def following(loop: Loop) -> int:
            return (loops.index(loop) + 1) % len(loops)

        # Whether the loops go on, which is what everything else follows, unless it may run empty.
        moves = Signal()
        running, grid_per_turn = Signal(), of_loop("grid_per_turn", lambda loop: loop.grid_per_turn)
        computes = of_loop("computes", lambda loop: loop.step is not None)
        inner_end, outer_end, turn_end, loop_end = Signal(), Signal(), Signal(), Signal()
        is_column = of_loop(
            "is_column", lambda loop: loop.step is not None and isinstance(loop.step.stage.layer, ColumnTransform)
        )
        m.d.comb += [
            running.eq(phase == Phase.RUN),
            inner_end.eq(inner == of_loop("last_inner", lambda loop: loop.inner - 1)),
            outer_end.eq(outer == of_loop("last_outer", lambda loop: loop.outer - 1)),
            turn_end.eq(turn == of_loop("last_turn", lambda loop: loop.turns - 1)),
            loop_end.eq(running & inner_end & outer_end & turn_end),
            self.row.eq(Mux(is_column, inner, outer)),
            self.column.eq(Mux(is_column, outer, inner)),
            self.first.eq(running & computes & (inner == 0) & (~grid_per_turn | (outer == 0))),
            self.last.eq(running & computes & moves & inner_end & (~grid_per_turn | outer_end)),
        ]
        if network.has_skip:
            adds = of_loop("adds_skip", lambda loop: loop.step is not None and loop.step.stage.adds_skip)
            results = of_loop("results", lambda loop: loop.step.stage.outputs if loop.step is not None else 0)
            m.d.comb += self.saved.eq(running & adds & (turn == 0) & (inner < results))

        if self._signs is not None:
            signs = self._signs
            base = of_loop(
                "first_selection", lambda loop: 0 if loop.step is None else signs.selections[loop.step.index]
            )
            used = of_loop("operands", lambda loop: 0 if loop.step is None else signs.operands[loop.step.index])
            m.d.comb += [
                self.index.eq(inner ^ (inner >> 1)),
                self.selection.eq(base + turn),
                self.padding.eq(inner >= used),
            ]

        # The frame as the stream delivers it, in the first loop.
        awaits_pixel, frame_end, frame_dropped = Signal(), Signal(), Signal()
        last_pixel = self.pixels.payload.last
        m.d.comb += [
            awaits_pixel.eq(running & (index == 0) & (inner < network.columns)),
            frame_end.eq((inner == network.columns - 1) & (outer == network.rows - 1)),
            self.take.eq(awaits_pixel & self.pixels.valid),
            self.streams.eq(computes & (index == 0)),
            self.restart.eq(self.take & (inner == 0) & (outer == 0)),
            moves.eq(~awaits_pixel | self.pixels.valid),
            self.advance.eq(1 if self._gapless else moves),
            self.pixels.ready.eq(awaits_pixel | (phase == Phase.DISCARD)),
            self.accepted.eq(self.take & frame_end & last_pixel),
            self.dropped.eq(self.take & (frame_end != last_pixel)),
            frame_dropped.eq(self.pixels.valid & self.pixels.ready & last_pixel & ~self.accepted),
        ]

        ring_start = of_loop("ring_start", lambda loop: loop.rom_base)
        ring_end = of_loop("ring_end", lambda loop: loop.rom_base + loop.rom_words - 1)
        with m.If(moves):
            m.d.sync += self.rom_address.eq(Mux(self.rom_address == ring_end, ring_start, self.rom_address + 1))
        with m.If(moves & running):
            m.d.sync += inner.eq(Mux(inner_end, 0, inner + 1))
            with m.If(inner_end & Mux(grid_per_turn, outer_end, 1)):
                m.d.sync += turn.eq(Mux(turn_end, 0, turn + 1))
            with m.If(inner_end & Mux(grid_per_turn, 1, turn_end)):
                m.d.sync += outer.eq(Mux(outer_end, 0, outer + 1))

        gap = of_loop("gap", lambda loop: loop.gap)
        next_index = of_loop("next_index", following)
        may_begin, loop_done = Signal(), Signal()
        m.d.comb += [
            # The output layer's logits go straight into the result register.
            may_begin.eq(self.result_ready | (next_index != len(loops) - 1)),
            loop_done.eq(may_begin & Mux(phase == Phase.GAP, countdown == 0, moves & loop_end & (gap == 0))),
        ]
        with m.If(moves & loop_end):
            m.d.sync += [phase.eq(Phase.GAP), countdown.eq(Mux(gap == 0, 0, gap - 1))]
        with m.If((phase == Phase.GAP) & (countdown != 0)):
            m.d.sync += countdown.eq(countdown - 1)
        with m.If(loop_done):
            next_base = of_loop("next_base", lambda loop: loops[following(loop)].rom_base)
            m.d.sync += [phase.eq(Phase.RUN), index.eq(next_index), self.rom_address.eq(next_base)]
        with m.If(self.dropped):
            m.d.sync += phase.eq(Phase.DISCARD)
        with m.If(frame_dropped):
            m.d.sync += [phase.eq(Phase.RUN), self.rom_address.eq(loops[0].rom_base)]
            m.d.sync += [index.eq(0), inner.eq(0), outer.eq(0), turn.eq(0)]
        return m
