"""Which training images are held out of training, to choose epochs, recipes and formats without the test set."""

from __future__ import annotations

import math
from dataclasses import replace

import torch

from .data import Images
from .errors import InputError

_SEED = 0


def hold_out(images: Images, count: int | None = None) -> tuple[Images, Images]:
    """The images to train on and those held out, the same ones for the same data set and count.

    Parameters
    ----------
    images : Images
        Training images.
    count : int, optional
        How many to hold out; a twelfth by default (5,000 of MNIST's 60,000).

    Raises
    ------
    InputError
        If nothing would be left to train on.
    """
    count = math.ceil(len(images) / 12) if count is None else count
    if count >= len(images):
        raise InputError(f"cannot hold out {count} of {len(images)} images: hold out fewer, or give more images")
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(_SEED)).numpy()
    held, kept = order[:count], order[count:]
    return (
        replace(images, pixels=images.pixels[kept], labels=images.labels[kept]),
        replace(images, pixels=images.pixels[held], labels=images.labels[held]),
    )
