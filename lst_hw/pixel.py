"""The accelerator's input: raw pixel to normalised code."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lst_model.fixed import QFormat


def beat_layout(pixels: int = 1) -> data.StructLayout:
    """Payload of the pixel stream: ``value``, so many pixels of 8 bits, the first lowest; ``last`` ends a frame."""
    return data.StructLayout({"value": unsigned(8 * pixels), "last": unsigned(1)})


def operand_layout(lanes: int = 1) -> data.StructLayout:
    """Payload of the stream into the array: the pixel of each lane, and ``last`` with those that end the frames."""
    return data.StructLayout({"values": data.ArrayLayout(unsigned(8), lanes), "last": unsigned(1)})


class PixelRegister(wiring.Component):
    """One-beat buffer that gives pixel by pixel, so that nothing inside depends combinationally on the pixel source.

    Latency: 1 cycle. Throughput: one pixel per cycle. ``i.ready`` stays low until the first cycle after reset.

    Parameters
    ----------
    pixels : int
        Pixels in a beat, a power of two.

    Members
    -------
    i : In(stream)
        Beats from outside.
    o : Out(stream)
        Their pixels; ``o.valid`` and ``o.payload`` come from registers.

    Raises
    ------
    ValueError
        If ``pixels`` is no power of two.
    """

    def __init__(self, *, pixels: int = 1) -> None:
        if pixels < 1 or pixels & (pixels - 1):
            raise ValueError(f"Pixels in a beat must be a power of two, not {pixels!r}")
        self._pixels = pixels
        super().__init__({"i": In(stream.Signature(beat_layout(pixels))), "o": Out(stream.Signature(operand_layout()))})

    def elaborate(self, platform: object) -> Module:
        """Build the buffer."""
        m = Module()
        running, full = Signal(), Signal()
        beat = Signal(beat_layout(self._pixels))
        position = Signal(range(self._pixels)) if self._pixels > 1 else Const(0, 0)
        at_end = position == self._pixels - 1
        m.d.sync += running.eq(1)
        m.d.comb += [
            self.i.ready.eq(running & (~full | (self.o.ready & at_end))),
            self.o.valid.eq(full),
            self.o.payload.values[0].eq(beat.value.word_select(position, 8)),
            self.o.payload.last.eq(beat.last & at_end),
        ]
        with m.If(self.o.ready & full):
            if self._pixels > 1:
                m.d.sync += position.eq(position + 1)
            with m.If(at_end):
                m.d.sync += full.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [full.eq(1), beat.eq(self.i.payload)]
        return m


class PixelNormalizer(wiring.Component):
    """``(p / 255 - 0.5) / 0.5`` rounded to nearest in the activation format; combinational.

    The binary expansion of ``p / 255`` is the byte ``p`` repeated for ever. Rounding it to ``k`` bits therefore
    takes the first ``k`` bits of ``p p p ...`` and adds the bit behind them; no divider, no table.

    Parameters
    ----------
    activation : QFormat
        Output format.

    Members
    -------
    pixel : In(8)
        Raw pixel ``p``.
    code : Out(signed)
        Code of the normalised pixel.

    Raises
    ------
    TypeError
        If ``activation`` is not a :class:`~lst_model.fixed.QFormat`.
    """

    def __init__(self, *, activation: QFormat) -> None:
        if not isinstance(activation, QFormat):
            raise TypeError(f"Activation format must be a QFormat object, not {activation!r}")
        self._activation = activation
        super().__init__({"pixel": In(8), "code": Out(signed(activation.bits))})

    def elaborate(self, platform: object) -> Module:
        """Build the adder."""
        m = Module()
        q = self._activation
        bits = q.fraction_bits + 1
        copies = -(-(bits + 1) // 8)
        expansion = Cat(*[self.pixel] * copies)
        kept = expansion[len(expansion) - bits :]
        following = expansion[len(expansion) - bits - 1]
        code = Signal(signed(q.fraction_bits + 2))
        m.d.comb += code.eq(kept + following - q.scale)
        m.d.comb += self.code.eq(Mux(code > q.highest, q.highest, code))
        return m
