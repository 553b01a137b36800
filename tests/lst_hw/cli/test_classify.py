"""``lst-hw classify``, with a board that knows the integer model."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drivers.fake_board import FakeBoard

from boards import serial_host
from lst_hw.design import Design
from lst_hw.result import result_beats
from lst_model import checkpoint
from lst_model.activations import DEFAULT
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.quantize import quantize

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")

Cli = Callable[..., Any]
SIZE = 28 * 28
DROPPED = 1 << 31


def board(name: str) -> FakeBoard:
    """A board with the checkpoint of that name, whose first answer tells of lost bytes."""
    quantized = quantize(checkpoint.load(checkpoint.resolve(name)), Formats.parse("Q5.7"), DEFAULT)
    model, design = IntegerLST(quantized), Design.of(quantized)
    flags = [DROPPED]

    def answer(sent: bytes) -> bytes:
        results = model(torch.from_numpy(np.frombuffer(sent, np.uint8).reshape(1, 28, 28).copy()))
        beat = int(result_beats(design, results["logits"].numpy(), results["class"].numpy())[0])
        return (beat | (flags.pop() if flags else 0)).to_bytes(4, "little")

    return FakeBoard(SIZE, answer)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little where nothing is to come, much where the integer model answers."""
    monkeypatch.setattr(serial_host, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(serial_host, "ANSWER_SECONDS", 30.0)


def test_a_board_with_the_same_weights_agrees(cli: Cli, mnist_dir: Path) -> None:
    with board("lst-1-28") as fake:
        done = cli("classify", "--port", fake.port, "--images", 5, "--data-dir", mnist_dir)
    assert done.code == 0
    assert done.out.splitlines()[1].split()[:3] == ["0", "7", "7"]
    assert "5 of 5 right (100.00%), MNIST test set" in done.out
    assert done.err == ""


def test_a_board_with_other_weights_is_found_out(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    with board("lst-1-8") as fake:
        done = cli("classify", "--port", fake.port, "--images", 3, "--data-dir", mnist_dir, "--json", "out.json")
    assert done.code == 1
    assert "3 of 3 answers are not the integer model's: was the bitstream built from lst-1-28" in done.err
    report = json.loads((tmp_path / "out.json").read_text())
    assert (report["images"], report["different"]) == (3, 3)


def test_a_silent_board_and_a_missing_port_are_one_line_each(
    cli: Cli, mnist_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_host, "ANSWER_SECONDS", 0.2)
    for port, complaint in (("/dev/none", "/dev/none: cannot be opened"), (None, "0 of 4 bytes of an answer")):
        with FakeBoard(SIZE, lambda _: b"") as fake:
            done = cli("classify", "--port", port or fake.port, "--images", 1, "--data-dir", mnist_dir)
        assert done.code == 2
        assert done.err.count("\n") == 1
        assert complaint in done.err
