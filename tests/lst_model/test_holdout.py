"""Which images are held out: a fixed part of the data set, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.holdout import hold_out


def numbered(count: int) -> Images:
    """Images whose single pixel and label are their number."""
    labels = np.arange(count, dtype=np.int64)
    return Images(labels.astype(np.uint8).reshape(count, 1, 1), labels, "numbered", is_test=False)


def test_a_twelfth_is_held_out_or_the_given_number() -> None:
    assert [len(part) for part in hold_out(numbered(60))] == [55, 5]
    assert [len(part) for part in hold_out(numbered(60), 7)] == [53, 7]


def test_both_parts_together_are_all_images_with_their_labels() -> None:
    kept, held = hold_out(numbered(60))
    assert sorted([*kept.labels, *held.labels]) == list(range(60))
    for part in (kept, held):
        assert np.array_equal(part.pixels[:, 0, 0], part.labels)
    assert not np.array_equal(held.labels, np.arange(5))


def test_it_is_the_same_part_every_time() -> None:
    assert np.array_equal(hold_out(numbered(60))[1].labels, hold_out(numbered(60))[1].labels)


def test_something_must_be_left() -> None:
    with pytest.raises(InputError, match="cannot hold out 60 of 60 images: hold out fewer"):
        hold_out(numbered(60), 60)
