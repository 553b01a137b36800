"""What the AXI4-Lite port controls and counts; it stands between the core and its two streams."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .axi_lite import AXILiteSlave, axi_lite_signature
from .design import Design
from .events import events_signature
from .pixel import pixel_layout
from .register_bank import RegisterBank
from .registers import IDENTITY, MAP_VERSION, REGISTERS, WORD_BITS
from .result import result_layout

PIXEL_CYCLES = 1
"""From a pixel's transfer to its arrival in an idle core: the pixel register."""

RESULT_CYCLES = 1
"""From the last logit to the offer of the result: the result register."""


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
                "pixels": In(stream.Signature(pixel_layout())),
                "results": Out(stream.Signature(result_layout())),
                "core_pixels": Out(stream.Signature(pixel_layout())),
                "core_results": In(stream.Signature(result_layout())),
                "core_events": In(events_signature()),
                "core_reset": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build slave, registers, gates and counters."""
        m = Module()
        design, network, events = self._design, self._design.network, self.core_events
        m.submodules.slave = slave = AXILiteSlave()
        m.submodules.bank = bank = RegisterBank(registers=REGISTERS)
        wiring.connect(m, wiring.flipped(self.bus), slave.bus)
        wiring.connect(m, slave.access, bank.access)
        reset = bank.control_soft_reset
        m.d.comb += self.core_reset.eq(reset)

        # Frames are told apart at the stream itself: what waits in the core's pixel register counts as well.
        receiving, open_, first = Signal(), Signal(), Signal()
        taken = Signal()
        m.d.comb += [
            open_.eq((bank.control_enable | receiving) & ~reset),
            self.core_pixels.payload.eq(self.pixels.payload),
            self.core_pixels.valid.eq(self.pixels.valid & open_),
            self.pixels.ready.eq(self.core_pixels.ready & open_),
            taken.eq(self.pixels.valid & self.pixels.ready),
            first.eq(taken & ~receiving),
        ]
        with m.If(reset):
            m.d.sync += receiving.eq(0)
        with m.Elif(taken):
            m.d.sync += receiving.eq(~self.pixels.payload.last)

        # A result that a soft reset finds on offer stays on offer; it is also the last result.
        last_result = Signal(result_layout())
        kept, seen, offered = Signal(), Signal(), Signal()
        m.d.comb += [
            self.results.valid.eq(self.core_results.valid | kept),
            self.results.payload.eq(Mux(kept, last_result, self.core_results.payload)),
            self.core_results.ready.eq(self.results.ready & ~kept),
            offered.eq(self.core_results.valid & ~kept & ~seen),
        ]
        with m.If(offered):
            m.d.sync += last_result.eq(self.core_results.payload)
        m.d.sync += [
            seen.eq(self.core_results.valid & ~kept & ~self.results.ready & ~reset),
            kept.eq(self.results.valid & ~self.results.ready & (reset | kept)),
        ]

        malformed, in_flight, finished = Signal(), Signal(range(4)), Signal(2)
        m.d.comb += [malformed.eq(events.short | events.long), finished.eq(offered + malformed)]
        m.d.sync += in_flight.eq(Mux(reset, 0, in_flight + first - finished))

        def count(name: str, by: object) -> Signal:
            counter = Signal(WORD_BITS, name=name)
            m.d.sync += counter.eq(Mux(bank.control_clear_counters, 0, counter) + by)
            return counter

        m.d.comb += [
            bank.frames.eq(count("frames", offered)),
            bank.short_frames.eq(count("short_frames", events.short)),
            bank.long_frames.eq(count("long_frames", events.long)),
            bank.dropped_frames.eq(count("dropped_frames", Mux(reset, in_flight - offered, malformed))),
            bank.cycles.eq(self._cycles(m)),
            bank.id.eq(IDENTITY),
            bank.version_major.eq(MAP_VERSION[0]),
            bank.version_minor.eq(MAP_VERSION[1]),
            bank.weights_hash.eq(design.weights_hash),
            bank.input_size_rows.eq(network.rows),
            bank.input_size_columns.eq(network.columns),
            bank.classes.eq(network.classes),
            bank.stream_bits.eq(len(self.pixels.payload.value)),
            bank.status_busy.eq(in_flight != 0),
            bank.status_receiving.eq(receiving),
            bank.status_result.eq(self.results.valid),
            bank.errors_short_frame_set.eq(events.short),
            bank.errors_long_frame_set.eq(events.long),
            bank.errors_bad_access_set.eq(bank.bad_access),
            bank.irq_status_frame_done_set.eq(offered),
            bank.irq_status_frame_dropped_set.eq(malformed),
            bank.last_result_class.eq(last_result.winner),
            bank.last_result_logit.eq(last_result.logit),
            bank.last_result_dropped.eq(last_result.dropped),
        ]
        m.d.sync += self.irq.eq(
            (bank.irq_enable_frame_done & bank.irq_status_frame_done)
            | (bank.irq_enable_frame_dropped & bank.irq_status_frame_dropped)
        )
        return m

    def _cycles(self, m: Module) -> Signal:
        """Cycles that the last computed frame took.

        The next frame may begin before a result is there, so the time of a well-formed frame is handed on when its
        last pixel has come.
        """
        events = self.core_events
        receiving, computing, cycles = (
            Signal(WORD_BITS, name=f"{name}_cycles") for name in ("receiving", "computing", "frame")
        )

        def later(time: Signal, by: int) -> object:
            return Mux(time > (1 << WORD_BITS) - 1 - by, (1 << WORD_BITS) - 1, time + by)

        m.d.sync += [receiving.eq(later(receiving, 1)), computing.eq(later(computing, 1))]
        with m.If(events.first):
            m.d.sync += receiving.eq(1)
        with m.If(events.accepted):
            m.d.sync += computing.eq(later(receiving, 1))
        with m.If(events.done):
            m.d.sync += cycles.eq(later(computing, PIXEL_CYCLES + RESULT_CYCLES))
        return cycles
