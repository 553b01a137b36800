"""Reads finished sums out of the array, one per cycle, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .memory import Rom
from .schedule import Schedule, Step
from .select import by_index, counter


class Collector(wiring.Component):
    """Follows the wave of finished sums through the array and pairs each with its bias.

    Latency: 1 cycle from a sum in its PE to ``total``. Throughput: one sum per cycle and lane. Selection holds while
    ``advance`` is low; what has been selected moves on regardless.

    Parameters
    ----------
    schedule : Schedule
    biases : sequence of int
        What is added to the sums, at the steps' ``bias_base``.
    accumulator_bits, bias_bits : int
        Widths of a sum and of a bias.
    units : sequence of int
        A number for each step, 0 by default.
    lanes : int
        Images at a time.

    Members
    -------
    advance : In(1)
        Clock enable of the array.
    last : In(1)
        The operand being issued is the last of a pass.
    restart : In(1)
        The operand being issued is the first of a frame.
    totals : In(signed(accumulator_bits)).array(pes, lanes)
    valid : Out(1)
        ``total`` and ``bias`` are a new sum of each lane and its bias.
    is_logit : Out(1)
        It belongs to the output layer.
    unit : Out
        The number of the step that it belongs to.
    restarted : Out(1)
        Everything after this cycle belongs to a new frame.
    total : Out(signed(accumulator_bits)).array(lanes)
    bias : Out(signed(bias_bits))
    """

    def __init__(
        self,
        *,
        schedule: Schedule,
        biases: Sequence[int],
        accumulator_bits: int,
        bias_bits: int,
        units: Sequence[int] = (0,),
        lanes: int = 1,
    ) -> None:
        self._schedule = schedule
        self._units = tuple(units)
        self._biases = tuple(biases)
        super().__init__(
            {
                "advance": In(1),
                "last": In(1),
                "restart": In(1),
                "totals": In(signed(accumulator_bits)).array(schedule.pes, lanes),
                "valid": Out(1),
                "is_logit": Out(1),
                "unit": Out(range(max(2, max(units) + 1))),
                "restarted": Out(1),
                "total": Out(signed(accumulator_bits)).array(lanes),
                "bias": Out(signed(bias_bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build selection and bias ROM."""
        m = Module()
        steps = self._schedule.steps
        selected = counter(self._schedule.pes, "selected")
        busy = Signal()
        step = counter(len(steps), "step")
        line = counter(max(step.lines for step in steps), "line")

        m.submodules.bias_rom = rom = Rom(words=self._biases, shape=self.bias.shape())
        bias_address = Signal.like(rom.address)
        m.d.comb += [rom.advance.eq(1), rom.address.eq(bias_address), self.bias.eq(rom.word)]

        def of_step(name: str, number: Callable[[Step], int]) -> Value:
            return by_index(m, step, [number(each) for each in steps], name)

        line_end, pass_end, step_end = Signal(), Signal(), Signal()
        m.d.comb += [
            line_end.eq(bias_address == of_step("last_bias", lambda s: s.bias_base + s.stage.outputs - 1)),
            pass_end.eq(line_end | (selected == of_step("last_pe", lambda s: s.pes - 1))),
            step_end.eq(line_end & (line == of_step("last_line", lambda s: s.lines - 1))),
        ]

        starts = Signal(self._schedule.array_latency - 1)
        restarts = Signal(self._schedule.array_latency - 1)
        with m.If(self.advance):
            m.d.sync += [starts.eq((starts << 1) | self.last), restarts.eq((restarts << 1) | self.restart)]
            with m.If(busy):
                m.d.sync += [bias_address.eq(bias_address + 1), selected.eq(Mux(pass_end, 0, selected + 1))]
                with m.If(pass_end):
                    m.d.sync += busy.eq(0)
                with m.If(step_end):
                    last_step = step == len(steps) - 1
                    m.d.sync += [line.eq(0), step.eq(Mux(last_step, 0, step + 1))]
                    with m.If(last_step):
                        m.d.sync += bias_address.eq(0)
                with m.Elif(line_end):
                    first_bias = of_step("first_bias", lambda s: s.bias_base)
                    m.d.sync += [line.eq(line + 1), bias_address.eq(first_bias)]
            with m.If(restarts[-1]):
                m.d.sync += [busy.eq(0), selected.eq(0), step.eq(0), line.eq(0), bias_address.eq(0)]
            with m.If(starts[-1]):
                m.d.sync += busy.eq(1)

        last_pe = self._schedule.pes - 1
        with m.Switch(selected):
            for pe in range(last_pe):
                with m.Case(pe):
                    m.d.sync += [o.eq(i) for o, i in zip(self.total, self.totals[pe], strict=True)]
            with m.Default():
                m.d.sync += [o.eq(i) for o, i in zip(self.total, self.totals[last_pe], strict=True)]
        m.d.sync += [
            self.valid.eq(busy & self.advance),
            self.restarted.eq(restarts[-1] & self.advance),
            self.is_logit.eq(step == len(steps) - 1),
            self.unit.eq(by_index(m, step, self._units, "step_unit")),
        ]
        return m
