"""Download of the MNIST files into the user's cache, checked against known hashes."""

from __future__ import annotations

import hashlib
import logging
import sys
from pathlib import Path

import platformdirs
import pooch
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

HASHES = {
    "train-images-idx3-ubyte.gz": "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64",
    "train-labels-idx1-ubyte.gz": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "t10k-images-idx3-ubyte.gz": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "t10k-labels-idx1-ubyte.gz": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
}
"""SHA-256 of the four files as the mirrors serve them."""

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)

_TIMEOUT = 4
"""Seconds to wait for a mirror's answer: without a network the user should not notice the attempt."""


class UnavailableError(Exception):
    """No mirror gave the file; the message is the last mirror's reason in a few words."""


def cache_folder() -> Path:
    """Where the files are kept."""
    return platformdirs.user_cache_path("lst-hw") / "mnist"


def fetch(name: str) -> Path:
    """The path of a file of :data:`HASHES` in the cache, downloaded when it is missing or damaged there.

    Raises
    ------
    UnavailableError
        If it is not in the cache and no mirror can be reached or the cache cannot be written.
    """
    # Pooch announces each download on its own logger; the progress bar says the same.
    pooch.get_logger().setLevel(logging.WARNING)
    reason = ""
    for mirror in MIRRORS:
        host = mirror.split("/")[2]
        bar = _Bar(name) if sys.stderr.isatty() else None
        downloader = pooch.HTTPDownloader(progressbar=bar or False, timeout=_TIMEOUT)
        try:
            found = pooch.retrieve(mirror + name, HASHES[name], name, cache_folder(), downloader=downloader)
        except OSError as error:
            # The network library's exceptions are among these; they have no file name and no strerror.
            reason = f"{error.filename or host}: {error.strerror or type(error).__name__}"
        except ValueError:
            reason = f"{host}: wrong checksum"
        else:
            return Path(found)
        finally:
            if bar is not None:
                bar.close()
    raise UnavailableError(reason)


def is_mnist(path: Path) -> bool:
    """Whether this is one of the four files, byte for byte, wherever it lies."""
    return path.name in HASHES and hashlib.sha256(path.read_bytes()).hexdigest() == HASHES[path.name]


class _Bar:
    """A rich progress bar with the four members that pooch expects of one."""

    def __init__(self, name: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task(name, total=None)
        self.total = 0

    def update(self, count: int) -> None:
        """Pooch read so many bytes more; a file found in the cache never comes here and shows no bar."""
        self._progress.start()
        self._progress.update(self._task, total=self.total, advance=count)

    def reset(self) -> None:
        """Pooch calls this before its last update, which brings the bar to its total."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Pooch is done."""
        self._progress.stop()
