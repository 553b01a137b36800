"""Random affine augmentation: the identity, each limit on its own, and the seed."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from lst_model.augment import Affine
from lst_model.errors import InputError

NOTHING = Affine(rotation=0, shear=0, scale=0, shift=0)


def blobs(count: int, rows: int = 41, columns: int = 41) -> torch.Tensor:
    """Images with a horizontal bar through the centre, 9 pixels high."""
    images = torch.zeros(count, rows, columns)
    images[:, rows // 2 - 4 : rows // 2 + 5, 5 : columns - 5] = 255
    return images


def centre(images: torch.Tensor) -> torch.Tensor:
    """Centre of mass ``[n, 2]`` (row, column)."""
    mass = images.sum((1, 2))
    rows = (images.sum(2) * torch.arange(images.shape[1])).sum(1) / mass
    columns = (images.sum(1) * torch.arange(images.shape[2])).sum(1) / mass
    return torch.stack([rows, columns], dim=1)


def tilt(images: torch.Tensor) -> torch.Tensor:
    """Angle of the principal axis against the horizontal, in radians."""
    middle = centre(images)
    y = torch.arange(images.shape[1])[None, :, None] - middle[:, 0, None, None]
    x = torch.arange(images.shape[2])[None, None, :] - middle[:, 1, None, None]
    xy, xx, yy = ((images * a * b).sum((1, 2)) for a, b in ((x, y), (x, x), (y, y)))
    return torch.atan2(2 * xy, xx - yy) / 2


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_defaults_are_those_of_the_documented_recipe() -> None:
    assert vars(Affine()) == {"rotation": 0.16, "shear": 0.16, "scale": 0.08, "shift": 0.08, "bend": 0}


def test_zero_limits_change_nothing() -> None:
    images = torch.rand(3, 7, 9)
    assert NOTHING.is_identity
    assert torch.equal(NOTHING(images), images)


def test_shape_and_range_are_kept() -> None:
    images = torch.rand(4, 28, 20) * 255
    warped = Affine()(images, seeded(0))
    assert warped.shape == images.shape
    assert 0 <= float(warped.min()) <= float(warped.max()) <= 255


def test_same_seed_same_images() -> None:
    images = torch.rand(4, 28, 28)
    assert torch.equal(Affine()(images, seeded(7)), Affine()(images, seeded(7)))
    assert not torch.equal(Affine()(images, seeded(7)), Affine()(images, seeded(8)))


def test_every_image_gets_its_own_map() -> None:
    warped = Affine()(blobs(2), seeded(0))
    assert not torch.equal(warped[0], warped[1])


def test_background_enters_from_outside() -> None:
    warped = Affine(shift=0.5)(torch.ones(50, 10, 10), seeded(0))
    assert float(warped.min()) == 0


def test_shift_moves_up_to_its_share_of_the_size_along_both_axes() -> None:
    images = torch.zeros(400, 41, 81)
    images[:, 20, 40] = 1
    moved = centre(Affine(rotation=0, shear=0, scale=0, shift=0.1)(images, seeded(0))) - torch.tensor([20, 40])
    largest = moved.abs().amax(0)
    assert 0.9 * 4.1 < largest[0] <= 4.2
    assert 0.9 * 8.1 < largest[1] <= 8.2


@pytest.mark.parametrize("columns", [41, 81], ids=["square", "wide"])
def test_rotation_turns_up_to_its_angle_also_on_images_that_are_not_square(columns: int) -> None:
    angles = tilt(Affine(rotation=0.16, shear=0, scale=0, shift=0)(blobs(400, 41, columns), seeded(0)))
    assert 0.9 * 0.16 < float(angles.abs().max()) < 1.1 * 0.16
    assert float(angles.min()) < -0.1 < 0.1 < float(angles.max())


def test_shear_moves_rows_sideways_and_keeps_their_height() -> None:
    bars = blobs(200).transpose(1, 2)
    leaning = math.pi / 2 - tilt(Affine(rotation=0, shear=0.16, scale=0, shift=0)(bars, seeded(0))).abs()
    assert 0.9 * 0.16 < float(leaning.tan().max()) < 1.1 * 0.16


def test_scale_changes_width_and_height_separately() -> None:
    images = torch.zeros(400, 41, 41)
    images[:, 10:31, 10:31] = 1
    warped = Affine(rotation=0, shear=0, scale=0.2, shift=0)(images, seeded(0))
    heights, widths = warped[:, :, 20].sum(1) / 21, warped[:, 20].sum(1) / 21
    for size in (heights, widths):
        assert 0.8 < float(size.min()) < 0.9
        assert 1.15 < float(size.max()) < 1.26
    assert float((heights - widths).abs().max()) > 0.2


def test_bend_moves_parts_of_an_image_differently_and_smoothly() -> None:
    ramps = torch.arange(41.0).repeat(100, 41, 1)
    # Sampled values are positions. The inner part is away from the zeros that enter from outside.
    moved = (replace(NOTHING, bend=0.1)(ramps, seeded(0)) - ramps)[:, 8:-8, 8:-8]
    assert 0.8 * 4.1 < float(moved.abs().max()) < 1.3 * 4.1
    assert float((moved.amax((1, 2)) - moved.amin((1, 2))).min()) > 1
    assert float(moved.diff(dim=1).abs().max()) < 1.5


def test_bend_leaves_the_affine_draws_as_they_are() -> None:
    images = torch.rand(4, 28, 28)
    plain, bent = (replace(Affine(), bend=bend)(images, seeded(3)) for bend in (0, 1e-6))
    assert torch.allclose(plain, bent, atol=1e-3)


def test_scaled_multiplies_every_limit() -> None:
    assert Affine().scaled(0).is_identity
    assert Affine().scaled(2) == Affine(rotation=0.32, shear=0.32, scale=0.16, shift=0.16)


@pytest.mark.parametrize("limit", ["rotation", "shear", "scale", "shift", "bend"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_impossible_limits_are_refused(limit: str, value: float) -> None:
    with pytest.raises(InputError, match=f"augmentation {limit} is .*: choose a finite number, 0 or more"):
        Affine(**{limit: value})


def test_scale_must_leave_something_of_the_image() -> None:
    with pytest.raises(InputError, match=r"augmentation scale is 1\.0: choose a fraction below 1"):
        Affine(scale=1.0)
