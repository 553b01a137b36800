"""Data sets in MNIST's IDX files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lst_model import data


def encode(array: npt.NDArray[np.uint8]) -> bytes:
    """An array as an IDX file."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write(folder: Path, split: data.Split, *arrays: npt.NDArray[np.uint8], compressed: bool = False) -> None:
    """The image and the label file of a split."""
    for stem, array in zip(data.STEMS[split], arrays, strict=True):
        if compressed:
            (folder / f"{stem}.gz").write_bytes(gzip.compress(encode(array)))
        else:
            (folder / stem).write_bytes(encode(array))
