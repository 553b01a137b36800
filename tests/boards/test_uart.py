# amaranth: UnusedElaboratable=no
"""The serial line, bit by bit."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.hdl import Module
from drivers.bench import Testbench, assert_repeatable, simulate
from drivers.serial_line import receive_byte, send_byte, send_level

from boards.uart import UARTReceiver, UARTTransmitter

DIVISOR = 8
BYTES = [0x00, 0xFF, 0x55, 0xA5, 0x01, 0x80]


def taking(dut: UARTReceiver, taken: list[int]) -> Testbench:
    """Takes every byte at once and lists it."""

    async def sink(ctx: Any) -> None:
        ctx.set(dut.o.ready, 1)
        async for _, _, valid, payload in ctx.tick().sample(dut.o.valid, dut.o.payload):
            if valid:
                taken.append(payload)

    return sink


@pytest.mark.parametrize("period", [7.7, 8, 8.3])
def test_the_receiver_reads_bytes_from_a_sender_whose_clock_is_up_to_4_percent_off(period: float) -> None:
    dut, taken = UARTReceiver(divisor=DIVISOR), []

    async def bench(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        for byte in BYTES:
            await send_byte(ctx, dut.rx, byte, period)
        await ctx.tick().repeat(2 * DIVISOR)

    simulate(dut, bench, background=[taking(dut, taken)])
    assert taken == BYTES


def test_a_glitch_is_no_start_bit() -> None:
    dut, taken = UARTReceiver(divisor=DIVISOR), []

    async def bench(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        await send_level(ctx, dut.rx, 0, DIVISOR // 2 - 1)
        await send_level(ctx, dut.rx, 1, 4 * DIVISOR)
        await send_byte(ctx, dut.rx, 0x3C, DIVISOR)
        await ctx.tick().repeat(2 * DIVISOR)

    simulate(dut, bench, background=[taking(dut, taken)])
    assert taken == [0x3C]


def test_a_byte_without_stop_bit_is_lost() -> None:
    dut, taken = UARTReceiver(divisor=DIVISOR), []

    async def bench(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        await send_level(ctx, dut.rx, 0, 10 * DIVISOR)
        await send_level(ctx, dut.rx, 1, 10 * DIVISOR)
        await send_byte(ctx, dut.rx, 0x3C, DIVISOR)
        await ctx.tick().repeat(2 * DIVISOR)

    simulate(dut, bench, background=[taking(dut, taken)])
    assert taken == [0x3C]


def test_a_byte_waits_until_it_is_taken_and_the_line_is_idle_meanwhile() -> None:
    dut = UARTReceiver(divisor=DIVISOR)

    async def bench(ctx: Any) -> None:
        await ctx.tick().repeat(5)
        assert ctx.get(dut.idle)
        await send_byte(ctx, dut.rx, 0x42, DIVISOR)
        await ctx.tick().repeat(50)
        assert (ctx.get(dut.o.valid), ctx.get(dut.o.payload), ctx.get(dut.idle)) == (1, 0x42, 1)

    simulate(dut, bench)


def test_the_transmitter_sends_start_bit_byte_stop_bit_and_idles_high() -> None:
    dut, heard = UARTTransmitter(divisor=DIVISOR), []

    async def source(ctx: Any) -> None:
        assert ctx.get(dut.tx) == 1
        await ctx.tick().repeat(3)
        for byte in BYTES:
            ctx.set(dut.i.valid, 1)
            ctx.set(dut.i.payload, byte)
            await ctx.tick().until(dut.i.ready)
        ctx.set(dut.i.valid, 0)

    async def listener(ctx: Any) -> None:
        for _ in BYTES:
            heard.append(await receive_byte(ctx, dut.tx, DIVISOR))
        for _ in range(3 * DIVISOR):
            assert ctx.get(dut.tx) == 1
            await ctx.tick()

    simulate(dut, source, listener)
    assert heard == BYTES


def test_the_receiver_understands_the_transmitter() -> None:
    transmitter, receiver = UARTTransmitter(divisor=9), UARTReceiver(divisor=9)
    loop = Module()
    loop.submodules += [transmitter, receiver]
    loop.d.comb += receiver.rx.eq(transmitter.tx)
    taken: list[int] = []

    async def source(ctx: Any) -> None:
        for byte in range(0, 256, 17):
            ctx.set(transmitter.i.valid, 1)
            ctx.set(transmitter.i.payload, byte)
            await ctx.tick().until(transmitter.i.ready)
        ctx.set(transmitter.i.valid, 0)
        await ctx.tick().repeat(11 * 9)

    simulate(loop, source, background=[taking(receiver, taken)])
    assert taken == list(range(0, 256, 17))


@pytest.mark.parametrize("kind", [UARTReceiver, UARTTransmitter])
def test_the_divisor_is_checked(kind: Any) -> None:
    with pytest.raises(ValueError, match="Divisor must be 8 or more, not 7"):
        kind(divisor=7)
    with pytest.raises(TypeError, match="Divisor must be an integer, not '8'"):
        kind(divisor="8")


@pytest.mark.parametrize("kind", [UARTReceiver, UARTTransmitter])
def test_elaboration_is_repeatable(kind: Any) -> None:
    assert_repeatable(kind(divisor=8))
