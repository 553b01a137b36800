# amaranth: UnusedElaboratable=no
"""Activation units against their specification in ``lst_model``, for every input code."""

from __future__ import annotations

import pytest
from drivers.bench import assert_repeatable, pipeline

from lst_hw.activation import UNITS, ActivationUnit
from lst_model.activations import ACTIVATIONS, activation_table
from lst_model.fixed import Formats, QFormat

ACTIVATION_FORMATS = [QFormat(1, n) for n in (1, 5, 7, 9)] + [
    QFormat(2, 0),
    QFormat(2, 6),
    QFormat(5, 7),
    QFormat(2, 10),
]


def unit_of(name: str, activation: QFormat) -> ActivationUnit:
    return UNITS[name](formats=Formats(bias=QFormat(5, 0), activation=activation))


@pytest.mark.parametrize("q", ACTIVATION_FORMATS, ids=str)
@pytest.mark.parametrize("name", UNITS)
def test_every_code_gives_the_specified_one_latency_cycles_later(name: str, q: QFormat) -> None:
    unit = unit_of(name, q)
    codes = range(unit.formats.preactivation.lowest, unit.formats.preactivation.highest + 1)
    outputs = pipeline(unit, [unit.i], [unit.o], [(code,) for code in codes], unit.LATENCY)
    assert [code for (code,) in outputs] == activation_table(name, unit.formats).tolist()


@pytest.mark.parametrize("name", UNITS)
def test_neighbouring_results_do_not_mix(name: str) -> None:
    """Signs and magnitudes travel side by side: let both change in every cycle."""
    unit = unit_of(name, QFormat(5, 7))
    table = activation_table(name, unit.formats).tolist()
    codes = [(-1) ** k * (k * 37 % 512) for k in range(600)]
    outputs = pipeline(unit, [unit.i], [unit.o], [(code,) for code in codes], unit.LATENCY)
    assert [code for (code,) in outputs] == [table[code - unit.formats.preactivation.lowest] for code in codes]


@pytest.mark.parametrize(("name", "latency"), [("second-order", 3), ("table", 2), ("hard", 1)])
def test_the_latency_is_the_documented_one(name: str, latency: int) -> None:
    assert latency == UNITS[name].LATENCY
    assert f"Latency {latency} cycle" in str(UNITS[name].__doc__)


def test_every_function_has_its_unit() -> None:
    assert list(UNITS) == list(ACTIVATIONS)


@pytest.mark.parametrize("name", UNITS)
def test_formats_of_another_type_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=r"Formats must be a Formats object, not 'Q5\.7'"):
        UNITS[name](formats="Q5.7")


@pytest.mark.parametrize("name", UNITS)
def test_elaboration_is_repeatable(name: str) -> None:
    assert_repeatable(unit_of(name, QFormat(2, 6)))
