"""A serial line of eight data bits, no parity, one stop bit: receiver and transmitter."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

FRAME_BITS = 10
"""Bits on the line per byte: start, eight data bits, stop."""

SMALLEST_DIVISOR = 8
"""With fewer clock cycles per bit, sampling in the middle of a bit is no longer near its middle."""


def check_divisor(divisor: object) -> int:
    """The number of clock cycles per bit, or an error that quotes it.

    Raises
    ------
    TypeError, ValueError
        If it is not an integer, or below :data:`SMALLEST_DIVISOR`.
    """
    if not isinstance(divisor, int):
        raise TypeError(f"Divisor must be an integer, not {divisor!r}")
    if divisor < SMALLEST_DIVISOR:
        raise ValueError(f"Divisor must be {SMALLEST_DIVISOR} or more, not {divisor}")
    return divisor


class UARTReceiver(wiring.Component):
    """Bytes from a serial line.

    Throughput: as fast as the line. Latency: a byte is offered in the middle of its stop bit, and stays
    until it is taken; one that arrives before that replaces it. A byte without a stop bit is lost.

    Parameters
    ----------
    divisor : int
        Clock cycles per bit.

    Members
    -------
    rx : In(1)
        The line; asynchronous.
    o : Out(stream)
        Bytes.
    idle : Out(1)
        No byte is on its way.

    Raises
    ------
    TypeError, ValueError
        If ``divisor`` is not an integer, or too small.
    """

    def __init__(self, *, divisor: int) -> None:
        self._divisor = check_divisor(divisor)
        super().__init__({"rx": In(1, init=1), "o": Out(stream.Signature(8)), "idle": Out(1)})

    def elaborate(self, platform: object) -> Module:
        """Sample each bit in its middle."""
        m = Module()
        rx = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx, rx, init=1)

        timer = Signal(range(self._divisor))
        remaining = Signal(range(FRAME_BITS + 1))
        shifted = Signal(8)
        m.d.comb += self.idle.eq(remaining == 0)
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(remaining == 0):
            m.d.sync += timer.eq(self._divisor // 2 - 1)
            with m.If(~rx):
                m.d.sync += remaining.eq(FRAME_BITS)
        with m.Elif(timer != 0):
            m.d.sync += timer.eq(timer - 1)
        with m.Else():
            m.d.sync += [timer.eq(self._divisor - 1), shifted.eq(Cat(shifted[1:], rx)), remaining.eq(remaining - 1)]
            with m.If((remaining == FRAME_BITS) & rx):
                # A glitch: the start bit did not last to its middle.
                m.d.sync += remaining.eq(0)
            with m.If((remaining == 1) & rx):
                m.d.sync += [self.o.valid.eq(1), self.o.payload.eq(shifted)]
        return m


class UARTTransmitter(wiring.Component):
    """Bytes to a serial line. Throughput: a byte per ``10 * divisor`` cycles and one more. Latency: the start bit
    begins 1 cycle after the byte is taken.

    Parameters
    ----------
    divisor : int
        Clock cycles per bit.

    Members
    -------
    i : In(stream)
        Bytes.
    tx : Out(1)
        The line.

    Raises
    ------
    TypeError, ValueError
        If ``divisor`` is not an integer, or too small.
    """

    def __init__(self, *, divisor: int) -> None:
        self._divisor = check_divisor(divisor)
        super().__init__({"i": In(stream.Signature(8)), "tx": Out(1, init=1)})

    def elaborate(self, platform: object) -> Module:
        """Shift out start bit, byte and stop bit."""
        m = Module()
        timer = Signal(range(self._divisor))
        remaining = Signal(range(FRAME_BITS + 1))
        shifted = Signal(FRAME_BITS, init=-1)
        m.d.comb += [self.tx.eq(shifted[0]), self.i.ready.eq(remaining == 0)]
        with m.If(remaining == 0):
            m.d.sync += timer.eq(self._divisor - 1)
            with m.If(self.i.valid):
                m.d.sync += [shifted.eq(Cat(Const(0, 1), self.i.payload, Const(1, 1))), remaining.eq(FRAME_BITS)]
        with m.Elif(timer != 0):
            m.d.sync += timer.eq(timer - 1)
        with m.Else():
            m.d.sync += [timer.eq(self._divisor - 1), shifted.eq(Cat(shifted[1:], 1)), remaining.eq(remaining - 1)]
        return m
