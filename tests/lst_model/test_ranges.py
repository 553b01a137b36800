"""Width proof by example: both ends of every interval are reached, and no operand leads beyond them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from drivers.networks import network, quantized
from hypothesis import given
from hypothesis import strategies as st

from lst_model.activations import activation_table
from lst_model.fixed import Formats
from lst_model.quantize import QuantizedNetwork
from lst_model.ranges import NetworkRanges, Range, StageRanges, aligned_biases, network_ranges

Codes = npt.NDArray[np.int64]

NETWORKS = {
    "one block": network(4, 5, (3, 6)),
    "skip": network(3, 3, (4, 2), (4, 2), (5, 1), skips=((1, 2),)),
    "chained skips": network(2, 3, (2, 2), (2, 2), (2, 2), skips=((1, 2), (2, 3))),
    "single values": network(1, 1, (1, 1), classes=2),
}
FORMATS = ["Q5.7", "Q2.2", "Q1.5", "Q2.0"]
CASES = [
    pytest.param(quantized(described, Formats.parse(text), unit, seed=seed), id=f"{name}, {text}, {unit}")
    for seed, (name, described) in enumerate(NETWORKS.items())
    for text in FORMATS
    for unit in ("second-order", "hard")
]


def worst_operands(weight: Codes, operand: Range, *, highest: bool) -> Codes:
    """For each output, the operand vector that makes its sum of products greatest, or least."""
    return np.where((weight > 0) == highest, operand.high, operand.low)


def partial_sums(weight: Codes, operands: Codes) -> Codes:
    return np.cumsum(weight * operands, axis=-1)


@pytest.mark.parametrize("case", CASES)
def test_a_worst_operand_reaches_each_end_of_the_accumulator(case: QuantizedNetwork) -> None:
    for weight, ranges in zip(case.weights, network_ranges(case).stages, strict=True):
        ends = [(weight * worst_operands(weight, ranges.operand, highest=high)).sum(1) for high in (False, True)]
        assert ends[0].min() == ranges.accumulator.low
        assert ends[1].max() == ranges.accumulator.high


@pytest.mark.parametrize("case", CASES)
def test_a_worst_operand_reaches_each_end_behind_the_bias(case: QuantizedNetwork) -> None:
    for index, ranges in enumerate(network_ranges(case).stages):
        weight, biases = case.weights[index], aligned_biases(case, index)
        low = ((weight * worst_operands(weight, ranges.operand, highest=False)).sum(1) + biases).min()
        high = ((weight * worst_operands(weight, ranges.operand, highest=True)).sum(1) + biases).max()
        assert (ranges.biased.low, ranges.biased.high) == (min(0, low), max(0, high))


@pytest.mark.parametrize("case", CASES)
def test_random_operands_stay_inside_in_every_partial_sum(case: QuantizedNetwork) -> None:
    rng = np.random.default_rng(0)
    for index, ranges in enumerate(network_ranges(case).stages):
        weight, biases = case.weights[index], aligned_biases(case, index)
        for _ in range(50):
            choices = [ranges.operand.low, ranges.operand.high, 0]
            operands = np.where(
                rng.random(weight.shape) < 0.7,
                rng.choice(choices, weight.shape),
                rng.integers(ranges.operand.low, ranges.operand.high + 1, weight.shape),
            )
            sums = partial_sums(weight, operands)
            assert inside(sums, ranges.accumulator)
            assert inside(sums[:, -1] + biases, ranges.biased)


@pytest.mark.parametrize("case", CASES)
def test_the_input_s_range_is_what_black_and_white_reach(case: QuantizedNetwork) -> None:
    q = case.formats.activation
    assert network_ranges(case).stages[0].operand == Range(-q.scale, min(q.scale, q.highest))


@pytest.mark.parametrize("case", CASES)
def test_embeddings_range_over_the_activation_unit_s_results(case: QuantizedNetwork) -> None:
    table = activation_table(case.activation, case.formats)
    unit = Range(int(table.min()), int(table.max()))
    q = case.formats.activation
    saved = unit
    for stage, ranges in zip(case.network.stages[:-1], network_ranges(case).stages, strict=False):
        expected = unit
        if stage.adds_skip:
            expected = Range(max(unit.low + saved.low, q.lowest), min(unit.high + saved.high, q.highest))
        if stage.saves_skip:
            saved = expected
        assert ranges.result == expected


@pytest.mark.parametrize("case", CASES)
def test_each_stage_reads_what_the_one_before_wrote(case: QuantizedNetwork) -> None:
    stages = network_ranges(case).stages
    assert [stage.operand for stage in stages[1:]] == [stage.result for stage in stages[:-1]]


@pytest.mark.parametrize("case", CASES)
def test_logits_are_the_biased_sums(case: QuantizedNetwork) -> None:
    last = network_ranges(case).stages[-1]
    assert last.result == last.biased
    assert network_ranges(case).logit_bits == last.biased.bits


@pytest.mark.parametrize("case", CASES)
def test_widths_hold_every_range_and_one_bit_less_does_not(case: QuantizedNetwork) -> None:
    ranges = network_ranges(case)
    assert_width(ranges.weight_bits, [weight for each in case.weights for weight in (each.min(), each.max())])
    assert_width(ranges.operand_bits, ends(ranges, "operand"))
    assert_width(ranges.accumulator_bits, ends(ranges, "accumulator"))
    assert_width(ranges.biased_bits, ends(ranges, "accumulator") + ends(ranges, "biased"))


@given(low=st.integers(-(2**40), 0), high=st.integers(0, 2**40))
def test_bits_is_the_narrowest_twos_complement_width(low: int, high: int) -> None:
    assert_width(Range(low, high).bits, [low, high])


@pytest.mark.parametrize(
    ("low", "high", "bits"), [(0, 0, 1), (-1, 0, 1), (0, 1, 2), (-2, 1, 2), (-3, 0, 3), (-4, 4, 4)]
)
def test_bits_of_small_ranges(low: int, high: int, bits: int) -> None:
    assert Range(low, high).bits == bits


def test_union_spans_both() -> None:
    assert Range(-3, 1) | Range(-1, 5) == Range(-3, 5)


def test_biases_are_aligned_and_carry_half_a_step_except_for_logits() -> None:
    case = quantized(network(2, 2, (2, 2), classes=2), Formats.parse("Q3.4", "Q3.2", "Q2.3"))
    for index, half in enumerate([8, 8, 0]):
        assert aligned_biases(case, index) == [code * 2**5 + half for code in case.biases[index].tolist()]


def test_integer_weights_need_no_rounding() -> None:
    case = quantized(network(2, 2, (2, 2), classes=2), Formats.parse("Q3.0", "Q3.2", "Q2.3"))
    assert aligned_biases(case, 0) == [code * 2 for code in case.biases[0].tolist()]


def inside(values: Codes, limits: Range) -> bool:
    return bool(limits.low <= values.min() and values.max() <= limits.high)


def ends(ranges: NetworkRanges, name: str) -> list[int]:
    each: list[Range] = [getattr(stage, name) for stage in ranges.stages if isinstance(stage, StageRanges)]
    return [end for limits in each for end in (limits.low, limits.high)]


def assert_width(bits: int, values: list[int]) -> None:
    def fits(width: int) -> bool:
        return all(-(2 ** (width - 1)) <= value < 2 ** (width - 1) for value in values)

    assert fits(bits)
    assert bits == 1 or not fits(bits - 1)
