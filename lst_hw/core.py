"""The accelerator between two streams: pixels in, results out."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value, signed
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from .activation_select import ActivationSelect
from .argmax import ArgMax
from .array import PEArray
from .batch import Batcher
from .collector import Collector
from .controller import Controller
from .design import Design
from .memory import FrameMemory, WeightRom
from .pixel import PixelNormalizer, PixelRegister, beat_layout
from .requantizer import Requantizer
from .result import result_layout
from .results import ResultRegister
from .signs import Signs
from .writer import Writer


def trace_signature(design: Design) -> wiring.Signature:
    """What a simulation observes: every stage's values in the cycle in which they appear.

    All are registers that the accelerator has anyway; in synthesis nothing is left of them.

    Members
    -------
    pixel_valid : Out(1), pixel_code : Out(ArrayLayout(signed, lanes))
        A quantised pixel of each lane, in order.
    write_enable : Out(1), write_loop, write_row, write_column : Out, write_data : Out(ArrayLayout(signed, lanes))
        A write to the frame memory, with the index of the schedule's loop it belongs to.
    logit_valid : Out(1), logit : Out(ArrayLayout(signed, lanes))
        A logit of each lane, in order of classes.
    """
    ranges, loops = design.ranges, len(design.schedule.loops)
    return wiring.Signature(
        {
            "pixel_valid": Out(1),
            "pixel_code": Out(data.ArrayLayout(signed(ranges.operand_bits), design.lanes)),
            "write_enable": Out(1),
            "write_loop": Out(range(max(2, loops))),
            "write_row": Out(design.row_bits),
            "write_column": Out(design.column_bits),
            "write_data": Out(data.ArrayLayout(signed(ranges.operand_bits), design.lanes)),
            "logit_valid": Out(1),
            "logit": Out(data.ArrayLayout(signed(design.biased_bits), design.lanes)),
        }
    )


class LSTCore(wiring.Component):
    """In-place LST accelerator.

    Throughput: ``design.lanes`` frames per ``design.cycles_per_batch`` cycles. Latency: ``design.latency``
    cycles from the transfer of a frame's first beat to its result, when it comes alone to an idle accelerator. Both
    streams may stall at any time.

    Parameters
    ----------
    design : Design

    Members
    -------
    pixels : In(stream)
        Pixels, row by row, ``design.stream_pixels`` in a beat, ``last`` with the last of a frame.
    results : Out(stream)
        One result per well-formed frame.
    trace : Out(trace_signature)
        For simulation only.

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
                "pixels": In(stream.Signature(beat_layout(design.stream_pixels))),
                "results": Out(stream.Signature(result_layout())),
                "trace": Out(trace_signature(design)),
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
        lanes = range(design.lanes)
        address = {"row_bits": design.row_bits, "column_bits": design.column_bits}

        m.submodules.controller = controller = Controller(
            schedule=schedule,
            rom_address_bits=design.rom_address_bits,
            gapless=design.lanes > 1,
            signs=design.signs,
            **address,
        )
        m.submodules.frame_memory = memory = FrameMemory(
            data_bits=ranges.operand_bits, has_skip=design.network.has_skip, lanes=design.lanes, **address
        )
        m.submodules.weight_rom = rom = WeightRom(
            banks=design.banks, weight_bits=ranges.weight_bits, address_bits=design.rom_address_bits
        )
        m.submodules.array = array = PEArray(
            operand=ranges.operand,
            weight=ranges.weight,
            accumulator_bits=design.accumulator_bits,
            lanes=design.lanes,
            multiplier=design.multiplier,
            signs=design.signs,
        )
        m.submodules.collector = collector = Collector(
            schedule=schedule,
            biases=design.biases,
            accumulator_bits=max(design.accumulator_bits),
            bias_bits=design.biased_bits,
            units=design.step_units,
            lanes=design.lanes,
        )
        m.submodules.writer = writer = Writer(
            schedule=schedule,
            activation=design.formats.activation,
            data_bits=ranges.operand_bits,
            lanes=design.lanes,
            **address,
        )
        m.submodules.results = results = ResultRegister(
            lanes=design.lanes,
            classes=design.network.classes,
            logit_bits=ranges.logit_bits - design.result_logit_shift,
        )
        wiring.connect(m, wiring.flipped(self.results), results.o)
        pixels = self._pixels(m, controller, results)

        # Cycle 0: an operand is issued. Cycle 1: it comes from the frame memory or the pixel stream.
        codes = [Signal(signed(ranges.operand_bits), name=f"code_{lane}") for lane in lanes]
        taken, streams, first, saved = Signal(), Signal(), Signal(), Signal()
        m.d.sync += [taken.eq(controller.take), saved.eq(controller.saved)]
        padding = None if design.signs is None else self._signs(m, controller, array, design.signs)
        with m.If(controller.advance):
            m.d.sync += [first.eq(controller.first), streams.eq(controller.streams)]
        for lane, code in enumerate(codes):
            m.submodules[f"normalizer_{lane}"] = normalizer = PixelNormalizer(activation=design.formats.activation)
            m.d.comb += normalizer.pixel.eq(pixels[lane])
            with m.If(controller.take):
                m.d.sync += code.eq(normalizer.code)
            operand = memory.read_data[lane]
            operand = operand if schedule.loads else Mux(streams, code, operand)
            m.d.comb += array.operands[lane].eq(operand if padding is None else Mux(padding, 0, operand))
        m.d.comb += [
            memory.read_advance.eq(controller.advance),
            memory.read_row.eq(controller.row),
            memory.read_column.eq(controller.column),
            rom.advance.eq(controller.advance),
            rom.address.eq(controller.rom_address),
            array.advance.eq(controller.advance),
            array.first.eq(first),
            collector.advance.eq(controller.advance),
            collector.last.eq(controller.last),
            collector.restart.eq(controller.restart),
        ]
        m.d.comb += [weight.eq(word) for weight, word in zip(array.weights, rom.weights, strict=True)]
        for summed, totals in zip(collector.totals, array.totals, strict=True):
            m.d.comb += [i.eq(o) for i, o in zip(summed, totals, strict=True)]

        # A result is an embedding entry, on its way to the frame memory, or a logit.
        logit_valid = Signal()
        to_activation = Signal()
        in_flight = Signal(schedule.activation_latency + 1)
        units = [Signal.like(collector.unit, name=f"unit_{place}") for place in range(2)]
        m.d.sync += [
            logit_valid.eq(collector.valid & collector.is_logit),
            to_activation.eq(collector.valid & ~collector.is_logit),
            in_flight.eq((in_flight << 1) | to_activation),
            units[0].eq(collector.unit),
            units[1].eq(units[0]),
        ]
        m.d.comb += [writer.saved_valid.eq(saved), writer.valid.eq(in_flight[-1])]
        logits = []
        for lane in lanes:
            m.submodules[f"requantizer_{lane}"] = requantizer = Requantizer(
                shift=design.formats.weight.fraction_bits,
                preactivation=design.preactivation,
                accumulator_bits=max(design.accumulator_bits),
                biased_bits=design.biased_bits,
            )
            m.submodules[f"activation_{lane}"] = activation = ActivationSelect(
                units=design.units,
                formats=design.formats,
                preactivation=design.preactivation,
                multiplier=design.multiplier,
            )
            m.submodules[f"argmax_{lane}"] = argmax = ArgMax(
                classes=design.network.classes, logit_bits=ranges.logit_bits
            )
            m.d.comb += [
                requantizer.total.eq(collector.total[lane]),
                requantizer.bias.eq(collector.bias),
                activation.i.eq(requantizer.preactivation),
                activation.select.eq(units[1]),
                argmax.valid.eq(logit_valid),
                argmax.logit.eq(requantizer.biased),
                writer.saved[lane].eq(memory.read_saved[lane]),
                writer.code[lane].eq(activation.o),
                results.valid.eq(argmax.done),
                results.winners[lane].eq(argmax.winner),
                results.logits[lane].eq(argmax.winner_logit >> design.result_logit_shift),
            ]
            logits.append(requantizer.biased)
        if schedule.loads:
            m.d.comb += writer.restart.eq(controller.restart)
            with m.If(taken):
                m.d.comb += [writer.valid.eq(1), Cat(writer.code).eq(Cat(codes))]
        else:
            restarts = Signal(len(in_flight) + 1)
            m.d.sync += restarts.eq((restarts << 1) | collector.restarted)
            m.d.comb += writer.restart.eq(restarts[-1])
        m.d.comb += [
            memory.write_enable.eq(writer.enable),
            memory.write_save.eq(writer.save),
            memory.write_row.eq(writer.row),
            memory.write_column.eq(writer.column),
            Cat(memory.write_data).eq(Cat(writer.data)),
        ]
        m.d.comb += [
            self.trace.pixel_valid.eq(taken),
            self.trace.pixel_code.as_value().eq(Cat(codes)),
            self.trace.write_enable.eq(writer.enable),
            self.trace.write_loop.eq(writer.loop),
            self.trace.write_row.eq(writer.row),
            self.trace.write_column.eq(writer.column),
            self.trace.write_data.as_value().eq(Cat(writer.data)),
            self.trace.logit_valid.eq(logit_valid),
            self.trace.logit.as_value().eq(Cat(logits)),
        ]
        return m

    def _signs(self, m: Module, controller: Controller, array: PEArray, signs: Signs) -> Signal | None:
        """What comes with the operands for PEs that have no weights; whether it is a cycle without operand."""
        padding = Signal()
        with m.If(controller.advance):
            m.d.sync += [
                array.index.eq(controller.index),
                array.selection.eq(controller.selection),
                padding.eq(controller.padding),
            ]
        return padding if signs.has_padding else None

    def _pixels(self, m: Module, controller: Controller, results: ResultRegister) -> list[Value]:
        """What precedes the array: the pixels of each lane, and what the results must know of the frames."""
        design, network = self._design, self._design.network
        # What the results must know of their frames changes when the array has taken the last pixel of others, but not
        # before the results of the frames before are out: a frame of a single pixel may follow that soon.
        count, dropped = Signal.like(results.count), Signal(design.lanes)
        accepted = Signal(2)
        m.d.comb += [
            controller.result_ready.eq(results.ready),
            results.count.eq(count),
            results.dropped.eq(dropped),
        ]
        m.d.sync += accepted.eq((accepted << 1) | controller.accepted)
        if design.lanes == 1:
            m.submodules.pixel_register = source = PixelRegister(pixels=design.stream_pixels)
            m.d.comb += count.eq(1)
            pending = Signal()
            with m.If(accepted[1]):
                m.d.sync += [dropped.eq(pending), pending.eq(0)]
            with m.If(controller.dropped):
                m.d.sync += pending.eq(1)
        else:
            m.submodules.batcher = source = Batcher(
                lanes=design.lanes, frame_pixels=network.rows * network.columns, beat_pixels=design.stream_pixels
            )
            batch = Cat(source.count, source.dropped)
            taken = Signal.like(batch)
            with m.If(controller.accepted):
                m.d.sync += taken.eq(batch)
            with m.If(accepted[1]):
                m.d.sync += Cat(count, dropped).eq(taken)
        wiring.connect(m, wiring.flipped(self.pixels), source.i)
        m.d.comb += [
            controller.pixels.valid.eq(source.o.valid),
            controller.pixels.payload.last.eq(source.o.payload.last),
            source.o.ready.eq(controller.pixels.ready),
        ]
        return [source.o.payload.values[lane] for lane in range(design.lanes)]
