"""Matrices of fixed transforms, one basis vector a row, lowest frequency first unless said otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


def dct_matrix(size: int) -> Matrix:
    """Orthonormal DCT-II ``[size, size]``: ``sqrt(2 / N) * cos(pi * (2n + 1) * k / 2N)``, row 0 over ``sqrt(2)``."""
    k, n = np.arange(size)[:, None], np.arange(size)[None, :]
    matrix: Matrix = np.sqrt(2 / size) * np.cos(np.pi * (2 * n + 1) * k / (2 * size))
    matrix[0] /= np.sqrt(2)
    return matrix


def hadamard_matrix(size: int) -> Matrix:
    """Sylvester's matrix ``[size, size]`` of ``+-1`` in natural order, its own transpose.

    The entry in row ``k`` and column ``n`` is negative where ``k & n`` has an odd number of ones. ``size`` must be a
    power of two.
    """
    signs = np.ones((1, 1))
    while len(signs) < size:
        signs = np.block([[signs, signs], [signs, -signs]])
    if len(signs) != size:
        raise ValueError(f"Hadamard matrix of size {size}: must be a power of two")
    return signs


def sequency_order(size: int) -> list[int]:
    """Natural row of each Walsh function, by its number of sign changes: the bit-reversed Gray code of the latter."""
    bits = size.bit_length() - 1
    gray = [number ^ (number >> 1) for number in range(size)]
    return [int(f"{code:0{bits}b}"[::-1], 2) if bits else 0 for code in gray]


def walsh_matrix(size: int) -> Matrix:
    """:func:`hadamard_matrix` with its rows in order of sign changes."""
    return hadamard_matrix(size)[sequency_order(size)]


def next_power_of_two(size: int) -> int:
    """The smallest power of two that is not below ``size``."""
    return 1 << (size - 1).bit_length()
