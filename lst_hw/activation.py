"""Activation units: pre-activation code in, activation code out, fixed latency, one result per cycle.

Each implements the unit of the same name in :mod:`lst_model.activations`, to the bit, for every code.
"""

from __future__ import annotations

from typing import ClassVar

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value, signed, unsigned
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from lst_model.activations import activation_table
from lst_model.fixed import Formats, QFormat


class ActivationUnit(wiring.Component):
    """Base of the activation units.

    Throughput: one code per cycle. Latency: ``LATENCY`` cycles from ``i`` to ``o``.

    Parameters
    ----------
    formats : Formats
        ``formats.activation`` is the output format.
    preactivation : QFormat, optional
        Input format, ``formats.preactivation`` or one with more integer bits; the former by default.
    threshold : int
        Code of the threshold, 0 or more, for units that have one.
    multiplier : str
        What units that multiply do it with: ``dsp`` or ``lut``.

    Members
    -------
    i : In(signed)
        Pre-activation code.
    o : Out(signed)
        Activation code.

    Raises
    ------
    TypeError
        If ``formats`` is not a :class:`~lst_model.fixed.Formats`.
    ValueError
        If the input format has another fraction or fewer integer bits than ``formats.preactivation``, or the threshold
        is negative.
    """

    LATENCY: ClassVar[int]

    def __init__(
        self,
        *,
        formats: Formats,
        preactivation: QFormat | None = None,
        threshold: int = 0,
        multiplier: str = "dsp",
    ) -> None:
        if not isinstance(formats, Formats):
            raise TypeError(f"Formats must be a Formats object, not {formats!r}")
        least = formats.preactivation
        q = least if preactivation is None else preactivation
        if q.fraction_bits != least.fraction_bits or q.bits < least.bits:
            raise ValueError(f"Input format must have the fraction and at least the range of {least}, not {q}")
        if threshold < 0:
            raise ValueError(f"Threshold must not be negative, not {threshold!r}")
        self._formats = formats
        self._preactivation = q
        self._threshold = threshold
        self._multiplier = multiplier
        super().__init__(
            {
                "i": In(signed(q.bits)),
                "o": Out(signed(formats.activation.bits)),
            }
        )

    @property
    def formats(self) -> Formats:
        """Formats of the network."""
        return self._formats

    @property
    def preactivation(self) -> QFormat:
        """Format of the input."""
        return self._preactivation

    def _clipped(self, value: Value) -> Value:
        """The value saturated to the activation format."""
        q = self._formats.activation
        return Mux(value > q.highest, q.highest, Mux(value < q.lowest, q.lowest, value))

    def _signed_output(self, m: Module, magnitude: Signal, negative: Signal) -> None:
        """Drive ``o`` with the signed and saturated magnitude, combinationally.

        A magnitude is at most ``2**n``; only ``Q1.n`` cannot hold it, and only its positive end.
        """
        q = self._formats.activation
        value = Signal(signed(len(magnitude) + 1))
        m.d.comb += value.eq(Mux(negative, -magnitude, magnitude))
        m.d.comb += self.o.eq(Mux(value > q.highest, q.highest, value))


class SecondOrderTanh(ActivationUnit):
    """``x * (1 - |x| / 4)`` inside -2 to 2, else -1 or 1 (Kwan 1992): one square, as ``|x| - x * x / 4``.

    Latency 3 cycles: magnitude, square, rounding.
    """

    LATENCY = 3

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        n = self._formats.activation.fraction_bits
        two = 2 << n

        magnitude = Signal(range(two + 1))
        size = Signal(len(self.i))
        m.d.comb += size.eq(Mux(self.i < 0, -self.i, self.i))
        m.d.sync += magnitude.eq(Mux(size > two, two, size))

        # At the clip, 2 * (1 - 2 / 4) is exactly 1: one formula serves both cases.
        square, size_behind = Signal(range(two * two + 1)), Signal.like(magnitude)
        m.d.sync += [
            square.eq(magnitude * magnitude if self._multiplier == "dsp" else _square(magnitude)),
            size_behind.eq(magnitude),
        ]
        half = Const(1 << (n + 1), n + 2)
        rounded = Signal(range((1 << n) + 1))
        m.d.sync += rounded.eq((Cat(half, size_behind) - square) >> (n + 2))

        negative = Signal(3)
        m.d.sync += negative.eq((negative << 1) | (self.i < 0))
        self._signed_output(m, rounded, negative[2])
        return m


