"""Vector files: what verification leaves can be checked again; anything else is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drivers.networks import network

from lst_model.data import Images
from lst_model.errors import InputError
from sim.compare import Divergence
from sim.replay import load_vector, save_vector

NETWORK = network(3, 4, (2, 2), classes=3)
IMAGES = Images(np.arange(24, dtype=np.uint8).reshape(2, 3, 4), np.array([2, 1]), "made up", False)
SEEN = Divergence(image=1, stage="logits", row=0, column=2, cycle=None, expected=5, got=0)


def test_the_image_comes_back(tmp_path: Path) -> None:
    save_vector(tmp_path / "v.npz", IMAGES, SEEN)
    back = load_vector(tmp_path / "v.npz", NETWORK)
    assert np.array_equal(back.pixels, IMAGES.pixels[1:])
    assert back.labels.tolist() == [1]


def test_the_file_tells_what_was_seen(tmp_path: Path) -> None:
    save_vector(tmp_path / "v.npz", IMAGES, SEEN)
    with np.load(tmp_path / "v.npz") as content:
        assert str(content["stage"]) == "logits"
        assert int(content["expected"]) == 5
        assert int(content["cycle"]) == -1


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such vector file"):
        load_vector(tmp_path / "none.npz", NETWORK)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"text"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "v.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a vector file"):
        load_vector(path, NETWORK)


def test_an_image_of_another_size_is_refused(tmp_path: Path) -> None:
    save_vector(tmp_path / "v.npz", IMAGES, SEEN)
    with pytest.raises(InputError, match="3x4"):
        load_vector(tmp_path / "v.npz", network(4, 4, (2, 2)))
