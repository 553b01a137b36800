"""The activation units of a network whose layers have different functions."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Module, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from lst_model.activations import threshold_code
from lst_model.fixed import Formats, QFormat
from lst_model.functions import Function

from .activation import UNITS, ActivationUnit


def latency(units: Sequence[str]) -> int:
    """Cycles that the slowest of some units, by name, takes; 0 for none."""
    return max((_kind(unit).LATENCY for unit in units), default=0)


class ActivationSelect(wiring.Component):
    """Activation units side by side; each code says which of them answers it.

    Latency: that of the slowest unit (:func:`latency`), for all. Throughput: one code per cycle.

    Parameters
    ----------
    units : sequence of str
        Names as in :func:`lst_model.activations.unit_name`, at least one.
    formats : Formats
    preactivation : QFormat
        Format of the codes.
    multiplier : str
        What units that multiply do it with: ``dsp`` or ``lut``.

    Members
    -------
    i : In(signed)
        Pre-activation code.
    select : In(range(len(units)))
        The unit for it.
    o : Out(signed)
        Activation code.

    Raises
    ------
    TypeError
        If there is no unit.
    ValueError
        If a unit is unknown.
    """

    def __init__(self, *, units: Sequence[str], formats: Formats, preactivation: QFormat, multiplier: str) -> None:
        if not units:
            raise TypeError("Activation must have at least one unit")
        self._latency = latency(units)
        self._units = [_make(unit, formats, preactivation, multiplier) for unit in units]
        super().__init__(
            {
                "i": In(signed(preactivation.bits)),
                "select": In(range(max(2, len(units)))),
                "o": Out(signed(formats.activation.bits)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Bring all units to the latency of the slowest and select."""
        m = Module()
        select = self.select
        for place in range(self._latency if len(self._units) > 1 else 0):
            following = Signal.like(self.select, name=f"select_{place}")
            m.d.sync += following.eq(select)
            select = following
        results = []
        for number, unit in enumerate(self._units):
            m.submodules[f"unit_{number}"] = unit
            m.d.comb += unit.i.eq(self.i)
            result = unit.o
            for place in range(self._latency - unit.LATENCY):
                delayed = Signal.like(unit.o, name=f"result_{number}_{place}")
                m.d.sync += delayed.eq(result)
                result = delayed
            results.append(result)
        with m.Switch(select):
            for number, result in enumerate(results[:-1]):
                with m.Case(number):
                    m.d.comb += self.o.eq(result)
            with m.Default():
                m.d.comb += self.o.eq(results[-1])
        return m


def _kind(unit: str) -> type[ActivationUnit]:
    name = unit.partition(":")[0]
    if name not in UNITS:
        raise ValueError(f"Activation unit must be one of {', '.join(UNITS)}, not {unit!r}")
    return UNITS[name]


def _make(unit: str, formats: Formats, preactivation: QFormat, multiplier: str) -> ActivationUnit:
    threshold = threshold_code(Function.parse(unit), formats) if ":" in unit else 0
    return _kind(unit)(formats=formats, preactivation=preactivation, threshold=threshold, multiplier=multiplier)
