"""Radix-4 Booth recoding of constant weights (Booth 1951, MacSorley 1961), for multipliers made of LUTs.

A weight is a sum of digits, ``sum over d of digit[d] * 4**d``, each -2 to 2 and read off three bits:
``digit[d] = -2 * w[2d+1] + w[2d] + w[2d-1]``. A negative multiple of an operand ``x`` is taken as the complement of
the positive one, which is 1 too small. How much too small a whole sum becomes does not depend on the operands: it
is known when the weights are, and goes into the bias.
"""

from __future__ import annotations

from collections.abc import Sequence

from lst_model.ranges import Range


def digit_count(weight_bits: int) -> int:
    """Digits of a weight of so many bits, two bits each."""
    return -(-weight_bits // 2)


def digits(code: int, count: int) -> list[int]:
    """Booth digits of a weight code, least significant first."""
    bits = [0, *((code >> position) & 1 for position in range(2 * count))]
    return [bits[at] + bits[at + 1] - 2 * bits[at + 2] for at in range(0, 2 * count, 2)]


def shortfall(codes: Sequence[int], count: int) -> int:
    """What complements instead of negations take from a sum of products with these weights, whatever the operands."""
    return sum(4**place for code in codes for place, digit in enumerate(digits(code, count)) if digit < 0)


def partial_range(place: int, operand: Range, weight_bits: int) -> Range:
    """Range of a product's part up to the digit at ``place``, the shortfall included."""
    top = min(2 * place + 1, weight_bits - 1)
    ends = [factor * x for factor in (-(1 << top), (1 << top) - 1) for x in (operand.low, operand.high)]
    return Range(min(ends) - (4 ** (place + 1) - 1) // 3, max(ends))
