# amaranth: UnusedElaboratable=no
"""Activation units against their specification in ``lst_model``, for every input code."""

from __future__ import annotations

import pytest
from drivers.bench import assert_repeatable, pipeline

from lst_hw.activation import UNITS, ActivationUnit
from lst_model.activations import ACTIVATIONS, EXACT, activation_table, threshold_code
from lst_model.fixed import Formats, QFormat
from lst_model.functions import THRESHOLDED, Function

ACTIVATION_FORMATS = [QFormat(1, n) for n in (1, 5, 7, 9)] + [
    QFormat(2, 0),
    QFormat(2, 6),
    QFormat(5, 7),
    QFormat(2, 10),
]


LATENCIES = {"second-order": 3, "table": 2, "hard": 1, "identity": 1, "relu": 1, "soft": 2, "st-relu": 2}
UNIT_NAMES = [
    f"{name}:{tau}" if name in THRESHOLDED else name for name in UNITS for tau in (0, 0.25)[: 1 + (name in THRESHOLDED)]
]


def unit_of(name: str, activation: QFormat, preactivation: QFormat | None = None) -> ActivationUnit:
    formats = Formats(bias=QFormat(5, 0), activation=activation)
    threshold = threshold_code(Function.parse(name), formats) if ":" in name else 0
    return UNITS[name.partition(":")[0]](formats=formats, preactivation=preactivation, threshold=threshold)


def assert_as_specified(name: str, unit: ActivationUnit) -> None:
    codes = range(unit.preactivation.lowest, unit.preactivation.highest + 1)
    outputs = pipeline(unit, [unit.i], [unit.o], [(code,) for code in codes], unit.LATENCY)
    assert [code for (code,) in outputs] == activation_table(name, unit.formats, unit.preactivation).tolist()


@pytest.mark.parametrize("q", ACTIVATION_FORMATS, ids=str)
@pytest.mark.parametrize("name", UNIT_NAMES)
def test_every_code_gives_the_specified_one_latency_cycles_later(name: str, q: QFormat) -> None:
    assert_as_specified(name, unit_of(name, q))


@pytest.mark.parametrize("q", [QFormat(5, 7), QFormat(6, 2)], ids=str)
@pytest.mark.parametrize("name", UNIT_NAMES)
def test_beside_other_functions_units_read_more_integer_bits(name: str, q: QFormat) -> None:
    assert_as_specified(name, unit_of(name, q, preactivation=q))


@pytest.mark.parametrize("name", UNIT_NAMES)
def test_neighbouring_results_do_not_mix(name: str) -> None:
    """Signs and magnitudes travel side by side: let both change in every cycle."""
    unit = unit_of(name, QFormat(5, 7))
    table = activation_table(name, unit.formats).tolist()
    codes = [(-1) ** k * (k * 37 % 512) for k in range(600)]
    outputs = pipeline(unit, [unit.i], [unit.o], [(code,) for code in codes], unit.LATENCY)
    assert [code for (code,) in outputs] == [table[code - unit.formats.preactivation.lowest] for code in codes]


@pytest.mark.parametrize("wrong", [QFormat(3, 6), QFormat(2, 7)], ids=str)
def test_an_input_format_that_is_too_small_is_refused(wrong: QFormat) -> None:
    with pytest.raises(ValueError, match=r"Input format must have the fraction and at least the range of Q3\.7, not Q"):
        unit_of("identity", QFormat(5, 7), preactivation=wrong)


def test_a_negative_threshold_is_refused() -> None:
    with pytest.raises(ValueError, match="Threshold must not be negative, not -1"):
        UNITS["soft"](formats=Formats(), threshold=-1)


@pytest.mark.parametrize(("name", "latency"), LATENCIES.items())
def test_the_latency_is_the_documented_one(name: str, latency: int) -> None:
    assert latency == UNITS[name].LATENCY
    assert f"Latency {latency} cycle" in str(UNITS[name].__doc__)


def test_every_function_has_its_unit() -> None:
    assert list(UNITS) == [*ACTIVATIONS, *EXACT]
    assert set(LATENCIES) == set(UNITS)


@pytest.mark.parametrize("name", UNITS)
def test_formats_of_another_type_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=r"Formats must be a Formats object, not 'Q5\.7'"):
        UNITS[name](formats="Q5.7")


@pytest.mark.parametrize("name", UNIT_NAMES)
def test_elaboration_is_repeatable(name: str) -> None:
    assert_repeatable(unit_of(name, QFormat(2, 6)))
