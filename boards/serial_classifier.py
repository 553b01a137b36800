"""The accelerator behind a serial line: an image's bytes in, the four bytes of its result out."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from lst_hw.core import LSTCore
from lst_hw.design import Design
from lst_hw.pixel import beat_layout
from lst_hw.result import result_layout

from .uart import FRAME_BITS, UARTReceiver, UARTTransmitter, check_divisor


def check_line_rate(design: Design, divisor: int) -> None:
    """Refuse a line on which bytes may come faster than the accelerator takes them.

    The receiver holds one byte, so a line of the first layer must be done within a byte's time.

    Raises
    ------
    TypeError, ValueError
        If ``divisor``, the clock cycles per bit, is not an integer, or too small.
    """
    byte_time, longest_wait = FRAME_BITS * check_divisor(divisor), design.schedule.steps[0].period
    if byte_time <= longest_wait:
        raise ValueError(f"A pixel may wait {longest_wait} cycles, but the next comes after {byte_time}")


class PixelFramer(wiring.Component):
    """Marks the last pixel of each frame, and ends the frame of a sender that stopped in the middle.

    After ``patience`` cycles of silence within a frame, the frame is filled up to one pixel too many. The
    accelerator drops such a frame and flags the next result, and the next byte is a first pixel again.

    Throughput: one pixel per cycle. Latency: none, it is combinational.

    Parameters
    ----------
    pixels : int
        Pixels per frame.
    patience : int
        Cycles without a byte after which an unfinished frame is given up.

    Members
    -------
    i : In(stream)
        Bytes.
    line_idle : In(1)
        No byte is on its way; the silence is counted while it is high.
    o : Out(stream)
        Pixels.

    Raises
    ------
    ValueError
        If ``pixels`` or ``patience`` is below 1.
    """

    def __init__(self, *, pixels: int, patience: int) -> None:
        for name, value in (("Pixels", pixels), ("Patience", patience)):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, not {value!r}")
        self._pixels = pixels
        self._patience = patience
        super().__init__({"i": In(stream.Signature(8)), "line_idle": In(1), "o": Out(stream.Signature(beat_layout()))})

    def elaborate(self, platform: object) -> Module:
        """Count pixels, and cycles of silence."""
        m = Module()
        count = Signal(range(self._pixels + 1))
        silence = Signal(range(self._patience + 1))
        filling = Signal()
        m.d.comb += [
            self.o.valid.eq(self.i.valid | filling),
            self.o.payload.value.eq(self.i.payload),
            self.o.payload.last.eq(count == self._pixels - ~filling),
            self.i.ready.eq(self.o.ready & ~filling),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += count.eq(count + 1)
            with m.If(self.o.payload.last):
                m.d.sync += [count.eq(0), filling.eq(0)]
        with m.If(self.i.valid | ~self.line_idle | (count == 0)):
            m.d.sync += silence.eq(0)
        with m.Elif(silence != self._patience):
            m.d.sync += silence.eq(silence + 1)
        with m.Elif(~filling):
            m.d.sync += filling.eq(1)
        return m


class ResultSender(wiring.Component):
    """Takes a result apart into bytes, the least significant first: class, logit (two and a half), flag.

    Throughput: a byte per cycle, and one more cycle per result. Latency: 1 cycle.

    Members
    -------
    i : In(stream)
        Results.
    o : Out(stream)
        Bytes.
    """

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(result_layout())), "o": Out(stream.Signature(8))})

    def elaborate(self, platform: object) -> Module:
        """Shift."""
        m = Module()
        beat = Signal(result_layout().size)
        remaining = Signal(range(len(beat) // 8 + 1))
        m.d.comb += [
            self.i.ready.eq(remaining == 0),
            self.o.valid.eq(remaining != 0),
            self.o.payload.eq(beat),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [beat.eq(self.i.payload.as_value()), remaining.eq(len(beat) // 8)]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [beat.eq(beat >> 8), remaining.eq(remaining - 1)]
        return m


class SerialClassifier(wiring.Component):
    """The accelerator between two wires.

    Send the ``rows * columns`` pixels of an image and wait for four bytes: the result beat of
    :func:`~lst_hw.result.result_layout`, least significant byte first, so the class comes first. Throughput:
    an image at a time, as fast as the line; latency: that of the accelerator after the last pixel's stop bit, then
    four bytes on the line.

    Parameters
    ----------
    design : Design
    divisor : int
        Clock cycles per bit.
    patience : int
        Cycles of silence after which an unfinished image is given up.

    Members
    -------
    rx : In(1), tx : Out(1)
        The two lines.
    winner : Out(8)
        Class of the last image.

    Raises
    ------
    ValueError
        If bytes may come faster than the accelerator takes them, or a parameter is too small.
    """

    def __init__(self, *, design: Design, divisor: int, patience: int) -> None:
        check_line_rate(design, divisor)
        self._design = design
        self._divisor = divisor
        self._patience = patience
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1), "winner": Out(8)})

    def elaborate(self, platform: object) -> Module:
        """Connect the parts in a row."""
        m = Module()
        pixels = self._design.network.rows * self._design.network.columns
        m.submodules.receiver = receiver = UARTReceiver(divisor=self._divisor)
        m.submodules.framer = framer = PixelFramer(pixels=pixels, patience=self._patience)
        m.submodules.core = core = LSTCore(design=self._design)
        m.submodules.sender = sender = ResultSender()
        m.submodules.transmitter = transmitter = UARTTransmitter(divisor=self._divisor)
        wiring.connect(m, receiver.o, framer.i)
        wiring.connect(m, framer.o, core.pixels)
        wiring.connect(m, core.results, sender.i)
        wiring.connect(m, sender.o, transmitter.i)
        m.d.comb += [
            receiver.rx.eq(self.rx),
            framer.line_idle.eq(receiver.idle),
            self.tx.eq(transmitter.tx),
        ]
        with m.If(core.results.valid & core.results.ready):
            m.d.sync += self.winner.eq(core.results.payload.winner)
        return m
