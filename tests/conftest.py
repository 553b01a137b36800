"""Fixtures shared by the whole test suite."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

SHARED = Path(__file__).parents[2] / "shared"


def _input(path: Path, what: str) -> Path:
    """The path of an input that is not part of the project; without it, skip, or fail in CI."""
    if not path.exists():
        message = f"{what} not found at {path}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """Folder with the four MNIST files."""
    return _input(Path(os.environ.get("LST_DATA_DIR", SHARED / "mnist")), "MNIST")


@pytest.fixture(scope="session")
def reference_checkpoint() -> Path:
    """The published LST-1 checkpoint, a test input only."""
    return _input(SHARED / "reference" / "LST_1_epoch_300.pth", "the published checkpoint")


# HYPOTHESIS_PROFILE=nightly draws more and larger networks.
for _name, _examples in (("default", 30), ("nightly", 300)):
    hypothesis.settings.register_profile(
        _name, max_examples=_examples, deadline=None, print_blob=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
