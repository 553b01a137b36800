"""Programs that tests run."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
"""Where programs are looked for: those of Python packages lie beside the interpreter, which need not be on the path."""


def require_tool(name: str) -> str:
    """Path of a program; without it the test skips, or fails in CI."""
    path = shutil.which(name, path=PATH)
    if path is None:
        message = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
