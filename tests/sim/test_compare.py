"""Comparison: counts every difference and names the first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from drivers.networks import images, network, quantized

from lst_hw.design import Design
from lst_model.integer import IntegerLST
from sim.compare import compare, float_errors
from sim.engines.amaranth import AmaranthEngine
from sim.trace import Trace

NETWORK = network(3, 4, (5, 2), classes=3)
QUANTIZED = quantized(NETWORK)
DESIGN = Design.of(QUANTIZED)
PIXELS = images(NETWORK, 3)
EXPECTED = IntegerLST(QUANTIZED)(torch.from_numpy(PIXELS))


@pytest.fixture(scope="module")
def trace() -> Trace:
    return AmaranthEngine(DESIGN).run(PIXELS)


def tampered(trace: Trace, image: int, stage: str, index: int, value: int | None) -> Trace:
    """The trace with one value changed, or missing."""
    slot = next(slot for slot in trace.layout.slots if slot.name == stage)
    values, cycles = trace.values.copy(), trace.cycles.copy()
    if value is None:
        cycles[image, slot.offset + index] = -1
    else:
        values[image, slot.offset + index] = value
    return replace(trace, values=values, cycles=cycles)


def test_a_faithful_trace_has_no_mismatch(trace: Trace) -> None:
    outcome = compare(DESIGN, trace, EXPECTED)
    assert outcome.first is None
    assert outcome.mismatches == {"input": 0, "row_embedding": 0, "column_embedding": 0, "logits": 0, "class": 0}


def test_the_first_difference_is_named_with_place_cycle_and_values(trace: Trace) -> None:
    bad = tampered(trace, 1, "row_embedding", 2 * 5 + 3, 99)
    outcome = compare(DESIGN, bad, EXPECTED, first_image=40)
    assert outcome.mismatches["row_embedding"] == 1
    assert outcome.first is not None
    expected = int(EXPECTED["row_embedding"][1, 2, 3])
    cycle = int(bad.cycles[1, bad.layout.slots[1].offset + 13])
    assert outcome.first.as_dict() == {
        "image": 41,
        "stage": "row_embedding",
        "row": 2,
        "column": 3,
        "cycle": cycle,
        "expected": expected,
        "got": 99,
    }
    assert str(outcome.first) == (
        f"image 41, stage row_embedding, row 2, column 3, cycle {cycle}: expected {expected}, got 99"
    )


def test_the_lowest_image_comes_first_then_the_earliest_stage(trace: Trace) -> None:
    bad = tampered(tampered(trace, 2, "input", 0, 99), 1, "logits", 2, 9999)
    outcome = compare(DESIGN, bad, EXPECTED)
    assert outcome.first is not None
    assert (outcome.first.image, outcome.first.stage) == (1, "logits")
    assert (outcome.first.row, outcome.first.column) == (0, 2)


def test_a_value_that_never_appeared_is_a_mismatch_even_if_it_would_be_right(trace: Trace) -> None:
    outcome = compare(DESIGN, tampered(trace, 0, "column_embedding", 4, None), EXPECTED)
    assert outcome.mismatches["column_embedding"] == 1
    assert outcome.first is not None
    assert outcome.first.cycle is None
    assert "never written" in str(outcome.first)


@pytest.mark.parametrize("bit", [0, 8, 20, 31])
def test_every_field_of_the_result_beat_is_compared(trace: Trace, bit: int) -> None:
    results = trace.results.copy()
    results[2] ^= 1 << bit
    outcome = compare(DESIGN, replace(trace, results=results), EXPECTED)
    assert outcome.mismatches["class"] == 1
    assert outcome.first is not None
    assert (outcome.first.image, outcome.first.stage) == (2, "class")
    assert outcome.first.expected ^ outcome.first.got == 1 << bit


def test_a_missing_result_is_a_mismatch(trace: Trace) -> None:
    results = trace.results.copy()
    results[2] = -1
    outcome = compare(DESIGN, replace(trace, results=results), EXPECTED)
    assert outcome.mismatches["class"] == 1
    assert outcome.first is not None
    assert outcome.first.cycle is None


def test_float_errors_are_in_real_units() -> None:
    floats = {name: value.double() / 16 for name, value in EXPECTED.items() if name in ("input", "row_embedding")}
    floats["logits"] = EXPECTED["logits"].double() / 256 + 0.5
    errors = float_errors(DESIGN, EXPECTED, floats)
    assert errors == {"input": 0.0, "row_embedding": 0.0, "logits": 0.5}
    assert DESIGN.formats.activation.scale == 16
    assert np.isclose(1 << DESIGN.logit_fraction, 256)
