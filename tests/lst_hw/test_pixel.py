# amaranth: UnusedElaboratable=no
"""Pixel register and pixel normaliser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, evaluate, simulate

from lst_hw.pixel import PixelNormalizer, PixelRegister, beat_layout, operand_layout
from lst_model.fixed import QFormat
from lst_model.pixels import pixel_codes

FORMATS = [QFormat(m, n) for n in range(18) for m in (1, 2) if m + n >= 2] + [QFormat(5, 7)]


@pytest.mark.parametrize("q", FORMATS, ids=str)
def test_every_pixel_gets_the_specified_code(q: QFormat) -> None:
    normalizer = PixelNormalizer(activation=q)
    codes = evaluate(normalizer, normalizer.pixel, normalizer.code, range(256))
    assert codes == pixel_codes(np.arange(256), q).tolist()


def test_a_format_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Activation format must be a QFormat object, not 'Q5\.7'"):
        PixelNormalizer(activation="Q5.7")


def test_a_beat_holds_pixels_the_first_lowest_and_a_mark() -> None:
    assert [(beat_layout(n)["value"].width, beat_layout(n)["last"].offset) for n in (1, 4)] == [(8, 8), (32, 32)]
    assert operand_layout(3).size == 3 * 8 + 1


def transfers(
    pixels: list[int], source_stalls: float, sink_stalls: float, per_beat: int = 1
) -> tuple[list[int], list[int], list[int]]:
    """Pixels that came out, and the cycles in which beats went in and pixels out; every third beat is a last one."""
    rng = np.random.default_rng(0)
    register = PixelRegister(pixels=per_beat)
    beats = [pixels[start : start + per_beat] for start in range(0, len(pixels), per_beat)]
    received: list[int] = []
    cycles_in: list[int] = []
    cycles_out: list[int] = []

    async def bench(ctx: Any) -> None:
        sent = cycle = 0
        while len(received) < len(pixels):
            assert cycle < 20 * len(pixels), "pixels got lost"
            valid = sent < len(beats) and (ctx.get(register.i.valid) or rng.random() >= source_stalls)
            ctx.set(register.i.valid, valid)
            if valid:
                value = sum(pixel << (8 * k) for k, pixel in enumerate(beats[sent]))
                ctx.set(register.i.payload, {"value": value, "last": sent % 3 == 2})
            ctx.set(register.o.ready, rng.random() >= sink_stalls)
            i_ready, o_valid, o_ready = (
                ctx.get(port) for port in (register.i.ready, register.o.valid, register.o.ready)
            )
            if o_valid and o_ready:
                beat, place = divmod(len(received), per_beat)
                received.append(ctx.get(register.o.payload["values"][0]))
                assert ctx.get(register.o.payload.last) == (beat % 3 == 2 and place == per_beat - 1)
                cycles_out.append(cycle)
            await ctx.tick()
            if valid and i_ready:
                cycles_in.append(cycle)
                sent += 1
                ctx.set(register.i.valid, 0)
            cycle += 1

    simulate(register, bench)
    return received, cycles_in, cycles_out


@pytest.mark.parametrize("per_beat", [1, 2, 4])
@pytest.mark.parametrize("sink_stalls", [0.0, 0.5])
@pytest.mark.parametrize("source_stalls", [0.0, 0.5])
def test_pixels_keep_their_order_whoever_stalls(source_stalls: float, sink_stalls: float, per_beat: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, 100).tolist()
    assert transfers(pixels, source_stalls, sink_stalls, per_beat)[0] == pixels


@pytest.mark.parametrize("per_beat", [1, 4])
def test_a_pixel_comes_out_one_cycle_later_and_one_in_each_cycle(per_beat: int) -> None:
    _, cycles_in, cycles_out = transfers(list(range(20)), 0.0, 0.0, per_beat)
    assert cycles_in == list(range(1, 21, per_beat)), "ready is low in the first cycle after reset"
    assert cycles_out == list(range(2, 22))


@pytest.mark.parametrize("pixels", [0, 3, -4])
def test_beats_of_other_sizes_are_refused(pixels: int) -> None:
    with pytest.raises(ValueError, match=f"Pixels in a beat must be a power of two, not {pixels}"):
        PixelRegister(pixels=pixels)


def test_nothing_from_outside_reaches_the_inner_stream_combinationally() -> None:
    register = PixelRegister()

    async def bench(ctx: Any) -> None:
        await ctx.tick()
        before = ctx.get(register.i.ready)
        ctx.set(register.i.valid, 1)
        assert not ctx.get(register.o.valid)
        assert ctx.get(register.i.ready) == before == 1

    simulate(register, bench)


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(PixelNormalizer(activation=QFormat(5, 7)))
    assert_repeatable(PixelRegister())
