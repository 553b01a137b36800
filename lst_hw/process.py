"""Programs that other people wrote."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


def run_program(
    words: Sequence[str | Path], folder: str | Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, whatever its exit code, and keep what it prints.

    Parameters
    ----------
    words : sequence of str or path
    folder : path, optional
        Where it runs; here by default.
    environment : mapping, optional
        Variables besides those of this process.
    """
    # Yosys and Verilator may print bytes that are no text.
    return subprocess.run(
        words,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
