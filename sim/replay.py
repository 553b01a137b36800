"""Vector files: one image that showed a difference, to be checked again."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from lst_hw.files import write_bytes
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.network import Network

from .compare import Divergence


def save_vector(path: Path, images: Images, divergence: Divergence) -> None:
    """Write the image of a divergence and what was seen.

    The file holds ``pixels`` uint8 [1, rows, columns], ``labels`` int64 [1] and the divergence's fields.
    """
    index = divergence.image
    buffer = io.BytesIO()
    content = {name: np.array(-1 if value is None else value) for name, value in divergence.as_dict().items()}
    content |= {"pixels": images.pixels[index : index + 1], "labels": images.labels[index : index + 1]}
    np.savez(buffer, allow_pickle=False, **content)
    write_bytes(path, buffer.getvalue())


def load_vector(path: Path, network: Network) -> Images:
    """The image of a vector file.

    Raises
    ------
    InputError
        If the file is missing, is no vector file, or does not fit the network.
    """
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as content:
            pixels, labels = content["pixels"], content["labels"]
    except FileNotFoundError:
        raise InputError(f"{path}: no such vector file; `lst-hw verify` writes one on a difference") from None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        raise InputError(f"{path}: not a vector file; give one that `lst-hw verify` wrote") from None
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or labels.shape != pixels.shape[:1]:
        raise InputError(f"{path}: holds no images; give a file that `lst-hw verify` wrote")
    images = Images(pixels, labels.astype(np.int64), str(path), False)
    images.check_fits(network)
    return images
