"""Corrupted images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from lst_model.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lst_model.errors import InputError

# A soft-edged disc, which has flat parts, edges and grey levels.
_DISTANCE = np.hypot(*np.mgrid[-14:14, -14:14])
DISC = np.repeat(np.clip(255 * (10 - _DISTANCE) / 3, 0, 255).astype(np.uint8)[None], 6, 0)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_seed_makes_the_images(name: str) -> None:
    first = corrupt(DISC, name, 3, seed=1)
    assert first.shape == DISC.shape
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, corrupt(DISC, name, 3, seed=1))
    random = name.endswith("noise")
    assert (first == corrupt(DISC, name, 3, seed=2)).all() != random
    assert (first[0] == first[1]).all() != random


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_severity_is_further_from_the_image_than_the_one_before(name: str) -> None:
    distance = [np.square(corrupt(DISC, name, severity) - DISC.astype(float)).mean() for severity in SEVERITIES]
    assert distance[0] > 0
    assert distance == sorted(set(distance))


def test_gaussian_noise_has_the_deviation_it_says() -> None:
    grey = np.full((20, 28, 28), 128, np.uint8)
    assert corrupt(grey, "gaussian-noise", 1).std() == pytest.approx(0.08 * 255, rel=0.03)


def test_shot_noise_grows_with_brightness_and_spares_black() -> None:
    black, grey, bright = (corrupt(np.full((20, 28, 28), level, np.uint8), "shot-noise", 1) for level in (0, 40, 160))
    assert not black.any()
    assert bright.std() / grey.std() == pytest.approx(2, rel=0.05)
    assert grey.mean() == pytest.approx(40, rel=0.02)


@pytest.mark.parametrize(("severity", "deviation"), [(1, 0.5), (5, 2.0)])
def test_the_blur_is_scipys(severity: int, deviation: float) -> None:
    expected = [ndimage.gaussian_filter(image.astype(float), deviation, mode="nearest", truncate=3) for image in DISC]
    assert abs(corrupt(DISC, "blur", severity) - np.array(expected)).max() <= 0.5


def test_contrast_is_taken_from_around_each_images_own_mean() -> None:
    two = np.stack([DISC[0], 255 - DISC[0]])
    flat = corrupt(two, "contrast", 5).astype(float)
    np.testing.assert_allclose(flat.mean((1, 2)), two.mean((1, 2)), atol=0.5)
    assert np.ptp(flat, axis=(1, 2)).max() <= 0.05 * 255 + 1


@pytest.mark.parametrize(
    ("name", "severity", "seed", "message"),
    [
        ("fog", 1, 0, "unknown corruption 'fog': choose one of gaussian-noise, blur, contrast, shot-noise"),
        ("blur", 0, 0, "severity 0 of blur: choose 1 to 5"),
        ("blur", 6, 0, "severity 6 of blur"),
        ("blur", 1, -1, "seed -1 of blur: choose 0 to 4294967295"),
    ],
)
def test_what_does_not_exist_is_refused(name: str, severity: int, seed: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        corrupt(DISC, name, severity, seed)
