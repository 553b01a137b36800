"""What the weights of a layer are made of."""

from __future__ import annotations

import numpy as np
import pytest

from lst_model.bases import dct_matrix, hadamard_matrix, walsh_matrix
from lst_model.errors import InputError
from lst_model.structure import BASES, MAX_GROWTH, Dense, Transform, front, parse
from lst_model.sums import ProductOfSums


@pytest.mark.parametrize(
    ("text", "structure"),
    [
        ("dense", Dense()),
        ("dct", Transform("dct")),
        ("dct/2", Transform("dct", 2)),
        ("walsh:pad/8", Transform("walsh", 8, padded=True)),
        ("hadamard/256", Transform("hadamard", 256)),
    ],
)
def test_the_text_form_goes_both_ways(text: str, structure: Dense | Transform) -> None:
    assert parse(text) == structure
    assert str(structure) == text


def test_products_of_sums_are_read_too() -> None:
    assert parse("gaussian:64*rank:2@1") == ProductOfSums.parse("gaussian:64*rank:2@1")
    assert parse("dct:9") == ProductOfSums.parse("dct:9")


@pytest.mark.parametrize("text", ["", "haar", "dct:", "dct/x", "dct/2:pad", "DCT", "dense/2"])
def test_an_unknown_text_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(text)
    known = "dense, dct, walsh, hadamard with :pad and /DIVISOR as needed, or sums such as gaussian:64*rank:2@1"
    assert str(raised.value) == f"unknown weights {text!r}: choose {known}"


@pytest.mark.parametrize("text", ["dct/3", "dct/0", "walsh/512"])
def test_only_powers_of_two_divide(text: str) -> None:
    with pytest.raises(InputError, match=rf"transform {text}: divide by a power of two from 1 to 256|transform"):
        parse(text)


def test_a_dct_needs_no_padding() -> None:
    with pytest.raises(InputError, match="a DCT takes any size, leave out :pad"):
        parse("dct:pad")


def test_the_matrix_is_the_first_rows_for_the_first_inputs_divided() -> None:
    np.testing.assert_array_equal(Transform("dct", 2).matrix(3, 7), dct_matrix(7)[:3] / 2)
    np.testing.assert_array_equal(Transform("walsh", 4).matrix(5, 8), walsh_matrix(8)[:5] / 4)
    np.testing.assert_array_equal(Transform("hadamard", padded=True).matrix(32, 28), hadamard_matrix(32)[:, :28])


@pytest.mark.parametrize(
    ("text", "outputs", "inputs", "message"),
    [
        ("walsh", 4, 28, "walsh of 28 values: no power of two; choose walsh:pad, or another size"),
        ("hadamard/2", 4, 12, "hadamard/2 of 12 values: no power of two; choose hadamard:pad, or another size"),
        ("dct", 29, 28, "dct of 28 values: has 28 coefficients, not 29; keep fewer"),
        ("walsh:pad", 33, 28, "walsh:pad of 28 values: has 32 coefficients, not 33; keep fewer"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(text: str, outputs: int, inputs: int, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse(text).check(outputs, inputs)
    assert str(raised.value) == message


def test_only_trained_numbers_count_as_parameters() -> None:
    assert parse("dense").parameters(10, 784) == 7850
    assert parse("dct").parameters(9, 28) == 0


@pytest.mark.parametrize("size", [1, 2, 8, 12, 28, 32, 64, 256])
@pytest.mark.parametrize("basis", BASES)
def test_a_transform_in_front_fits_and_keeps_values_small(basis: str, size: int) -> None:
    transform = front(basis, size)
    transform.check(size, size)
    growth = np.abs(transform.matrix(size, size)).sum(1).max()
    assert growth <= MAX_GROWTH * (1 + 1e-12)


def test_a_transform_in_front_is_divided_no_more_than_needed() -> None:
    divisors = [(front("dct", size).divisor, front("walsh", size).divisor) for size in (4, 8, 16, 17, 28, 64)]
    assert divisors == [(1, 1), (1, 2), (1, 4), (2, 8), (2, 8), (2, 16)]


def test_an_unknown_basis_is_refused() -> None:
    with pytest.raises(InputError, match="unknown transform 'haar': choose one of dct, walsh, hadamard"):
        front("haar", 28)
