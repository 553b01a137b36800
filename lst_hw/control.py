"""What the AXI4-Lite port controls and counts; it stands between the core and its two streams."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .axi_lite import AXILiteSlave, axi_lite_signature
from .design import Design
from .events import events_signature
from .frame_timer import FrameTimer
from .pixel import beat_layout
from .register_bank import RegisterBank
from .registers import IDENTITY, MAP_VERSION, REGISTERS, WORD_BITS
from .result import result_layout
from .result_keeper import ResultKeeper


class Control(wiring.Component):
    """Registers, counters, soft reset and interrupt.

    Both streams pass combinationally: they keep the core's latency and throughput. Registers show an event 1 cycle
    later.

    A soft reset may come in any cycle. A result on offer is kept here until it is taken, as AXI4-Stream demands;
    everything else is forgotten, and the next pixel begins a frame. The rest of a frame that was cut in two is
    therefore a short frame.

    Parameters
    ----------
    design : Design

    Members
    -------
    bus : In(axi_lite_signature)
    irq : Out(1)
        High while an enabled cause is set.
    pixels : In(stream), results : Out(stream)
        From and to outside.
    core_pixels : Out(stream), core_results : In(stream)
        To and from the core.
    core_events : In(events_signature)
    core_reset : Out(1)
        Reset the core, for one cycle.
    """

    def __init__(self, *, design: Design) -> None:
        self._design = design
        super().__init__(
            {
                "bus": In(axi_lite_signature()),
                "irq": Out(1),
                "pixels": In(stream.Signature(beat_layout(design.stream_pixels))),
                "results": Out(stream.Signature(result_layout())),
                "core_pixels": Out(stream.Signature(beat_layout(design.stream_pixels))),
                "core_results": In(stream.Signature(result_layout())),
                "core_events": In(events_signature()),
                "core_reset": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Connect slave, registers, gate, counters and timer."""
        m = Module()
        m.submodules.slave = slave = AXILiteSlave()
        m.submodules.bank = bank = RegisterBank(registers=REGISTERS)
        m.submodules.keeper = keeper = ResultKeeper()
        m.submodules.timer = timer = FrameTimer(bits=WORD_BITS)
        wiring.connect(m, wiring.flipped(self.bus), slave.bus)
        wiring.connect(m, slave.access, bank.access)
        wiring.connect(m, wiring.flipped(self.core_results), keeper.i)
        wiring.connect(m, keeper.o, wiring.flipped(self.results))
        wiring.connect(m, wiring.flipped(self.core_events), timer.events)

        begins, receiving = self._gate(m, enable=bank.control_enable, reset=bank.control_soft_reset)
        self._count(m, bank, begins=begins, offered=keeper.offered)
        self._identify(m, bank)
        events = self.core_events
        m.d.comb += [
            self.core_reset.eq(bank.control_soft_reset),
            keeper.reset.eq(bank.control_soft_reset),
            bank.cycles.eq(timer.cycles),
            bank.status_receiving.eq(receiving),
            bank.status_result.eq(self.results.valid),
            bank.errors_short_frame_set.eq(events.short),
            bank.errors_long_frame_set.eq(events.long),
            bank.errors_bad_access_set.eq(bank.bad_access),
            bank.irq_status_frame_done_set.eq(keeper.offered),
            bank.irq_status_frame_dropped_set.eq(events.short | events.long),
            bank.last_result_class.eq(keeper.last.winner),
            bank.last_result_logit.eq(keeper.last.logit),
            bank.last_result_dropped.eq(keeper.last.dropped),
        ]
        m.d.sync += self.irq.eq(
            (bank.irq_enable_frame_done & bank.irq_status_frame_done)
            | (bank.irq_enable_frame_dropped & bank.irq_status_frame_dropped)
        )
        return m

    def _gate(self, m: Module, *, enable: Value, reset: Value) -> tuple[Signal, Signal]:
        """Let pixels pass, but none of a new frame while disabled; is a frame beginning, has one begun?"""
        begins, receiving, passes = Signal(), Signal(), Signal()
        m.d.comb += [
            passes.eq((enable | receiving) & ~reset),
            self.core_pixels.payload.eq(self.pixels.payload),
            self.core_pixels.valid.eq(self.pixels.valid & passes),
            self.pixels.ready.eq(self.core_pixels.ready & passes),
            begins.eq(self.pixels.valid & self.pixels.ready & ~receiving),
        ]
        with m.If(reset):
            m.d.sync += receiving.eq(0)
        with m.Elif(self.pixels.valid & self.pixels.ready):
            m.d.sync += receiving.eq(~self.pixels.payload.last)
        return begins, receiving

    def _count(self, m: Module, bank: RegisterBank, *, begins: Value, offered: Value) -> None:
        """Count frames by what became of them.

        At most three are under way: one in the pixel register, one in the machine, one whose result is not yet on
        offer.
        """
        events, reset = self.core_events, bank.control_soft_reset
        malformed, under_way = Signal(), Signal(range(4))
        m.d.comb += [malformed.eq(events.short | events.long), bank.status_busy.eq(under_way != 0)]
        m.d.sync += under_way.eq(Mux(reset, 0, under_way + begins - offered - malformed))
        for name, increment in {
            "frames": offered,
            "short_frames": events.short,
            "long_frames": events.long,
            "dropped_frames": Mux(reset, under_way - offered, malformed),
        }.items():
            counter = Signal(WORD_BITS, name=name)
            m.d.sync += counter.eq(Mux(bank.control_clear_counters, 0, counter) + increment)
            m.d.comb += getattr(bank, name).eq(counter)

    def _identify(self, m: Module, bank: RegisterBank) -> None:
        """Fill in what never changes."""
        design, network = self._design, self._design.network
        m.d.comb += [
            bank.id.eq(IDENTITY),
            bank.version_major.eq(MAP_VERSION[0]),
            bank.version_minor.eq(MAP_VERSION[1]),
            bank.weights_hash.eq(design.weights_hash),
            bank.input_size_rows.eq(network.rows),
            bank.input_size_columns.eq(network.columns),
            bank.classes.eq(network.classes),
            bank.stream_bits.eq(len(self.pixels.payload.value)),
        ]
