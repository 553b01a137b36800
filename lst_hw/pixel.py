"""The accelerator's input: raw pixel to normalised code."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from lst_model.fixed import QFormat


def pixel_layout() -> data.StructLayout:
    """Payload of the pixel stream: ``value`` 0 to 255 and ``last``, set on the last pixel of a frame."""
    return data.StructLayout({"value": unsigned(8), "last": unsigned(1)})


class PixelRegister(wiring.Component):
    """One-pixel buffer, so that nothing inside depends combinationally on the pixel source.

    Latency: 1 cycle. Throughput: one pixel per cycle. ``i.ready`` stays low until the first cycle after reset.

    Members
    -------
    i : In(stream)
        Pixels from outside.
    o : Out(stream)
        The same pixels; ``o.valid`` and ``o.payload`` are registers.
    """

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(pixel_layout())), "o": Out(stream.Signature(pixel_layout()))})

    def elaborate(self, platform: object) -> Module:
        """Build the buffer."""
        m = Module()
        running = Signal()
        m.d.sync += running.eq(1)
        m.d.comb += self.i.ready.eq(running & (~self.o.valid | self.o.ready))
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(self.i.payload)]
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
