"""The folder of a sweep: finished points and trained weights, each in a file named after what determines it.

``sweep.json`` holds grid and measures, ``points/KEY.json`` results, ``trained/KEY.pt`` checkpoints.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lst_model.errors import InputError

from ..files import write_bytes, write_text
from .grid import Grid
from .point import Measures

SWEEP = "sweep.json"


class Store:
    """Opens or makes the folder.

    Parameters
    ----------
    folder : Path
    grid : Grid
    measures : Measures
    extend : bool
        Accept a folder that holds a sweep of another grid, or measured otherwise, and add to it.

    Raises
    ------
    InputError
        If the folder holds another sweep and is not to be extended, or cannot be written.
    """

    def __init__(self, folder: Path, grid: Grid, measures: Measures, *, extend: bool = False) -> None:
        self.folder = folder
        wanted = {"grid": grid.as_dict(), "measures": measures.as_dict()}
        before = self._sweep()
        if before not in (None, wanted) and not extend:
            raise InputError(
                f"{folder}: holds a sweep with another configuration, {_difference(before, wanted)}; "
                "add --extend to keep its points and go on, or choose another folder"
            )
        try:
            for part in ("points", "trained"):
                (folder / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{folder}: cannot be made ({error.strerror}); choose another with -o") from None
        write_text(folder / SWEEP, json.dumps(wanted, indent=2) + "\n")

    def is_finished(self, key: str) -> bool:
        """Whether a point's result is there."""
        return self._point(key).is_file()

    def finish(self, key: str, result: dict[str, Any]) -> None:
        """Keep a point's result."""
        write_text(self._point(key), json.dumps(result, indent=2) + "\n")

    def results(self) -> list[dict[str, Any]]:
        """All results in the folder, by key."""
        found = []
        for path in sorted((self.folder / "points").glob("*.json")):
            try:
                found.append({**json.loads(path.read_text()), "key": path.stem})
            except (ValueError, TypeError):
                raise InputError(f"{path}: damaged; delete it, and the same command computes it again") from None
        return found

    def weights(self, key: str) -> bytes | None:
        """A trained checkpoint, if it is there."""
        path = self._trained(key)
        return path.read_bytes() if path.is_file() else None

    def keep_weights(self, key: str, content: bytes) -> None:
        """Keep a trained checkpoint."""
        write_bytes(self._trained(key), content)

    def _point(self, key: str) -> Path:
        return self.folder / "points" / f"{key}.json"

    def _trained(self, key: str) -> Path:
        return self.folder / "trained" / f"{key}.pt"

    def _sweep(self) -> Any:
        path = self.folder / SWEEP
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text())
        except (OSError, ValueError):
            raise InputError(f"{path}: damaged; choose another folder, or delete it to go on in this one") from None


def _difference(before: Any, wanted: dict[str, dict[str, Any]]) -> str:
    """The first value that changed."""
    for part, values in wanted.items():
        old = before.get(part, {}) if isinstance(before, dict) else {}
        for name in [*values, *(name for name in old if name not in values)]:
            if old.get(name) != values.get(name):
                was, now = (json.dumps(which.get(name)) for which in (old, values))
                return f"{name} was {was} and is now {now}"
    return "unlike this one"
