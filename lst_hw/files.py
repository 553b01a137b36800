"""Writing files so that a failure leaves nothing half-written."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from lst_model.errors import InputError


def write_text(path: Path, text: str) -> None:
    """Replace a file by the text, at once; ``-`` is standard output.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file by the bytes, at once; ``-`` is standard output.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if str(path) == "-":
        click.echo(content, nl=False)
        return
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.chmod(temporary, 0o644)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from None


def check_writable(*paths: Path | None) -> None:
    """Refuse, before any work is done, files that are folders, or whose folder is missing or not writable.

    Raises
    ------
    InputError
        Naming the first such file.
    """
    for path in paths:
        if path is None or str(path) == "-":
            continue
        if path.is_dir():
            raise InputError(f"{path}: is a folder; give the name of a file")
        if not path.parent.is_dir():
            raise InputError(f"{path}: its folder does not exist; make it, or choose another place")
        if not os.access(path.parent, os.W_OK):
            raise InputError(f"{path}: its folder is not writable; choose another place")


def check_folder(folder: Path) -> None:
    """Refuse, before any work is done, an output folder that cannot be made or written.

    Raises
    ------
    InputError
        Naming it.
    """
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"{folder}: cannot be a folder, {nearest} is a file; choose another place")
    if not os.access(nearest, os.W_OK):
        raise InputError(f"{folder}: {nearest} is not writable; choose another place")


@contextmanager
def output_folder(folder: Path) -> Iterator[Path]:
    """A scratch folder whose files move to ``folder`` when the block ends without an error.

    Files of the same name are replaced, others are kept. After an error ``folder`` is as it was before.

    Raises
    ------
    InputError
        If the folder cannot be made or written.
    """
    created = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=folder, prefix=".partial-"))
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        yield scratch
        for source in sorted(scratch.rglob("*")):
            target = folder / source.relative_to(scratch)
            if source.is_dir():
                target.mkdir(exist_ok=True)
            else:
                os.replace(source, target)
    except BaseException as error:
        shutil.rmtree(scratch, ignore_errors=True)
        for made in created:
            made.rmdir()
        if isinstance(error, OSError):
            raise _unwritable(folder, error) from None
        raise
    shutil.rmtree(scratch)


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be written ({error.strerror or error}); choose another place")
