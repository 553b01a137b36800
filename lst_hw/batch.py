"""Brings frames that arrive one after the other side by side, so that they go through the array together."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .pixel import beat_layout, operand_layout

PATIENCE = 16
"""Cycles without a pixel between frames after which an idle array starts on fewer frames than it has lanes for."""

START_LATENCY = 3
"""Cycles from the transfer of a batch's last beat to the first with its first pixels."""


class Batcher(wiring.Component):
    """Two sets of frame buffers, one for each lane: one set fills while the other feeds the array.

    A batch starts when every lane has a frame, or, with fewer, when the array is idle and no further frame has begun
    for :data:`PATIENCE` cycles. A frame that is too short or too long is dropped; the next well-formed one is marked.

    Latency: :data:`START_LATENCY` cycles from a full batch's last beat to its first pixels. Throughput: one beat
    in and one pixel per lane out in each cycle.

    Parameters
    ----------
    lanes : int
        Frames per batch.
    frame_pixels : int
        Pixels per frame.
    beat_pixels : int
        Pixels in a beat, a power of two; divides ``frame_pixels``.

    Members
    -------
    i : In(stream)
        Beats, frame after frame, ``last`` on the last of a frame.
    o : Out(stream)
        Pixels of the batch's frames side by side, those of lanes without a frame undefined.
    count : Out
        Lanes with a frame, from lane 0 on, in the batch that ``o`` offers.
    dropped : Out(lanes)
        Lanes whose frame was the first after malformed ones.

    Raises
    ------
    ValueError
        If a frame is no whole number of beats.
    """

    def __init__(self, *, lanes: int, frame_pixels: int, beat_pixels: int) -> None:
        if frame_pixels % beat_pixels:
            raise ValueError(f"Frame must be a multiple of {beat_pixels} pixels, not {frame_pixels!r}")
        self._beats = frame_pixels // beat_pixels
        self._frame_pixels, self._beat_pixels = frame_pixels, beat_pixels
        super().__init__(
            {
                "i": In(stream.Signature(beat_layout(beat_pixels))),
                "o": Out(stream.Signature(operand_layout(lanes))),
                "count": Out(range(lanes + 1)),
                "dropped": Out(lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build buffers, loader and reader."""
        m = Module()
        lanes = len(self.o.payload.values)
        beat = Signal(range(max(2, self._beats)))
        pixel = Signal(range(self._frame_pixels + self._beat_pixels))
        filling, reading, lane = Signal(), Signal(), Signal(range(lanes))
        full = Signal(2)
        counts = [Signal.like(self.count, name=f"count_{k}") for k in range(2)]
        flags = [Signal.like(self.dropped, name=f"flags_{k}") for k in range(2)]

        offered, at_end, loads, taken = Signal(), Signal(), Signal(), Signal()
        following = Signal.like(pixel)
        write = self._load(m, beat, lane, filling, full, offered, counts, flags)
        m.d.comb += [
            loads.eq(~self.o.valid | self.o.ready),
            taken.eq(offered & loads),
            at_end.eq(pixel == self._frame_pixels - 1),
            following.eq(pixel + taken),
        ]
        with m.If(offered):
            m.d.sync += pixel.eq(following)
            with m.If(taken & at_end):
                m.d.sync += [offered.eq(0), pixel.eq(0), reading.eq(~reading), full.bit_select(reading, 1).eq(0)]
        with m.Else():
            m.d.sync += offered.eq(full.bit_select(reading, 1))

        # What comes out of a block RAM is late in its cycle; what follows the batcher computes with it.
        with m.If(loads):
            m.d.sync += [
                self.o.valid.eq(offered),
                self.o.payload.last.eq(at_end),
                self.count.eq(Mux(reading, counts[1], counts[0])),
                self.dropped.eq(Mux(reading, flags[1], flags[0])),
            ]
        within = (self._beat_pixels - 1).bit_length()
        for k, value in enumerate(self.o.payload.values):
            buffer = Memory(shape=unsigned(8 * self._beat_pixels), depth=2 << len(beat), init=[])
            m.submodules[f"frame_{k}"] = buffer
            port, read = buffer.write_port(), buffer.read_port()
            m.d.comb += [
                port.en.eq(write & (lane == k)),
                port.addr.eq(Cat(beat, filling)),
                port.data.eq(self.i.payload.value),
                read.en.eq(1),
                read.addr.eq(Cat(following[within : within + len(beat)], reading)),
            ]
            with m.If(loads):
                m.d.sync += value.eq(read.data.word_select(pixel[:within], 8))
        return m

    def _load(
        self,
        m: Module,
        beat: Signal,
        lane: Signal,
        filling: Signal,
        full: Signal,
        offered: Signal,
        counts: list[Signal],
        flags: list[Signal],
    ) -> Signal:
        """Check the frames and give each its place; returns the write enable."""
        running, discarding, fault_before = Signal(), Signal(), Signal()
        waited = Signal(range(PATIENCE + 1))
        accepted, frame_done, close = Signal(), Signal(), Signal()
        at_end = beat == self._beats - 1
        last, all_lanes = self.i.payload.last, lane == len(self.dropped) - 1
        m.d.sync += running.eq(1)
        m.d.comb += [
            self.i.ready.eq(running & ~full.bit_select(filling, 1)),
            accepted.eq(self.i.valid & self.i.ready & ~discarding),
            frame_done.eq(accepted & at_end & last),
            close.eq((lane != 0) & (waited == PATIENCE) & self.o.ready & ~self.o.valid & ~offered & ~self.i.valid),
        ]
        with m.If(self.i.valid | (beat != 0) | (lane == 0)):
            m.d.sync += waited.eq(0)
        with m.Elif(waited != PATIENCE):
            m.d.sync += waited.eq(waited + 1)

        with m.If(accepted):
            ends = at_end | last
            m.d.sync += [beat.eq(beat + 1), discarding.eq(at_end & ~last)]
            with m.If(ends):
                m.d.sync += [beat.eq(0), fault_before.eq(~frame_done)]
        with m.Elif(self.i.valid & self.i.ready & last):
            m.d.sync += discarding.eq(0)
        with m.If(frame_done):
            m.d.sync += lane.eq(lane + 1)
        for k, (count, flag) in enumerate(zip(counts, flags, strict=True)):
            with m.If(filling == k), m.If(frame_done):
                m.d.sync += count.eq(lane + 1)
                # One by one, as linters miss the values that the index of an odd number of lanes never has.
                for place, bit in enumerate(flag):
                    with m.If(lane == place):
                        m.d.sync += bit.eq(fault_before)
        with m.If(close | (frame_done & all_lanes)):
            m.d.sync += [lane.eq(0), filling.eq(~filling), full.bit_select(filling, 1).eq(1)]
        return accepted
