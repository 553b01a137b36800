"""What the AXI4-Lite port controls and counts; it stands between the core and its two streams."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from .axi_lite import AXILiteSlave, axi_lite_signature
from .design import Design
from .frame_check import FrameCheck
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
    core_reset : Out(1)
        Reset the core, for one cycle.
    """

    def __init__(self, *, design: Design) -> None:
        self._design = design
        pixels, results = stream.Signature(beat_layout(design.stream_pixels)), stream.Signature(result_layout())
        super().__init__(
            {
                "bus": In(axi_lite_signature()),
                "irq": Out(1),
                "pixels": In(pixels),
                "results": Out(results),
                "core_pixels": Out(pixels),
                "core_results": In(results),
                "core_reset": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Connect slave, registers, gate and counters."""
        m = Module()
        m.submodules.slave = slave = AXILiteSlave()
        m.submodules.bank = bank = RegisterBank(registers=REGISTERS)
        m.submodules.frames = frames = FrameCheck(beats=self._design.beats_per_frame)
        m.submodules.keeper = keeper = ResultKeeper()
        wiring.connect(m, wiring.flipped(self.bus), slave.bus)
        wiring.connect(m, slave.access, bank.access)
        wiring.connect(m, wiring.flipped(self.core_results), keeper.i)
        wiring.connect(m, keeper.o, wiring.flipped(self.results))

        reset, passes = bank.control_soft_reset, Signal()
        m.d.comb += [
            self.core_reset.eq(reset),
            keeper.reset.eq(reset),
            # A pixel that came in the cycle of the reset would be lost. A frame that has begun may end.
            passes.eq((bank.control_enable | frames.receiving) & ~reset),
            self.core_pixels.payload.eq(self.pixels.payload),
            self.core_pixels.valid.eq(self.pixels.valid & passes),
            self.pixels.ready.eq(self.core_pixels.ready & passes),
            frames.transfer.eq(self.pixels.valid & self.pixels.ready),
            frames.last.eq(self.pixels.payload.last),
            frames.restart.eq(reset),
        ]
        self._count(m, bank, frames, keeper.offered)
        self._identify(m, bank)
        m.d.comb += [
            bank.status_receiving.eq(frames.receiving),
            bank.status_result.eq(self.results.valid),
            bank.errors_short_frame_set.eq(frames.short),
            bank.errors_long_frame_set.eq(frames.long),
            bank.errors_bad_access_set.eq(bank.bad_access),
            bank.irq_status_frame_done_set.eq(keeper.offered),
            bank.irq_status_frame_dropped_set.eq(frames.short | frames.long),
            bank.last_result_class.eq(keeper.last.winner),
            bank.last_result_logit.eq(keeper.last.logit),
            bank.last_result_dropped.eq(keeper.last.dropped),
        ]
        m.d.sync += self.irq.eq(
            (bank.irq_enable_frame_done & bank.irq_status_frame_done)
            | (bank.irq_enable_frame_dropped & bank.irq_status_frame_dropped)
        )
        return m

    def _count(self, m: Module, bank: RegisterBank, frames: FrameCheck, offered: Signal) -> None:
        """Count frames by what becomes of them, and the cycles that the last one took."""
        reset, malformed = bank.control_soft_reset, Signal()
        # At most, each lane has a frame that arrives, one that waits, one in the array and one in the result register.
        under_way = Signal(range(4 * self._design.lanes + 1))
        m.d.comb += [malformed.eq(frames.short | frames.long), bank.status_busy.eq(under_way != 0)]
        m.d.sync += under_way.eq(Mux(reset, 0, under_way + frames.first - offered - malformed))
        for name, increment in {
            "frames": offered,
            "short_frames": frames.short,
            "long_frames": frames.long,
            "dropped_frames": Mux(reset, under_way - offered, malformed),
        }.items():
            counter = Signal(WORD_BITS, name=name)
            m.d.sync += counter.eq(Mux(bank.control_clear_counters, 0, counter) + increment)
            m.d.comb += getattr(bank, name).eq(counter)

        time, cycles = Signal(WORD_BITS), Signal(WORD_BITS)
        m.d.comb += bank.cycles.eq(cycles)
        m.d.sync += time.eq(Mux(offered | (frames.first & (under_way == 0)), 1, time + ~time.all()))
        with m.If(offered):
            m.d.sync += cycles.eq(time)

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
            bank.stream_bits.eq(design.stream_bits),
        ]
