"""The accelerator between two streams: pixels in, results out."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, signed
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .activation import UNITS
from .argmax import ArgMax
from .array import PEArray
from .collector import Collector
from .controller import Controller
from .design import Design
from .events import events_signature
from .memory import FrameMemory, WeightRom
from .pixel import PixelNormalizer, PixelRegister, pixel_layout
from .requantizer import Requantizer
from .result import result_layout
from .writer import Writer


def trace_signature(design: Design) -> wiring.Signature:
    """What a simulation observes: every stage's values in the cycle in which they appear.

    All are registers that the accelerator has anyway; in synthesis nothing is left of them.

    Members
    -------
    pixel_valid : Out(1), pixel_code : Out(signed)
        A quantised pixel, in order.
    write_enable : Out(1), write_loop, write_row, write_column : Out, write_data : Out(signed)
        A write to the frame memory, with the index of the schedule's loop it belongs to.
    logit_valid : Out(1), logit : Out(signed)
        A logit, in order of classes.
    """
    ranges, loops = design.ranges, len(design.schedule.loops)
    return wiring.Signature(
        {
            "pixel_valid": Out(1),
            "pixel_code": Out(signed(ranges.operand_bits)),
            "write_enable": Out(1),
            "write_loop": Out(range(max(2, loops))),
            "write_row": Out(design.row_bits),
            "write_column": Out(design.column_bits),
            "write_data": Out(signed(ranges.operand_bits)),
            "logit_valid": Out(1),
            "logit": Out(signed(ranges.biased_bits)),
        }
    )


class LSTCore(wiring.Component):
    """In-place LST accelerator.

    Throughput: one frame per ``design.schedule.cycles_per_frame`` cycles. Latency: ``design.schedule.latency``
    cycles from the first pixel's transfer to the result. Both streams may stall at any time.

    Parameters
    ----------
    design : Design

    Members
    -------
    pixels : In(stream)
        Pixels, row by row, ``last`` on the last of a frame.
    results : Out(stream)
        One result per well-formed frame.
    trace : Out(trace_signature)
        For simulation only.
    events : Out(events_signature)
        For the control registers, if the design has them.

    Raises
    ------
    TypeError
        If ``design`` is not a :class:`~lst_hw.design.Design`.
    """

    def __init__(self, *, design: Design) -> None:
        if not isinstance(design, Design):
            raise TypeError(f"Design must be a Design object, not {design!r}")
        self._design = design
        super().__init__(
            {
                "pixels": In(stream.Signature(pixel_layout())),
                "results": Out(stream.Signature(result_layout())),
                "trace": Out(trace_signature(design)),
                **({"events": Out(events_signature())} if design.axi_lite else {}),
            }
        )

    @property
    def design(self) -> Design:
        """What this core computes."""
        return self._design

    def elaborate(self, platform: object) -> Module:
        """Connect the blocks along the data flow."""
        m = Module()
        design, ranges, schedule = self._design, self._design.ranges, self._design.schedule
        address = {"row_bits": design.row_bits, "column_bits": design.column_bits}

        m.submodules.pixel_register = pixel_register = PixelRegister()
        m.submodules.normalizer = normalizer = PixelNormalizer(activation=design.formats.activation)
        m.submodules.controller = controller = Controller(
            schedule=schedule, rom_address_bits=design.rom_address_bits, **address
        )
        m.submodules.frame_memory = memory = FrameMemory(
            data_bits=ranges.operand_bits, has_skip=design.network.has_skip, **address
        )
        m.submodules.weight_rom = rom = WeightRom(
            banks=design.banks, weight_bits=ranges.weight_bits, address_bits=design.rom_address_bits
        )
        m.submodules.array = array = PEArray(
            pes=design.pes,
            operand_bits=ranges.operand_bits,
            weight_bits=ranges.weight_bits,
            accumulator_bits=ranges.accumulator_bits,
        )
        m.submodules.collector = collector = Collector(
            schedule=schedule,
            biases=design.biases,
            accumulator_bits=ranges.accumulator_bits,
            bias_bits=ranges.biased_bits,
        )
        m.submodules.requantizer = requantizer = Requantizer(
            formats=design.formats, accumulator_bits=ranges.accumulator_bits, biased_bits=ranges.biased_bits
        )
        m.submodules.activation = activation = UNITS[design.activation](formats=design.formats)
        m.submodules.writer = writer = Writer(
            schedule=schedule, activation=design.formats.activation, data_bits=ranges.operand_bits, **address
        )
        m.submodules.argmax = argmax = ArgMax(classes=design.network.classes, logit_bits=ranges.logit_bits)

        wiring.connect(m, wiring.flipped(self.pixels), pixel_register.i)
        wiring.connect(m, pixel_register.o, controller.pixels)

        # Cycle 0: an operand is issued. Cycle 1: it comes from the frame memory or the pixel stream.
        code = Signal(signed(ranges.operand_bits))
        taken, streams, first, saved = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [taken.eq(controller.take), saved.eq(controller.saved)]
        with m.If(controller.take):
            m.d.sync += code.eq(normalizer.code)
        with m.If(controller.advance):
            m.d.sync += [first.eq(controller.first), streams.eq(controller.streams)]
        m.d.comb += [
            normalizer.pixel.eq(pixel_register.o.payload.value),
            memory.read_advance.eq(controller.advance),
            memory.read_row.eq(controller.row),
            memory.read_column.eq(controller.column),
            rom.advance.eq(controller.advance),
            rom.address.eq(controller.rom_address),
            array.advance.eq(controller.advance),
            array.operand.eq(memory.read_data if schedule.loads else Mux(streams, code, memory.read_data)),
            array.first.eq(first),
            collector.advance.eq(controller.advance),
            collector.last.eq(controller.last),
            collector.restart.eq(controller.restart),
            requantizer.total.eq(collector.total),
            requantizer.bias.eq(collector.bias),
            activation.i.eq(requantizer.preactivation),
        ]

        m.d.comb += [weight.eq(word) for weight, word in zip(array.weights, rom.weights, strict=True)]
        m.d.comb += [total_in.eq(total) for total_in, total in zip(collector.totals, array.totals, strict=True)]

        # A result is an embedding entry, on its way to the frame memory, or a logit.
        logit_valid = Signal()
        to_activation = Signal()
        in_flight = Signal(activation.LATENCY + 1)
        m.d.sync += [
            logit_valid.eq(collector.valid & collector.is_logit),
            to_activation.eq(collector.valid & ~collector.is_logit),
            in_flight.eq((in_flight << 1) | to_activation),
        ]
        m.d.comb += [
            argmax.valid.eq(logit_valid),
            argmax.logit.eq(requantizer.biased),
            writer.saved_valid.eq(saved),
            writer.saved.eq(memory.read_saved),
            writer.valid.eq(in_flight[-1]),
            writer.code.eq(activation.o),
        ]
        if schedule.loads:
            m.d.comb += writer.restart.eq(controller.restart)
            with m.If(taken):
                m.d.comb += [writer.valid.eq(1), writer.code.eq(code)]
        else:
            restarts = Signal(len(in_flight) + 1)
            m.d.sync += restarts.eq((restarts << 1) | collector.restarted)
            m.d.comb += writer.restart.eq(restarts[-1])
        m.d.comb += [
            memory.write_enable.eq(writer.enable),
            memory.write_save.eq(writer.save),
            memory.write_row.eq(writer.row),
            memory.write_column.eq(writer.column),
            memory.write_data.eq(writer.data),
        ]

        # A drop is reported with the next well-formed frame, however late the previous result leaves. One cycle of
        # patience keeps apart a frame of a single pixel and the result of the frame before it.
        dropped, frame_follows_drop, accepted = Signal(), Signal(), Signal()
        m.d.sync += accepted.eq(controller.accepted)
        with m.If(accepted):
            m.d.sync += [frame_follows_drop.eq(dropped), dropped.eq(0)]
        with m.If(controller.dropped):
            m.d.sync += dropped.eq(1)
        m.d.comb += controller.result_ready.eq(~self.results.valid | self.results.ready)
        with m.If(self.results.ready):
            m.d.sync += self.results.valid.eq(0)
        with m.If(argmax.done):
            m.d.sync += [
                self.results.valid.eq(1),
                self.results.payload.winner.eq(argmax.winner),
                self.results.payload.logit.eq(argmax.winner_logit >> design.result_logit_shift),
                self.results.payload.dropped.eq(frame_follows_drop),
            ]

        if design.axi_lite:
            last_pixel = pixel_register.o.payload.last
            m.d.comb += [
                self.events.first.eq(controller.restart),
                self.events.accepted.eq(accepted),
                self.events.short.eq(controller.dropped & last_pixel),
                self.events.long.eq(controller.dropped & ~last_pixel),
                self.events.done.eq(argmax.done),
            ]

        m.d.comb += [
            self.trace.pixel_valid.eq(taken),
            self.trace.pixel_code.eq(code),
            self.trace.write_enable.eq(writer.enable),
            self.trace.write_loop.eq(writer.loop),
            self.trace.write_row.eq(writer.row),
            self.trace.write_column.eq(writer.column),
            self.trace.write_data.eq(writer.data),
            self.trace.logit_valid.eq(logit_valid),
            self.trace.logit.eq(requantizer.biased),
        ]
        return m
