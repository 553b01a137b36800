"""Numbers that depend on a counter, and the counters."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Const, Module, Signal, Value


def counter(limit: int, name: str) -> Signal:
    """A register for 0 to ``limit - 1``, at least one bit wide: Verilog has no narrower ones."""
    return Signal(range(max(2, limit)), name=name)


def by_index(m: Module, index: Value, numbers: Sequence[int], name: str) -> Value:
    """``numbers[index]``, combinationally; a constant where all numbers agree.

    Parameters
    ----------
    m : Module
        Gets the logic.
    index : Value
        Below ``len(numbers)``.
    numbers : sequence of int
        Not negative.
    name : str
        Name of the signal.
    """
    if len(set(numbers)) == 1:
        return Const(int(numbers[0]))
    signal = Signal(range(max(numbers) + 1), name=name)
    with m.Switch(index):
        for position, number in enumerate(numbers[:-1]):
            with m.Case(position):
                m.d.comb += signal.eq(int(number))
        with m.Default():
            m.d.comb += signal.eq(int(numbers[-1]))
    return signal
