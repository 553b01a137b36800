"""Epochs from the log of ``lst-hw train``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from drivers import networks, reports

from lst_hw.report.training_log import read
from lst_model.errors import InputError

NETWORK = networks.network(4, 4, (4, 4))


def log(folder: Path, **changed: Any) -> Path:
    path = folder / "metrics.json"
    path.write_text(json.dumps({"network": NETWORK.title, "epochs": reports.EPOCHS, "seed": 1, **changed}))
    return path


def test_epochs_are_read(tmp_path: Path) -> None:
    assert read(log(tmp_path), NETWORK) == reports.EPOCHS


def test_no_log_and_a_log_without_epochs_are_none(tmp_path: Path) -> None:
    assert read(tmp_path / "metrics.json", NETWORK) is None
    assert read(log(tmp_path, epochs=[]), NETWORK) is None


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"network": "LST-9"}, "a log of LST-9"),
        ({"epochs": [{"epoch": 1}]}, "not a training log"),
        ({"epochs": 3}, "not a training log"),
        ({"epochs": [{**reports.EPOCHS[0], "loss": float("nan")}]}, "not finite"),
    ],
)
def test_other_logs_are_refused(tmp_path: Path, changed: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        read(log(tmp_path, **changed), NETWORK)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    for content in (b"{", b"[]", b"\xff\xfe"):
        path.write_bytes(content)
        with pytest.raises(InputError, match="not a training log"):
            read(path, NETWORK)
