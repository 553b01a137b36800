"""Corrupted images, to measure what a classifier that was trained on clean ones still sees.

Four corruptions in five severities, in the manner of ImageNet-C and MNIST-C (Hendrycks 2019, Mu 2019). Noise and
contrast have the strengths of ImageNet-C, which are relative to the range of pixels; the blur's are chosen for
28x28 digits. Pixels beyond 0 and 255 are clipped, results rounded.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .errors import InputError

Pixels = npt.NDArray[np.uint8]
Values = npt.NDArray[np.float64]

SEVERITIES = range(1, 6)


def _gaussian_noise(x: Values, deviation: float, random: np.random.RandomState) -> Values:
    return x + random.standard_normal(x.shape) * deviation


def _shot_noise(x: Values, photons: float, random: np.random.RandomState) -> Values:
    return random.poisson(x * photons) / photons


def _blur(x: Values, deviation: float, random: np.random.RandomState) -> Values:
    reach = int(np.ceil(3 * deviation))
    taps = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    taps /= taps.sum()
    for axis in (1, 2):
        size = x.shape[axis]
        margins = [(reach, reach) if axis == each else (0, 0) for each in range(3)]
        wide = np.pad(x, margins, mode="edge")
        x = np.zeros_like(x)
        for first, tap in enumerate(taps):
            x += tap * wide.take(range(first, first + size), axis)
    return x


def _contrast(x: Values, share: float, random: np.random.RandomState) -> Values:
    mean = x.mean((1, 2), keepdims=True)
    flat: Values = (x - mean) * share + mean
    return flat


CORRUPTIONS: dict[str, tuple[Callable[[Values, float, np.random.RandomState], Values], tuple[float, ...]]] = {
    "gaussian-noise": (_gaussian_noise, (0.08, 0.12, 0.18, 0.26, 0.38)),
    "blur": (_blur, (0.5, 0.75, 1.0, 1.5, 2.0)),
    "contrast": (_contrast, (0.4, 0.3, 0.2, 0.1, 0.05)),
    "shot-noise": (_shot_noise, (60, 25, 12, 5, 3)),
}
"""Corruptions by name, with their strength per severity: standard deviation (black to white is 1), standard deviation
of the kernel (pixels), share of the contrast that is left, and photons of a white pixel."""


def corrupt(pixels: Pixels, name: str, severity: int, seed: int = 0) -> Pixels:
    """Corrupted copies of images.

    Parameters
    ----------
    pixels : uint8 array
        ``[n, rows, columns]``.
    name : str
        One of :data:`CORRUPTIONS`.
    severity : int
        1 to 5.
    seed : int
        Of the noise, 0 to ``2**32 - 1``. The same seed gives the same images with every version of NumPy.

    Returns
    -------
    uint8 array
        ``[n, rows, columns]``.

    Raises
    ------
    InputError
        If the name is unknown, or severity or seed out of range.
    """
    if name not in CORRUPTIONS:
        raise InputError(f"unknown corruption {name!r}: choose one of {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise InputError(f"severity {severity} of {name}: choose {SEVERITIES[0]} to {SEVERITIES[-1]}")
    if not 0 <= seed < 2**32:
        raise InputError(f"seed {seed} of {name}: choose 0 to {2**32 - 1}")
    function, strengths = CORRUPTIONS[name]
    corrupted = function(pixels / 255, strengths[severity - 1], np.random.RandomState(seed))
    return np.rint(np.clip(corrupted, 0, 1) * 255).astype(np.uint8)
