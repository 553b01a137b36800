"""Matrices of fixed transforms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft, linalg

from lst_model.bases import dct_matrix, hadamard_matrix, next_power_of_two, sequency_order, walsh_matrix


@pytest.mark.parametrize("size", [1, 2, 7, 28])
def test_the_dct_is_scipys(size: int) -> None:
    expected = fft.dct(np.eye(size), type=2, norm="ortho", axis=0)
    np.testing.assert_allclose(dct_matrix(size), expected, atol=1e-12)


@pytest.mark.parametrize("size", [1, 2, 8, 32])
def test_the_natural_order_is_sylvesters(size: int) -> None:
    np.testing.assert_array_equal(hadamard_matrix(size), linalg.hadamard(size))


@pytest.mark.parametrize("size", [2, 4, 32])
def test_a_sign_is_the_parity_of_row_and_column(size: int) -> None:
    parity = [[(row & column).bit_count() % 2 for column in range(size)] for row in range(size)]
    np.testing.assert_array_equal(hadamard_matrix(size), 1 - 2 * np.array(parity))


@pytest.mark.parametrize("size", [1, 2, 8, 64])
def test_walsh_functions_come_by_their_number_of_sign_changes(size: int) -> None:
    changes = (np.diff(walsh_matrix(size), axis=1) != 0).sum(1)
    assert changes.tolist() == list(range(size))
    assert sorted(sequency_order(size)) == list(range(size))


def test_only_powers_of_two_have_a_hadamard_matrix_here() -> None:
    with pytest.raises(ValueError, match="size 28: must be a power of two"):
        hadamard_matrix(28)
    assert [next_power_of_two(size) for size in (1, 2, 3, 28, 32, 33)] == [1, 2, 4, 32, 32, 64]