class TableTanh(ActivationUnit):
    """``tanh(x)`` rounded to nearest, from a ROM of magnitudes.

    Latency 2 cycles: magnitude, ROM.
    """

    LATENCY = 2

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        n = self._formats.activation.fraction_bits
        q = self._formats.preactivation

        m.submodules.rom = rom = Memory(
            shape=unsigned(n + 1), depth=q.highest + 1, init=_tanh_magnitudes(self._formats)
        )
        read = rom.read_port()
        address = Signal(range(q.highest + 1))
        size = Signal(len(self.i))
        # Beyond the format for tanh all is just as saturated, the most negative code, which has no counterpart, too.
        m.d.comb += size.eq(Mux(self.i < 0, -self.i, self.i))
        m.d.sync += address.eq(Mux(size > q.highest, q.highest, size))
        m.d.comb += read.addr.eq(address)

        negative = Signal(2)
        m.d.sync += negative.eq((negative << 1) | (self.i < 0))
        self._signed_output(m, read.data, negative[1])
        return m


class HardTanh(ActivationUnit):
    """``x`` clipped to -1 to 1.

    Latency 1 cycle.
    """

    LATENCY = 1

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        low = -self._formats.activation.scale
        high = min(self._formats.activation.scale, self._formats.activation.highest)
        m.d.sync += self.o.eq(Mux(self.i < low, low, Mux(self.i > high, high, self.i)))
        return m


class Identity(ActivationUnit):
    """``x``.

    Latency 1 cycle.
    """

    LATENCY = 1

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        m.d.sync += self.o.eq(self._clipped(self.i))
        return m


class ReLU(ActivationUnit):
    """``max(x, 0)``.

    Latency 1 cycle.
    """

    LATENCY = 1

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        m.d.sync += self.o.eq(Mux(self.i < 0, 0, self._clipped(self.i)))
        return m


class SoftThreshold(ActivationUnit):
    """``sgn(x) * max(|x| - tau, 0)``.

    Latency 2 cycles: subtraction, saturation.
    """

    LATENCY = 2

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        threshold = self._threshold
        reduced = Signal(signed(len(self.i) + 1))
        with m.If(self.i > threshold):
            m.d.sync += reduced.eq(self.i - threshold)
        with m.Elif(self.i < -threshold):
            m.d.sync += reduced.eq(self.i + threshold)
        with m.Else():
            m.d.sync += reduced.eq(0)
        m.d.sync += self.o.eq(self._clipped(reduced))
        return m


class SoftThresholdReLU(ActivationUnit):
    """``max(x - tau, 0)``, a soft threshold followed by a ReLU.

    Latency 2 cycles: subtraction, saturation.
    """

    LATENCY = 2

    def elaborate(self, platform: object) -> Module:
        """Build the unit."""
        m = Module()
        reduced = Signal(signed(len(self.i) + 1))
        m.d.sync += reduced.eq(self.i - self._threshold)
        m.d.sync += self.o.eq(Mux(reduced < 0, 0, self._clipped(reduced)))
        return m


def _square(value: Signal) -> Value:
    """``value * value`` as a tree of adders.

    Bit ``i`` contributes ``4**i`` and its products with the bits above, each of which occurs twice.
    """
    above = len(value) - 1
    rows: list[Value] = [
        Cat(Const(0, 2 * i), value[i], Const(0, 1), value[i + 1 :] & value[i].replicate(above - i))
        for i in range(above)
    ]
    # Verilog has no vectors of no bits.
    rows.append(Cat(Const(0, 2 * above), value[above]))
    while len(rows) > 1:
        rows = [*(a + b for a, b in zip(rows[::2], rows[1::2], strict=False)), *rows[len(rows) & ~1 :]]
    return rows[0]


def _tanh_magnitudes(formats: Formats) -> list[int]:
    """``tanh`` of every code of ``formats.preactivation`` that is not negative."""
    # The negative codes, because the positive end saturates in Q1.n.
    negative = activation_table("table", formats)[1 : formats.preactivation.highest + 2]
    return [-code for code in reversed(negative.tolist())]


UNITS: dict[str, type[ActivationUnit]] = {
    "second-order": SecondOrderTanh,
    "table": TableTanh,
    "hard": HardTanh,
    "identity": Identity,
    "relu": ReLU,
    "soft": SoftThreshold,
    "st-relu": SoftThresholdReLU,
}
"""Activation units by name."""
