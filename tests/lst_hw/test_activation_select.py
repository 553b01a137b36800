# amaranth: UnusedElaboratable=no
"""Activation units of different functions side by side."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from drivers.bench import assert_repeatable, pipeline

from lst_hw.activation_select import ActivationSelect, latency
from lst_model.activations import activation_table
from lst_model.fixed import Formats, QFormat

FORMATS = Formats.parse("Q3.5")
PREACTIVATION = QFormat(4, 5)
UNITS = ["second-order", "table", "hard", "identity", "relu", "soft:0.25", "st-relu:0.5"]
LATENCIES = {"second-order": 3, "table": 2, "hard": 1, "identity": 1, "relu": 1, "soft:0.25": 2, "st-relu:0.5": 2}


def select_of(*units: str) -> ActivationSelect:
    return ActivationSelect(units=units, formats=FORMATS, preactivation=PREACTIVATION, multiplier="dsp")


@pytest.mark.parametrize("units", [UNITS, UNITS[::-1], *itertools.permutations(UNITS, 2)], ids="-".join)
def test_each_code_is_answered_by_the_unit_that_it_names(units: list[str]) -> None:
    rng = np.random.default_rng(0)
    select = select_of(*units)
    codes = rng.integers(PREACTIVATION.lowest, PREACTIVATION.highest + 1, 150).tolist()
    chosen = rng.integers(0, len(units), 150).tolist()
    tables = [activation_table(unit, FORMATS, PREACTIVATION).tolist() for unit in units]
    slowest = max(LATENCIES[unit] for unit in units)

    inputs = list(zip(codes, chosen, strict=True))
    outputs = pipeline(select, [select.i, select.select], [select.o], inputs, slowest)
    assert [code for (code,) in outputs] == [tables[unit][code - PREACTIVATION.lowest] for code, unit in inputs]


@pytest.mark.parametrize("unit", UNITS)
def test_a_single_unit_answers_every_code_and_nothing_delays_it(unit: str) -> None:
    select = select_of(unit)
    codes = range(PREACTIVATION.lowest, PREACTIVATION.highest + 1)
    outputs = pipeline(select, [select.i], [select.o], [(code,) for code in codes], LATENCIES[unit])
    assert [code for (code,) in outputs] == activation_table(unit, FORMATS, PREACTIVATION).tolist()


def test_the_slowest_unit_sets_the_latency() -> None:
    assert latency([]) == 0
    assert [latency([unit]) for unit in UNITS] == list(LATENCIES.values())
    assert latency(["hard", "soft:0.25"]) == 2
    assert latency(UNITS) == 3


def test_there_must_be_a_unit() -> None:
    with pytest.raises(TypeError, match="Activation must have at least one unit"):
        select_of()


@pytest.mark.parametrize("unit", ["wood", "soft-order", ""])
def test_an_unknown_unit_is_refused(unit: str) -> None:
    with pytest.raises(ValueError, match=f"Activation unit must be one of second-order, .*, st-relu, not {unit!r}"):
        select_of("hard", unit)


@pytest.mark.parametrize("units", [UNITS[:1], UNITS])
def test_elaboration_is_repeatable(units: list[str]) -> None:
    assert_repeatable(select_of(*units))
