"""Training batches: order, warped versions that are reused, and teachers that answer once."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from lst_model.augment import Affine
from lst_model.batches import Batch, Batches
from lst_model.errors import InputError
from lst_model.module import LST, normalise
from lst_model.network import lst
from lst_model.options import TrainingOptions

NETWORK = lst(rows=8, embeddings=(4,), classes=3)
PIXELS = torch.randint(0, 256, (50, 8, 8), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
LABELS = torch.arange(50)
FRESH = TrainingOptions(batch=16, seed=5)
REUSED = replace(FRESH, versions=2)
PLAIN = Affine().scaled(0)


class Teacher(LST):
    """Counts the images it is asked about."""

    asked = 0

    def forward(self, x: Tensor) -> Tensor:
        self.asked += len(x)
        return super().forward(x)


def epochs(batches: Batches, *numbers: int) -> list[list[Batch]]:
    generator = torch.Generator().manual_seed(1)
    return [list(batches.epoch(number, generator)) for number in numbers]


def in_order(epoch: list[Batch]) -> Tensor:
    """The images of an epoch in the order of their labels."""
    images, labels = (torch.cat(parts) for parts in list(zip(*epoch, strict=True))[:2])
    return images[labels.argsort()]


@pytest.mark.parametrize("options", [FRESH, REUSED], ids=["fresh", "reused"])
def test_every_image_comes_once_per_epoch_in_another_order(options: TrainingOptions) -> None:
    first, second = epochs(Batches(PIXELS, LABELS, options, []), 0, 1)
    assert [len(batch.labels) for batch in first] == [16, 16, 16, 2]
    orders = [torch.cat([batch.labels for batch in epoch]) for epoch in (first, second)]
    assert all(torch.equal(order.sort().values, LABELS) for order in orders)
    assert not torch.equal(*orders)


@pytest.mark.parametrize("options", [FRESH, REUSED], ids=["fresh", "reused"])
def test_without_augmentation_images_are_the_normalised_pixels(options: TrainingOptions) -> None:
    (epoch,) = epochs(Batches(PIXELS, LABELS, replace(options, augmentation=PLAIN), []), 0)
    assert torch.equal(in_order(epoch), normalise(PIXELS))


def test_versions_differ_and_are_taken_in_turn() -> None:
    one, two, again = (in_order(epoch) for epoch in epochs(Batches(PIXELS, LABELS, REUSED, []), 0, 1, 2))
    assert not torch.equal(one, two)
    assert torch.equal(one, again)


def test_a_version_does_not_depend_on_where_training_starts() -> None:
    whole = epochs(Batches(PIXELS, LABELS, REUSED, []), 0, 1)[1]
    resumed = epochs(Batches(PIXELS, LABELS, REUSED, []), 1)[0]
    assert torch.equal(in_order(whole), in_order(resumed))


def test_seeds_have_versions_of_their_own() -> None:
    ours, theirs = (
        in_order(epochs(Batches(PIXELS, LABELS, replace(REUSED, seed=seed), []), 0)[0]) for seed in (0, 2**63 - 1)
    )
    assert not torch.equal(ours, theirs)


def test_reused_images_are_8_bit() -> None:
    (epoch,) = epochs(Batches(PIXELS, LABELS, REUSED, []), 0)
    pixels = in_order(epoch) * 127.5 + 127.5
    assert torch.allclose(pixels, pixels.round(), atol=1e-3)


@pytest.mark.parametrize("options", [FRESH, REUSED], ids=["fresh", "reused"])
def test_probabilities_are_the_mean_of_the_softened_ones_of_these_images(options: TrainingOptions) -> None:
    teachers = [LST(NETWORK), LST(NETWORK)]
    for batch in epochs(Batches(PIXELS, LABELS, replace(options, temperature=3.0), teachers), 0)[0]:
        expected = sum((teacher(batch.images) / 3).softmax(1) for teacher in teachers) / 2
        assert batch.taught is not None
        assert torch.allclose(batch.taught, expected, atol=1e-6)
        assert not batch.taught.requires_grad


def test_a_teacher_answers_once_per_version() -> None:
    teacher = Teacher(NETWORK)
    epochs(Batches(PIXELS, LABELS, REUSED, [teacher]), 0, 1, 2, 3, 4)
    assert teacher.asked == 2 * 50


def test_without_teachers_there_are_no_probabilities() -> None:
    assert epochs(Batches(PIXELS, LABELS, REUSED, []), 0)[0][0].taught is None


def test_fixed_images_are_all_versions_in_order_at_every_call() -> None:
    teacher = Teacher(NETWORK)
    batches = Batches(PIXELS, LABELS, REUSED, [teacher])
    versions = [in_order(epoch) for epoch in epochs(batches, 0, 1)]
    for _ in range(2):
        fixed = list(batches.fixed())
        assert torch.equal(torch.cat([batch.labels for batch in fixed]), torch.cat([LABELS, LABELS]))
        assert torch.equal(torch.cat([batch.images for batch in fixed]), torch.cat(versions))
        for batch in fixed:
            assert batch.taught is not None
            assert torch.allclose(batch.taught, (teacher(batch.images) / 2).softmax(1), atol=1e-6)


def test_fixed_images_without_versions_are_the_images_as_they_are() -> None:
    fixed = list(Batches(PIXELS, LABELS, FRESH, []).fixed())
    assert torch.equal(torch.cat([batch.images for batch in fixed]), normalise(PIXELS))
    assert torch.equal(torch.cat([batch.labels for batch in fixed]), LABELS)


def test_no_version_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="training option versions is 0: choose 1 or more"):
        TrainingOptions(versions=0)
