"""Booth recoding of weights."""

from __future__ import annotations

import itertools

import pytest

from lst_hw.booth import digit_count, digits, partial_range, shortfall
from lst_model.ranges import Range


@pytest.mark.parametrize(("bits", "count"), [(1, 1), (2, 1), (3, 2), (8, 4), (9, 5), (12, 6), (18, 9)])
def test_a_digit_takes_two_bits(bits: int, count: int) -> None:
    assert digit_count(bits) == count


@pytest.mark.parametrize("bits", range(1, 10))
def test_the_digits_of_every_code_make_it_up(bits: int) -> None:
    for code in range(-(1 << (bits - 1)), 1 << (bits - 1)):
        found = digits(code, digit_count(bits))
        assert all(-2 <= digit <= 2 for digit in found)
        assert sum(digit * 4**place for place, digit in enumerate(found)) == code


def complemented(codes: list[int], operands: list[int], count: int) -> int:
    """The sum of products as the hardware forms it."""
    total = 0
    for code, operand in zip(codes, operands, strict=True):
        for place, digit in enumerate(digits(code, count)):
            total += (digit * operand if digit >= 0 else ~(-digit * operand)) * 4**place
    return total


def test_the_shortfall_of_a_sum_does_not_depend_on_its_operands() -> None:
    codes, count = [-8, -3, 0, 5, 7], 2
    for operands in itertools.product((-9, 0, 4), repeat=len(codes)):
        exact = sum(code * operand for code, operand in zip(codes, operands, strict=True))
        assert complemented(codes, list(operands), count) == exact - shortfall(codes, count)


@pytest.mark.parametrize("operand", [Range(-16, 16), Range(-8, 7), Range(0, 3)])
@pytest.mark.parametrize("bits", [2, 5, 6])
def test_no_partial_product_leaves_its_range(operand: Range, bits: int) -> None:
    count = digit_count(bits)
    for code in range(-(1 << (bits - 1)), 1 << (bits - 1)):
        for x in range(operand.low, operand.high + 1):
            part = 0
            for place, digit in enumerate(digits(code, count)):
                part += (digit * x if digit >= 0 else ~(-digit * x)) * 4**place
                limits = partial_range(place, operand, bits)
                assert limits.low <= part <= limits.high
