"""Random affine and elastic augmentation of image batches, drawn from an explicit random generator."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .errors import InputError

_CONTROL_POINTS = 5
"""Points per axis that the elastic map moves, the outer ones on the image's edges."""


@dataclass(frozen=True)
class Affine:
    """Limits of a random affine map, bent if wanted; every image draws its own map, uniformly within them.

    Attributes
    ----------
    rotation : float
        Largest angle, either way, in radians.
    shear : float
        Largest horizontal shift per unit of height, either way.
    scale : float
        Largest relative change of width and of height, drawn separately; below 1.
    shift : float
        Largest shift, either way and per axis, as a fraction of the image size.
    bend : float
        Largest shift, either way and per axis, of each of 5x5 control points, as a fraction of the image
        size; the points between follow smoothly (elastic distortion, Simard 2003).

    Raises
    ------
    InputError
        If a limit is negative or not finite, or ``scale`` is 1 or more.
    """

    rotation: float = 0.16
    shear: float = 0.16
    scale: float = 0.08
    shift: float = 0.08
    bend: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"augmentation {name} is {value}: choose a finite number, 0 or more")
        if self.scale >= 1:
            raise InputError(f"augmentation scale is {self.scale}: choose a fraction below 1")

    def scaled(self, factor: float) -> Affine:
        """The same limits times a factor, 0 for no augmentation."""
        return Affine(**{name: value * factor for name, value in vars(self).items()})

    @property
    def is_identity(self) -> bool:
        """Whether every limit is zero, so that no image changes."""
        return not any(vars(self).values())

    def __call__(self, images: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Warped copies of a batch.

        Parameters
        ----------
        images : Tensor
            float ``[n, rows, columns]`` with a background of 0 (raw pixels, not yet normalised); what
            enters from outside the image is 0.
        generator : torch.Generator, optional
            Source of all randomness; torch's global one by default.

        Returns
        -------
        Tensor
            float ``[n, rows, columns]``, sampled bilinearly.
        """
        if self.is_identity:
            return images
        count, rows, columns = images.shape
        maps = self._maps(count, rows / columns, generator)
        grid = functional.affine_grid(maps, [count, 1, rows, columns], align_corners=False)
        if self.bend:
            grid = grid + self._displacement(count, rows, columns, generator)
        return functional.grid_sample(images[:, None], grid, align_corners=False)[:, 0]

    def _maps(self, count: int, aspect: float, generator: torch.Generator | None) -> Tensor:
        """Matrices ``[n, 2, 3]`` from output to input positions, in units of half the image size."""
        draw = torch.rand(6, count, generator=generator) * 2 - 1
        angle = draw[0] * self.rotation
        shear = draw[1] * self.shear
        across, down = 1 + self.scale * draw[2:4]
        # Torch's unit is half the image, so shifts by a fraction of the size count double.
        shifts = 2 * self.shift * draw[4:6]
        cosine, sine = angle.cos(), angle.sin()
        # Rotations and shears mix the axes: on images that are not square the units differ by the aspect.
        first = torch.stack([cosine * across, (shear * cosine - sine) * down * aspect, shifts[0]], dim=1)
        second = torch.stack([sine * across / aspect, (shear * sine + cosine) * down, shifts[1]], dim=1)
        return torch.stack([first, second], dim=1)

    def _displacement(self, count: int, rows: int, columns: int, generator: torch.Generator | None) -> Tensor:
        """Smooth displacements ``[n, rows, columns, 2]``, in units of half the image size."""
        size = (count, 2, _CONTROL_POINTS, _CONTROL_POINTS)
        points = (torch.rand(size, generator=generator) * 2 - 1) * (2 * self.bend)
        return functional.interpolate(points, (rows, columns), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
