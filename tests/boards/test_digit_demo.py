# amaranth: UnusedElaboratable=no
"""The demo, from switches and button to the LEDs."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from drivers.bench import assert_repeatable, simulate
from drivers.networks import images, network, quantized

from boards.digit_demo import DIGITS, DigitDemo
from lst_hw.design import Design
from lst_hw.result import result_beats
from lst_model.integer import IntegerLST

CASE = quantized(network(3, 4, (5, 2), classes=4), seed=1)
DESIGN = Design.of(CASE)
PIXELS = images(CASE.network, DIGITS)
RESULTS = IntegerLST(CASE)(torch.from_numpy(PIXELS))
BEATS = result_beats(DESIGN, RESULTS["logits"].numpy(), RESULTS["class"].numpy()).tolist()
IMAGES = PIXELS.reshape(DIGITS, -1).tolist()


def lights(ctx: Any, dut: DigitDemo) -> tuple[int, int, int]:
    return ctx.get(dut.winner), ctx.get(dut.passed), ctx.get(dut.failed)


async def push(ctx: Any, dut: DigitDemo, switches: int) -> None:
    """Set the switches, push the button for a while, let it go."""
    ctx.set(dut.switches, switches)
    await ctx.tick().repeat(4)
    for level in (1, 0, 1, 1, 1, 0):
        ctx.set(dut.button, level)
        await ctx.tick().repeat(3)
    await ctx.tick().repeat(DESIGN.latency + 40)


def test_each_switch_position_shows_its_class_and_passes() -> None:
    dut = DigitDemo(design=DESIGN, images=IMAGES, expected=BEATS)

    async def bench(ctx: Any) -> None:
        await ctx.tick().repeat(20)
        assert lights(ctx, dut) == (0, 0, 0)
        for position in range(DIGITS):
            await push(ctx, dut, position)
            assert lights(ctx, dut) == (RESULTS["class"][position], 1, 0)

    simulate(dut, bench)


def test_the_lights_go_out_while_an_image_is_on_its_way() -> None:
    dut = DigitDemo(design=DESIGN, images=IMAGES, expected=BEATS)

    async def bench(ctx: Any) -> None:
        await ctx.tick()
        await push(ctx, dut, 3)
        assert lights(ctx, dut) == (RESULTS["class"][3], 1, 0)
        ctx.set(dut.button, 1)
        await ctx.tick().repeat(5)
        assert lights(ctx, dut) == (0, 0, 0)

    simulate(dut, bench)


def test_another_logit_than_expected_fails_although_the_class_is_right() -> None:
    wrong = [beat ^ (1 << 8 if position == 5 else 0) for position, beat in enumerate(BEATS)]
    dut = DigitDemo(design=DESIGN, images=IMAGES, expected=wrong)

    async def bench(ctx: Any) -> None:
        await ctx.tick()
        await push(ctx, dut, 5)
        assert lights(ctx, dut) == (RESULTS["class"][5], 0, 1)
        await push(ctx, dut, 6)
        assert lights(ctx, dut) == (RESULTS["class"][6], 1, 0)

    simulate(dut, bench)


def test_too_few_images_and_images_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 16 images and results, not 15 and 16"):
        DigitDemo(design=DESIGN, images=IMAGES[:15], expected=BEATS)
    with pytest.raises(ValueError, match="Image 2 has 11 pixels instead of 12"):
        DigitDemo(design=DESIGN, images=[*IMAGES[:2], IMAGES[2][:11], *IMAGES[3:]], expected=BEATS)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(DigitDemo(design=DESIGN, images=IMAGES, expected=BEATS))
