"""The user's cache folder."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from lst_model.errors import InputError


def cache_folder(kind: str) -> Path:
    """A folder for compiled simulators, created when it is missing."""
    folder = platformdirs.user_cache_path("lst-hw") / kind
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: cannot be created ({error.strerror}); set XDG_CACHE_HOME to a writable folder"
        ) from None
    return folder
