# amaranth: UnusedElaboratable=no
"""Bias, rounding and saturation."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from drivers.bench import assert_repeatable, pipeline

from lst_hw.requantizer import Requantizer
from lst_model.fixed import Formats

BIASED_LATENCY = 1
PREACTIVATION_LATENCY = 2

CASES = [("Q5.7", 24, 25), ("Q2.4", 12, 14), ("Q1.5", 9, 9), ("Q3.0", 8, 10), ("Q2.9", 4, 6)]


def requantizer_of(text: str, accumulator_bits: int, biased_bits: int) -> Requantizer:
    formats = Formats.parse(text, activation="Q2.3")
    return Requantizer(
        shift=formats.weight.fraction_bits,
        preactivation=formats.preactivation,
        accumulator_bits=accumulator_bits,
        biased_bits=biased_bits,
    )


def inputs_of(accumulator_bits: int, biased_bits: int) -> list[tuple[int, int]]:
    """Sums and biases whose total fits, including both ends and a stretch around zero."""
    rng = np.random.default_rng(0)
    low, high = -(1 << (biased_bits - 1)), (1 << (biased_bits - 1)) - 1
    most = (1 << (accumulator_bits - 1)) - 1
    pairs = [(int(rng.integers(-most - 1, most + 1)), int(rng.integers(low, high + 1))) for _ in range(2000)]
    pairs += [(-most - 1, low + most + 1), (most, high - most), (0, low), (0, high)]
    pairs += [(0, bias) for bias in range(max(low, -600), min(high, 600) + 1)]
    return [(total, bias) for total, bias in pairs if low <= total + bias <= high]


@pytest.mark.parametrize(("text", "accumulator_bits", "biased_bits"), CASES)
def test_the_biased_sum_is_exact_one_cycle_later(text: str, accumulator_bits: int, biased_bits: int) -> None:
    dut = requantizer_of(text, accumulator_bits, biased_bits)
    pairs = inputs_of(accumulator_bits, biased_bits)
    outputs = pipeline(dut, [dut.total, dut.bias], [dut.biased], pairs, BIASED_LATENCY)
    assert [biased for (biased,) in outputs] == [total + bias for total, bias in pairs]


@pytest.mark.parametrize(("text", "accumulator_bits", "biased_bits"), CASES)
def test_with_half_a_step_in_the_bias_it_rounds_to_nearest_and_saturates(
    text: str, accumulator_bits: int, biased_bits: int
) -> None:
    formats = Formats.parse(text, activation="Q2.3")
    dut = requantizer_of(text, accumulator_bits, biased_bits)
    shift, q = formats.weight.fraction_bits, formats.preactivation
    half = (1 << shift) >> 1
    pairs = inputs_of(accumulator_bits, biased_bits)
    outputs = pipeline(dut, [dut.total, dut.bias], [dut.preactivation], pairs, PREACTIVATION_LATENCY)

    def specified(value: int) -> int:
        nearest = floor(Fraction(value, 1 << shift) + Fraction(1, 2))
        return min(max(nearest, q.lowest), q.highest)

    without_half = [total + bias - half for total, bias in pairs]
    assert [code for (code,) in outputs] == [specified(value) for value in without_half]


@pytest.mark.parametrize("text", ["Q5.7", "Q3.0"])
def test_both_ends_saturate(text: str) -> None:
    dut = requantizer_of(text, 20, 20)
    outputs = pipeline(dut, [dut.total, dut.bias], [dut.preactivation], [(524287, 0), (-524288, 0)], 2)
    assert outputs == [(31,), (-32,)]


def test_a_biased_sum_narrower_than_the_accumulator_is_refused() -> None:
    with pytest.raises(ValueError, match="Biased sum must be at least 12 bits wide, not 11"):
        requantizer_of("Q5.7", 12, 11)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(requantizer_of("Q5.7", 20, 21))
