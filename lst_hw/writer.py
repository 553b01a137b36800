"""Writes results over what they were computed from."""

from __future__ import annotations

from collections.abc import Callable

from amaranth.hdl import Cat, Module, Mux, ResetInserter, Signal, Value, signed
from amaranth.lib import data, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out

from lst_model.fixed import QFormat
from lst_model.layers import RowTransform

from .schedule import Loop, Schedule
from .select import by_index, counter


class Writer(wiring.Component):
    """Puts results, in the order in which they come, where the schedule wants them in the frame memory.

    Row transforms write rows, column transforms write columns, each over the line it was computed from. When
    a line takes several passes, results wait in a queue until the line has been read for the last time. A
    saved copy waits in a queue of its own until the result it is added to arrives.

    Latency: 1 cycle from ``code`` to ``write_*``, one more through the queue of a folded array. Throughput: one
    result per cycle.

    Parameters
    ----------
    schedule : Schedule
    activation : QFormat
        Format in which the sum with a saved copy saturates.
    data_bits, row_bits, column_bits : int
        Widths of an entry of the frame memory and of its address.
    lanes : int
        Images at a time.

    Members
    -------
    restart : In(1)
        What follows belongs to a new frame.
    valid : In(1)
    code : In(signed(data_bits)).array(lanes)
        Result, or quantised pixel while the image is loaded.
    saved_valid : In(1)
    saved : In(signed(data_bits)).array(lanes)
        Saved copy for the result of the same place, read together with the operands.
    loop : Out
        Index of the schedule's loop that the write belongs to.
    enable, save : Out(1)
        Write the entry; write its saved copy as well.
    row, column : Out
    data : Out(signed(data_bits)).array(lanes)
    """

    def __init__(
        self,
        *,
        schedule: Schedule,
        activation: QFormat,
        data_bits: int,
        row_bits: int,
        column_bits: int,
        lanes: int = 1,
    ) -> None:
        self._schedule = schedule
        self._activation = activation
        self._loops = schedule.loops[:-1]
        super().__init__(
            {
                "restart": In(1),
                "valid": In(1),
                "code": In(signed(data_bits)).array(lanes),
                "saved_valid": In(1),
                "saved": In(signed(data_bits)).array(lanes),
                "loop": Out(range(max(2, len(schedule.loops)))),
                "enable": Out(1),
                "save": Out(1),
                "row": Out(row_bits),
                "column": Out(column_bits),
                "data": Out(signed(data_bits)).array(lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build queues, counters and output registers."""
        m = Module()
        loops = self._loops
        loop = Signal.like(self.loop)
        line = counter(max(_lines(each) for each in loops), "line")
        entry = counter(max(_entries(each) for each in loops), "entry")

        def of_loop(name: str, number: Callable[[Loop], int]) -> Value:
            return by_index(m, loop, [number(each) for each in loops], name)

        word = data.ArrayLayout(self.code[0].shape(), len(self.code))
        ready, code = Signal(), Signal(word)
        entry_end = Signal()
        m.d.comb += entry_end.eq(entry == of_loop("last_entry", lambda each: _entries(each) - 1))
        if self._schedule.folded:
            # One place more than a line has results: one may come while the first of a full line leaves. What a
            # dropped frame left behind goes with the restart.
            queue = SyncFIFO(width=word.size, depth=max(_entries(each) for each in loops) + 1)
            m.submodules.queue = ResetInserter(self.restart)(queue)
            # A line may be overwritten from the first result of its last pass on. Lines of the first loop, where a
            # restart may find the queue draining, have one pass only.
            before_last_pass = of_loop("before_last_pass", _results_before_last_pass)
            draining = Signal()
            m.d.comb += [
                queue.w_en.eq(self.valid),
                queue.w_data.eq(Cat(self.code)),
                queue.r_en.eq(ready),
                # A line that has begun to leave may still have to wait for results: the pixel stream may stall.
                ready.eq(queue.r_rdy & (draining | (queue.level > before_last_pass))),
                code.eq(queue.r_data),
            ]
            with m.If(ready):
                m.d.sync += draining.eq(~entry_end)
        else:
            m.d.comb += [ready.eq(self.valid), code.eq(Cat(self.code))]

        result = Signal(word)
        m.d.comb += result.eq(code)
        if self._schedule.network.has_skip:
            m.submodules.copies = copies = SyncFIFO(
                width=word.size,
                depth=max(_entries(each) for each in loops) + self._schedule.result_latency,
            )
            adds = of_loop("adds_skip", lambda each: each.step is not None and each.step.stage.adds_skip)
            q = self._activation
            m.d.comb += [
                copies.w_en.eq(self.saved_valid),
                copies.w_data.eq(Cat(self.saved)),
                copies.r_en.eq(ready & adds),
            ]
            with m.If(adds):
                for lane, saved in enumerate(data.View(word, copies.r_data)):
                    total = code[lane] + saved
                    limited = Mux(total > q.highest, q.highest, Mux(total < q.lowest, q.lowest, total))
                    m.d.comb += result[lane].eq(limited)
            m.d.sync += self.save.eq(
                of_loop("saves_skip", lambda each: each.step is not None and each.step.stage.saves_skip)
            )

        by_row = of_loop("by_row", lambda each: each.step is None or isinstance(each.step.stage.layer, RowTransform))
        m.d.sync += [
            self.enable.eq(ready),
            Cat(self.data).eq(result),
            self.loop.eq(loop),
            self.row.eq(Mux(by_row, line, entry)),
            self.column.eq(Mux(by_row, entry, line)),
        ]
        line_end = Signal()
        m.d.comb += line_end.eq(line == of_loop("last_line", lambda each: _lines(each) - 1))
        with m.If(ready):
            m.d.sync += entry.eq(Mux(entry_end, 0, entry + 1))
            with m.If(entry_end):
                m.d.sync += line.eq(Mux(line_end, 0, line + 1))
                with m.If(line_end):
                    m.d.sync += loop.eq(Mux(loop == len(loops) - 1, 0, loop + 1))
        with m.If(self.restart):
            m.d.sync += [loop.eq(0), line.eq(0), entry.eq(0)]
        return m


def _lines(loop: Loop) -> int:
    return loop.outer if loop.step is None else loop.step.lines


def _entries(loop: Loop) -> int:
    return loop.inner if loop.step is None else loop.step.stage.outputs


def _results_before_last_pass(loop: Loop) -> int:
    return 0 if loop.step is None else loop.step.stage.outputs - loop.step.last_pass_pes
