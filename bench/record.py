"""What a study found, in a file of its own beside the study."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from lst_hw.cli.options import progress


def record(path: Path, rows: Iterable[dict[str, Any]], **about: Any) -> None:
    """Run a study to its end and write its rows, how they were made and how many seconds it took, as JSON."""
    started = time.perf_counter()
    found = []
    with progress(path.stem, 0) as bar:
        for row in rows:
            found.append(row)
            bar(len(found))
    about |= {"torch": torch.__version__, "seconds": round(time.perf_counter() - started)}
    path.write_text(json.dumps({**about, "rows": found}, indent=1) + "\n")


def recorded(folder: Path) -> dict[str, dict[str, Any]]:
    """What is recorded in a folder, by the names of the studies."""
    return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
