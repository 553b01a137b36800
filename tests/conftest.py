"""Fixtures shared by the whole test suite."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from lst_hw.cli import main

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


@dataclass(frozen=True)
class Outcome:
    """What a command line did: exit code, standard output and standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Run ``lst-hw`` with the given words, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Outcome:
        with pytest.raises(SystemExit) as raised:
            main([str(word) for word in words])
        shown = capsys.readouterr()
        assert isinstance(raised.value.code, int)
        return Outcome(raised.value.code, shown.out, shown.err)

    return call


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes minutes, unless CI or somebody who sets CI asks for it."""
    if os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: set CI=1"))


# HYPOTHESIS_PROFILE=nightly draws more and larger networks.
for _name, _examples in (("default", 30), ("nightly", 300)):
    hypothesis.settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,
        print_blob=True,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
