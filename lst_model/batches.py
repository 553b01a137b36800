"""Training batches: warped images, their labels, and what teachers say about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .module import LST, normalise
from .options import TrainingOptions

_TEACHING_BATCH = 500
_FIXED_BATCH = 1000


class Batch(NamedTuple):
    """Normalised images ``[n, rows, columns]``, labels ``[n]`` and, with teachers, probabilities ``[n, classes]``.

    The probabilities are those of all teachers, softened by the temperature and averaged.
    """

    images: Tensor
    labels: Tensor
    taught: Tensor | None


class Batches:
    """The batches of every epoch.

    Without :attr:`TrainingOptions.versions` every image is warped anew in each epoch. With it, that many
    warped versions of all images are drawn, in 8 bits, each when an epoch first needs it; the epochs
    take them in turn, each in an order of its own. Warping and teachers then cost as much as in
    ``versions`` epochs, however long the training.

    Parameters
    ----------
    pixels, labels : Tensor
        uint8 ``[n, rows, columns]`` and int64 ``[n]``.
    options : TrainingOptions
    teachers : sequence of LST
    """

    def __init__(self, pixels: Tensor, labels: Tensor, options: TrainingOptions, teachers: Sequence[LST]) -> None:
        self._pixels = pixels
        self._labels = labels
        self._options = options
        self._teachers = teachers
        self._versions: dict[int | None, tuple[Tensor, Tensor | None]] = {}

    def epoch(self, number: int, generator: torch.Generator) -> Iterator[Batch]:
        """The batches of an epoch, counted from 0; the generator gives order and, without versions, warps."""
        order = torch.randperm(len(self._labels), generator=generator)
        versions = self._options.versions
        if versions is not None:
            pixels, taught = self._version(number % versions)
        for chosen in torch.split(order, self._options.batch):
            labels = self._labels[chosen]
            if versions is None:
                images = normalise(self._options.augmentation(self._pixels[chosen].float(), generator))
                yield Batch(images, labels, self._teach(images))
            else:
                yield Batch(normalise(pixels[chosen]), labels, None if taught is None else taught[chosen])

    def fixed(self) -> Iterator[Batch]:
        """All reused versions, or without them the images as they are: the same batches at every call."""
        versions = self._options.versions
        for number in (None,) if versions is None else range(versions):
            pixels, taught = self._version(number)
            for start in range(0, len(pixels), _FIXED_BATCH):
                part = slice(start, start + _FIXED_BATCH)
                yield Batch(normalise(pixels[part]), self._labels[part], None if taught is None else taught[part])

    def _version(self, number: int | None) -> tuple[Tensor, Tensor | None]:
        """All images warped, or for None as they are, and the teachers' probabilities of them.

        A function of seed and number alone.
        """
        if number not in self._versions:
            pixels = self._pixels if number is None else self._warped(number)
            answers = [self._teach(normalise(part)) for part in torch.split(pixels, _TEACHING_BATCH)]
            taught = [answer for answer in answers if answer is not None]
            self._versions[number] = pixels, torch.cat(taught) if taught else None
        return self._versions[number]

    def _warped(self, number: int) -> Tensor:
        # Derived, so that a resumed run needs no state of it and seeds 1 and 2 share no version.
        seed = np.random.SeedSequence((self._options.seed, number)).generate_state(1, np.uint64)[0]
        generator = torch.Generator().manual_seed(int(seed >> np.uint64(1)))
        parts = torch.split(self._pixels, _TEACHING_BATCH)
        warped = [self._options.augmentation(part.float(), generator).round().to(torch.uint8) for part in parts]
        return torch.cat(warped)

    @torch.no_grad()
    def _teach(self, images: Tensor) -> Tensor | None:
        if not self._teachers:
            return None
        temperature = self._options.temperature
        return torch.stack([(teacher(images) / temperature).softmax(1) for teacher in self._teachers]).mean(0)
