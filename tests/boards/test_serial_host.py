"""The host's end of the serial line, against the simulated hardware at the other end."""

from __future__ import annotations

import builtins
import os
import sys
from typing import Any

import numpy as np
import pytest
import torch
from drivers.bench import simulate
from drivers.fake_board import FakeBoard
from drivers.networks import images, network, quantized
from drivers.serial_line import receive_byte, send_byte

from boards import serial_host
from boards.serial_classifier import SerialClassifier
from boards.serial_host import SerialBoard
from lst_hw.design import Design
from lst_hw.result import result_beats
from lst_model.errors import InputError
from lst_model.integer import IntegerLST

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")

DIVISOR = 8
BAUD = 115_200
CASE = quantized(network(3, 4, (5, 2), classes=4), seed=1)
DESIGN = Design.of(CASE)
PIXELS = images(CASE.network, 3)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little where nothing is to come, much where a simulation answers."""
    monkeypatch.setattr(serial_host, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(serial_host, "ANSWER_SECONDS", 30.0)


def rtl_answer(sent: bytes) -> bytes:
    """What the hardware says to these bytes."""
    dut = SerialClassifier(design=DESIGN, divisor=DIVISOR, patience=1000)
    received: list[int] = []

    async def line(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        for byte in sent:
            await send_byte(ctx, dut.rx, byte, DIVISOR)
        for _ in range(4):
            received.append(await receive_byte(ctx, dut.tx, DIVISOR))

    simulate(dut, line)
    return bytes(received)


def test_the_host_and_the_hardware_understand_each_other() -> None:
    with FakeBoard(PIXELS[0].size, rtl_answer) as fake, SerialBoard(fake.port, BAUD) as board:
        answers = [board.classify(image) for image in PIXELS]
    results = IntegerLST(CASE)(torch.from_numpy(PIXELS))
    assert answers == result_beats(DESIGN, results["logits"].numpy(), results["class"].numpy()).tolist()


@pytest.mark.parametrize("reply", [b"", b"\x03\x00"])
def test_a_board_that_does_not_answer_in_full_is_an_error_with_its_port(
    reply: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_host, "ANSWER_SECONDS", 0.2)
    with FakeBoard(PIXELS[0].size, lambda _: reply) as fake, SerialBoard(fake.port, BAUD) as board:
        with pytest.raises(InputError) as raised:
            board.classify(PIXELS[0])
        assert f"{fake.port}: {len(reply)} of 4 bytes of an answer within 0.2 s" in str(raised.value)
        assert "images of 3x4 pixels and 115200 baud" in str(raised.value)


def test_a_port_that_is_not_there_is_an_error_that_lists_those_that_are() -> None:
    with pytest.raises(InputError, match=r"/dev/none: cannot be opened .*No such file.*; ports here: "):
        SerialBoard("/dev/none", BAUD)


def test_without_pyserial_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def no_serial(name: str, *rest: Any, **options: Any) -> Any:
        if name.split(".")[0] == "serial":
            raise ModuleNotFoundError(name)
        return real_import(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", no_serial)
    with pytest.raises(InputError, match=r"pip install lst-hw\[serial\]"):
        SerialBoard("/dev/none", BAUD)


def test_what_an_earlier_run_left_on_the_line_is_thrown_away() -> None:
    with FakeBoard(PIXELS[0].size, lambda _: b"\x01\x02\x03\x04") as fake:
        os.write(fake._ours, b"old")
        with SerialBoard(fake.port, BAUD) as board:
            assert board.classify(np.zeros((3, 4), np.uint8)) == 0x04030201
