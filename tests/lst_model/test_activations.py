"""The activation functions against exact rational arithmetic, for every input code of many formats."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction
from math import floor

import numpy as np
import pytest

from lst_model.activations import (
    ACTIVATIONS,
    DEFAULT,
    MAX_TABLE_FRACTION,
    activation_codes,
    activation_table,
    check,
    threshold_code,
    unit_name,
)
from lst_model.errors import InputError
from lst_model.fixed import Formats, QFormat
from lst_model.functions import Function

HALF = Fraction(1, 2)
ACTIVATION_FORMATS = [QFormat(1, n) for n in (1, 2, 4, 7, 9, 10)] + [QFormat(2, 0), QFormat(2, 6), QFormat(5, 7)]


def formats_of(activation: QFormat) -> Formats:
    return Formats(weight=QFormat(5, 7), bias=QFormat(5, 0), activation=activation)


def second_order(x: Fraction) -> Fraction:
    """Kwan's form: ``x (1 - |x| / 4)`` inside -2 to 2."""
    if abs(x) >= 2:
        return Fraction(1 if x > 0 else -1)
    return x * (1 - abs(x) / 4)


def tanh(x: Fraction) -> Fraction:
    """tanh to 60 digits: no code of up to 12 fractional bits comes so close to a rounding boundary."""
    with localcontext(prec=60):
        power = (2 * Decimal(x.numerator) / Decimal(x.denominator)).exp()
        return Fraction((power - 1) / (power + 1))


def hard(x: Fraction) -> Fraction:
    return min(max(x, Fraction(-1)), Fraction(1))


REAL = {"second-order": second_order, "table": tanh, "hard": hard}


def specified(name: str, code: int, q: QFormat) -> int:
    """Nearest code to the real function, ties away from zero so that it is odd, saturated."""
    value = REAL[name](Fraction(abs(code), q.scale))
    magnitude = floor(value * q.scale + HALF)
    return min(max(magnitude if code >= 0 else -magnitude, q.lowest), q.highest)


@pytest.mark.parametrize("q", ACTIVATION_FORMATS, ids=str)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_code_is_the_exact_value_rounded_to_nearest(name: str, q: QFormat) -> None:
    formats = formats_of(q)
    inputs = range(formats.preactivation.lowest, formats.preactivation.highest + 1)
    assert activation_table(name, formats).tolist() == [specified(name, code, q) for code in inputs]


@pytest.mark.parametrize("n", [11, MAX_TABLE_FRACTION])
def test_the_finest_tables_are_exactly_rounded(n: int) -> None:
    q = QFormat(2, n)
    codes = np.unique(np.concatenate([np.arange(0, 8 << n, 7), np.arange(0, 200), np.arange((8 << n) - 50, 8 << n)]))
    expected = [specified("table", code, q) for code in codes.tolist()]
    assert activation_codes("table", codes, formats_of(q)).tolist() == expected


@pytest.mark.parametrize("n", [13, 16])
@pytest.mark.parametrize("name", ["second-order", "hard"])
def test_fine_formats_are_exact_too(name: str, n: int) -> None:
    q = QFormat(2, n)
    codes = np.random.default_rng(n).integers(-(8 << n), 8 << n, 2000)
    assert activation_codes(name, codes, formats_of(q)).tolist() == [specified(name, c, q) for c in codes.tolist()]


@pytest.mark.parametrize("q", ACTIVATION_FORMATS, ids=str)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_functions_are_odd_but_for_the_missing_plus_one_of_q1(name: str, q: QFormat) -> None:
    formats = formats_of(q)
    positive = activation_codes(name, np.arange(formats.preactivation.highest + 1), formats)
    negative = activation_codes(name, -np.arange(formats.preactivation.highest + 1), formats)
    assert np.array_equal(np.minimum(-negative, q.highest), positive)


@pytest.mark.parametrize("q", ACTIVATION_FORMATS, ids=str)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_functions_never_fall_and_end_at_minus_one_and_one(name: str, q: QFormat) -> None:
    codes = activation_table(name, formats_of(q))
    assert (np.diff(codes) >= 0).all()
    assert codes[0] == -q.scale
    assert codes[-1] == min(q.scale, q.highest)


def test_q1_saturates_just_below_one() -> None:
    assert activation_codes("hard", [128, 127, -128], formats_of(QFormat(1, 7))).tolist() == [127, 127, -128]


@pytest.mark.parametrize("name", ["second-order", "table"])
def test_smooth_functions_stay_close_to_tanh(name: str) -> None:
    formats = Formats()
    x = np.arange(formats.preactivation.lowest, formats.preactivation.highest + 1) / formats.activation.scale
    error = np.abs(activation_table(name, formats) / formats.activation.scale - np.tanh(x)).max()
    assert error <= {"second-order": 0.047, "table": 0.5 / 128}[name]


def test_the_second_order_form_is_the_default() -> None:
    assert DEFAULT == "second-order"
    assert check(DEFAULT) == DEFAULT


def test_an_unknown_function_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"unknown activation 'sigmoid': choose one of second-order, table, hard"):
        activation_codes("sigmoid", [0], Formats())


def test_a_table_finer_than_twelve_bits_is_refused() -> None:
    with pytest.raises(InputError, match=r"table with 13 fractional bits is too large: choose at most 12"):
        activation_table("table", formats_of(QFormat(2, 13)))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("identity", [-128, -128, -40, -5, 0, 5, 40, 127, 127]),
        ("relu", [0, 0, 0, 0, 0, 5, 40, 127, 127]),
        ("soft:0.0625", [-128, -128, -32, 0, 0, 0, 32, 127, 127]),
        ("st-relu:0.0625", [0, 0, 0, 0, 0, 0, 32, 127, 127]),
        ("soft:0", [-128, -128, -40, -5, 0, 5, 40, 127, 127]),
    ],
)
def test_other_functions_are_exact_and_saturate(unit: str, expected: list[int]) -> None:
    codes = [-512, -136, -40, -5, 0, 5, 40, 136, 511]
    assert activation_codes(unit, codes, formats_of(QFormat(1, 7))).tolist() == expected


def test_a_threshold_is_rounded_to_nearest() -> None:
    formats = formats_of(QFormat(2, 4))
    assert [threshold_code(Function("soft", tau), formats) for tau in (0, 0.031, 0.03125, 0.25, 1.95)] == [
        0,
        0,
        1,
        4,
        31,
    ]


def test_a_threshold_beyond_the_activation_format_is_refused() -> None:
    with pytest.raises(InputError, match=r"function soft:2: its threshold is beyond the activation format Q2\.4"):
        threshold_code(Function("soft", 2), formats_of(QFormat(2, 4)))


def test_only_tanh_has_a_choice_of_units() -> None:
    assert unit_name(Function("tanh"), "hard") == "hard"
    assert unit_name(Function("soft", 0.5), "hard") == "soft:0.5"


def test_a_wider_input_format_has_a_longer_table() -> None:
    formats = formats_of(QFormat(1, 7))
    wide, narrow = activation_table("table", formats, QFormat(5, 7)), activation_table("table", formats)
    assert len(wide) == 4 * len(narrow)
    assert wide[len(wide) * 3 // 8 : len(wide) * 5 // 8].tolist() == narrow.tolist()
    assert set(wide[: len(wide) * 3 // 8].tolist()) == {-128}
