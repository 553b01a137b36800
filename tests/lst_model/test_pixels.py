"""Normalisation of the pixel against exact rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
import torch

from lst_model.fixed import QFormat
from lst_model.module import normalise
from lst_model.pixels import pixel_codes

FORMATS = [QFormat(m, n) for n in range(18) for m in (1, 2) if m + n >= 2]


@pytest.mark.parametrize("q", FORMATS, ids=str)
def test_every_pixel_is_the_exact_value_rounded_to_nearest(q: QFormat) -> None:
    for pixel, code in enumerate(pixel_codes(np.arange(256), q).tolist()):
        exact = (Fraction(pixel, 255) - Fraction(1, 2)) / Fraction(1, 2)
        assert code == min(max(floor(exact * q.scale + Fraction(1, 2)), q.lowest), q.highest)


@pytest.mark.parametrize("q", FORMATS, ids=str)
def test_black_is_minus_one_and_white_is_one_or_the_largest_code(q: QFormat) -> None:
    assert pixel_codes([0, 255], q).tolist() == [-q.scale, min(q.scale, q.highest)]


@pytest.mark.parametrize("n", range(2, 16))
def test_codes_are_those_of_the_training_pipeline_as_far_as_its_float32_reaches(n: int) -> None:
    q = QFormat(2, n)
    floats = normalise(torch.arange(256, dtype=torch.uint8)).double().numpy()
    assert np.array_equal(pixel_codes(np.arange(256), q), q.codes(floats))


def test_shape_is_kept() -> None:
    assert pixel_codes(np.zeros((2, 3, 4), np.uint8), QFormat(5, 7)).shape == (2, 3, 4)
