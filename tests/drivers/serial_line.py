"""The far end of a serial line: it drives and reads a wire, knowing nothing of the design's clock."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ValueCastable

from .bench import PERIOD


async def send_level(ctx: Any, line: ValueCastable, level: int, cycles: float) -> None:
    """Hold the line for so many of the design's clock cycles, which may be a fraction."""
    ctx.set(line, level)
    await ctx.delay(cycles * PERIOD)


async def send_byte(ctx: Any, line: ValueCastable, byte: int, cycles_per_bit: float) -> None:
    """Start bit, eight data bits, stop bit."""
    for bit in [0, *(byte >> position & 1 for position in range(8)), 1]:
        await send_level(ctx, line, bit, cycles_per_bit)


async def receive_byte(ctx: Any, line: ValueCastable, cycles_per_bit: float, patience: int = 10_000) -> int:
    """Wait for a start bit and read the byte behind it, each bit in its middle."""
    for _ in range(patience):
        if not ctx.get(line):
            break
        await ctx.delay(PERIOD)
    else:
        raise AssertionError(f"no start bit within {patience} cycles")
    await ctx.delay(cycles_per_bit * PERIOD / 2)
    bits = [ctx.get(line)]
    for _ in range(9):
        await ctx.delay(cycles_per_bit * PERIOD)
        bits.append(ctx.get(line))
    assert (bits[0], bits[9]) == (0, 1), f"not a byte: {bits}"
    return sum(bit << position for position, bit in enumerate(bits[1:9]))
