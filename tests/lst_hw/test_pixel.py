# amaranth: UnusedElaboratable=no
"""Pixel register and pixel normaliser."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from drivers.bench import assert_repeatable, evaluate, simulate

from lst_hw.pixel import PixelNormalizer, PixelRegister, pixel_layout
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


def test_the_payload_is_a_byte_and_a_mark() -> None:
    layout = pixel_layout()
    assert (layout["value"].offset, layout["value"].width, layout["last"].offset, layout.size) == (0, 8, 8, 9)


def transfers(pixels: list[int], source_stalls: float, sink_stalls: float) -> tuple[list[int], list[int], list[int]]:
    """Pixels that came out, and the cycles in which pixels went in and out."""
    rng = np.random.default_rng(0)
    register = PixelRegister()
    received: list[int] = []
    cycles_in: list[int] = []
    cycles_out: list[int] = []

    async def bench(ctx: Any) -> None:
        sent = cycle = 0
        while len(received) < len(pixels):
            assert cycle < 20 * len(pixels), "pixels got lost"
            valid = sent < len(pixels) and (ctx.get(register.i.valid) or rng.random() >= source_stalls)
            ctx.set(register.i.valid, valid)
            if valid:
                ctx.set(register.i.payload, {"value": pixels[sent], "last": pixels[sent] % 2})
            ctx.set(register.o.ready, rng.random() >= sink_stalls)
            i_ready, o_valid, o_ready = (
                ctx.get(port) for port in (register.i.ready, register.o.valid, register.o.ready)
            )
            if o_valid and o_ready:
                received.append(ctx.get(register.o.payload.value))
                assert ctx.get(register.o.payload.last) == received[-1] % 2
                cycles_out.append(cycle)
            await ctx.tick()
            if valid and i_ready:
                cycles_in.append(cycle)
                sent += 1
                ctx.set(register.i.valid, 0)
            cycle += 1

    simulate(register, bench)
    return received, cycles_in, cycles_out


@pytest.mark.parametrize("sink_stalls", [0.0, 0.5])
@pytest.mark.parametrize("source_stalls", [0.0, 0.5])
def test_pixels_keep_their_order_whoever_stalls(source_stalls: float, sink_stalls: float) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, 100).tolist()
    assert transfers(pixels, source_stalls, sink_stalls)[0] == pixels


def test_a_pixel_comes_out_one_cycle_later_and_one_in_each_cycle() -> None:
    _, cycles_in, cycles_out = transfers(list(range(20)), 0.0, 0.0)
    assert cycles_in == list(range(1, 21)), "ready is low in the first cycle after reset"
    assert cycles_out == [cycle + 1 for cycle in cycles_in]


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
