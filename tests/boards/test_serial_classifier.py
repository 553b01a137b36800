# amaranth: UnusedElaboratable=no
"""The serial top, from wire to wire."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drivers.bench import assert_repeatable, simulate
from drivers.networks import images, network, quantized
from drivers.serial_line import receive_byte, send_byte

from boards.serial_classifier import PixelFramer, SerialClassifier
from lst_hw.design import Design
from lst_hw.result import result_beats
from lst_model.integer import IntegerLST

DIVISOR = 8
PATIENCE = 300
CASE = quantized(network(3, 4, (5, 2), classes=4), seed=1)
DESIGN = Design.of(CASE)
PIXELS = images(CASE.network, 3)
RESULTS = IntegerLST(CASE)(torch.from_numpy(PIXELS))
BEATS = result_beats(DESIGN, RESULTS["logits"].numpy(), RESULTS["class"].numpy()).tolist()
DROPPED = 1 << 31


async def answer(ctx: Any, dut: SerialClassifier) -> int:
    """The four bytes of a result as one number."""
    received = [await receive_byte(ctx, dut.tx, DIVISOR) for _ in range(4)]
    return int.from_bytes(bytes(received), "little")


async def send_image(ctx: Any, dut: SerialClassifier, pixels: list[int]) -> None:
    for pixel in pixels:
        await send_byte(ctx, dut.rx, pixel, DIVISOR)


def test_each_image_is_answered_with_the_integer_model_s_result() -> None:
    dut = SerialClassifier(design=DESIGN, divisor=DIVISOR, patience=PATIENCE)
    answers, shown = [], []

    async def host(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        for image in PIXELS.reshape(len(PIXELS), -1).tolist():
            await send_image(ctx, dut, image)
            answers.append(await answer(ctx, dut))
            shown.append(ctx.get(dut.winner))

    simulate(dut, host)
    assert answers == BEATS
    assert shown == RESULTS["class"].tolist()


@pytest.mark.parametrize("sent", [1, 5, 10, 11])
def test_an_image_that_stops_in_the_middle_is_dropped_and_flagged_in_the_next_answer(sent: int) -> None:
    dut = SerialClassifier(design=DESIGN, divisor=DIVISOR, patience=PATIENCE)
    answers = []

    async def host(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        await send_image(ctx, dut, [99] * sent)
        for _ in range(PATIENCE + 50):
            await ctx.tick()
            assert ctx.get(dut.tx) == 1
        for image in PIXELS[:2].reshape(2, -1).tolist():
            await send_image(ctx, dut, image)
            answers.append(await answer(ctx, dut))

    simulate(dut, host)
    assert answers == [BEATS[0] | DROPPED, BEATS[1]]


def test_a_pause_shorter_than_the_patience_is_none() -> None:
    dut = SerialClassifier(design=DESIGN, divisor=DIVISOR, patience=PATIENCE)
    answers = []

    async def host(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        image = PIXELS[1].reshape(-1).tolist()
        await send_image(ctx, dut, image[:7])
        await ctx.tick().repeat(PATIENCE - 20)
        await send_image(ctx, dut, image[7:])
        answers.append(await answer(ctx, dut))

    simulate(dut, host)
    assert answers == [BEATS[1]]


def test_bytes_that_come_too_fast_for_the_first_layer_are_refused() -> None:
    wide = Design.of(quantized(network(2, 2, (90, 2), classes=2)))
    with pytest.raises(ValueError, match="A pixel may wait 90 cycles, but the next comes after 80"):
        SerialClassifier(design=wide, divisor=8, patience=1)


@pytest.mark.parametrize(
    ("pixels", "patience", "message"),
    [(0, 1, "Pixels must be 1 or more, not 0"), (1, 0, "Patience must be 1 or more, not 0")],
)
def test_the_framer_s_parameters_are_checked(pixels: int, patience: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PixelFramer(pixels=pixels, patience=patience)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(SerialClassifier(design=DESIGN, divisor=DIVISOR, patience=PATIENCE))
