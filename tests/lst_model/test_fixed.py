"""Fixed point against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lst_model.errors import InputError
from lst_model.fixed import Formats, QFormat, shift_round

FORMATS = [QFormat(m, n) for m in range(1, 7) for n in range(13) if m + n >= 2]
HALF = Fraction(1, 2)


@pytest.mark.parametrize("q", FORMATS, ids=str)
def test_codes_cover_the_range_of_twos_complement(q: QFormat) -> None:
    assert q.lowest == -(2 ** (q.bits - 1))
    assert q.highest == 2 ** (q.bits - 1) - 1
    assert q.bits == q.integer_bits + q.fraction_bits
    assert Fraction(q.lowest, q.scale) == -(2 ** (q.integer_bits - 1))


def test_q5_7_of_the_paper_has_12_bits_and_covers_minus_16_to_almost_16() -> None:
    q = QFormat.parse("Q5.7")
    assert (q.bits, q.lowest / q.scale, q.highest / q.scale) == (12, -16, 15.9921875)


@pytest.mark.parametrize("q", FORMATS, ids=str)
def test_every_code_converts_to_itself(q: QFormat) -> None:
    codes = np.arange(q.lowest, q.highest + 1)
    assert np.array_equal(q.codes(codes / q.scale), codes)


@pytest.mark.parametrize("q", FORMATS, ids=str)
def test_halfway_values_round_up_whatever_their_sign(q: QFormat) -> None:
    codes = np.arange(q.lowest, q.highest)
    assert np.array_equal(q.codes((codes + 0.5) / q.scale), codes + 1)
    assert np.array_equal(q.codes(np.nextafter((codes + 0.5) / q.scale, -np.inf)), codes)


@given(value=st.floats(-100, 100), q=st.sampled_from(FORMATS))
def test_a_value_becomes_the_nearest_code_or_the_end_of_the_range(value: float, q: QFormat) -> None:
    exact = floor(Fraction(value) * q.scale + HALF)
    assert q.codes(value) == min(max(exact, q.lowest), q.highest)
    assert q.saturating(value) == (not q.lowest <= exact <= q.highest)


def test_saturating_counts_values_outside_the_range_after_rounding() -> None:
    q = QFormat(1, 3)
    values = [-1.2, -1.0625, -1.0626, -1.0, 0.0, 0.875, 0.9374, 0.9375, 1.0]
    assert q.codes(values).tolist() == [-8, -8, -8, -8, 0, 7, 7, 7, 7]
    assert q.saturating(values) == 4


@pytest.mark.parametrize("text", ["Q5.7", "q5.7", " Q05.07 "])
def test_formats_are_read_as_the_paper_writes_them(text: str) -> None:
    assert QFormat.parse(text) == QFormat(5, 7)
    assert str(QFormat.parse(text)) == "Q5.7"


@pytest.mark.parametrize("text", ["", "5.7", "Q5", "Q5,7", "Q-1.7", "Q5.7.1", "Q100.1", "S5.7"])
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"format .*: write it as Qm\.n, for example Q5\.7"):
        QFormat.parse(text)


@pytest.mark.parametrize(("m", "n"), [(0, 7), (-1, 7), (3, -1), (1, 0), (20, 13)])
def test_impossible_formats_are_refused(m: int, n: int) -> None:
    with pytest.raises(InputError, match=rf"format Q{m}\.{n}: choose Qm\.n with m >= 1"):
        QFormat(m, n)


def test_formats_follow_the_weights_unless_chosen_separately() -> None:
    assert Formats.parse("Q2.6") == Formats(QFormat(2, 6), QFormat(2, 6), QFormat(2, 6))
    chosen = Formats.parse("Q2.6", "Q3.7", "Q1.5")
    assert chosen.as_dict() == {"weight": "Q2.6", "bias": "Q3.7", "activation": "Q1.5"}


def test_output_weights_have_the_format_of_the_others_or_their_own() -> None:
    assert Formats.parse("Q2.6", output="Q2.6") == Formats.parse("Q2.6")
    assert Formats.parse("Q2.6").output_weight == QFormat(2, 6)
    chosen = Formats.parse("Q2.6", output="Q5.3")
    assert chosen.output_weight == QFormat(5, 3)
    assert chosen.as_dict() == {"weight": "Q2.6", "bias": "Q2.6", "activation": "Q2.6", "output": "Q5.3"}
    assert str(chosen) == "weights Q2.6, output weights Q5.3, biases Q2.6, activations Q2.6"


@pytest.mark.parametrize("name", ["weight", "bias", "activation", "output"])
def test_formats_wider_than_18_bits_are_refused(name: str) -> None:
    with pytest.raises(InputError, match=rf"{name} format Q5\.14 is too wide: choose at most 18 bits in all"):
        Formats(**{name: QFormat(5, 14)})
    Formats(**{name: QFormat(4, 14)})


def test_a_bias_finer_than_a_product_is_refused() -> None:
    Formats.parse("Q2.4", "Q2.7", "Q2.3")
    with pytest.raises(InputError, match=r"Q2\.8 is finer than a product of Q2\.4 and Q2\.3: .* at most 7"):
        Formats.parse("Q2.4", "Q2.8", "Q2.3")
    with pytest.raises(InputError, match=r"Q2\.7 is finer than a product of Q5\.1 and Q2\.3: .* at most 4"):
        Formats.parse("Q2.4", "Q2.7", "Q2.3", "Q5.1")


@pytest.mark.parametrize("n", range(18))
def test_preactivation_saturates_only_where_tanh_rounds_to_one(n: int) -> None:
    q = Formats(activation=QFormat(1, n) if n else QFormat(2, 0), bias=QFormat(5, 0)).preactivation
    assert q.fraction_bits == n
    end = 2.0 ** (q.integer_bits - 1)
    # 1 - tanh(x) < 2 exp(-2x): less than half a step at the end of the range.
    assert 2 * np.exp(-2 * end) < 0.5 / q.scale


@given(value=st.integers(-(10**12), 10**12), bits=st.integers(0, 30))
def test_shift_round_is_the_nearest_multiple(value: int, bits: int) -> None:
    expected = floor(Fraction(value, 2**bits) + HALF)
    assert shift_round(value, bits) == expected
    assert shift_round(np.array([value]), bits).tolist() == [expected]
