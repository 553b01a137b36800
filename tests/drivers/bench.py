"""Runs asynchronous test benches on Amaranth's simulator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Elaboratable, Value
from amaranth.sim import Simulator

Testbench = Callable[[Any], Awaitable[None]]
PERIOD = 1e-8


def simulate(
    dut: Elaboratable, *testbenches: Testbench, background: Iterable[Testbench] = (), clock: bool = True
) -> None:
    """Run the test benches to their end; those in the background go first in each cycle, and stop with the others."""
    simulator = Simulator(dut)
    if clock:
        simulator.add_clock(PERIOD)
    for testbench in background:
        simulator.add_testbench(testbench, background=True)
    for testbench in testbenches:
        simulator.add_testbench(testbench)
    simulator.run()


def evaluate(dut: Elaboratable, i: Value, o: Value, inputs: Iterable[int]) -> list[int]:
    """Outputs of a combinational block."""
    outputs: list[int] = []

    async def bench(ctx: Any) -> None:
        for value in inputs:
            ctx.set(i, value)
            await ctx.delay(PERIOD)
            outputs.append(ctx.get(o))

    simulate(dut, bench, clock=False)
    return outputs


def pipeline(
    dut: Elaboratable, i: Sequence[Any], o: Sequence[Any], inputs: Sequence[Sequence[int]], latency: int
) -> list[tuple[int, ...]]:
    """Outputs of a block that takes new inputs in every cycle, each read exactly ``latency`` cycles later."""
    outputs: list[tuple[int, ...]] = []

    async def bench(ctx: Any) -> None:
        for cycle in range(len(inputs) + latency - 1):
            for port, value in zip(i, inputs[min(cycle, len(inputs) - 1)], strict=True):
                ctx.set(port, value)
            await ctx.tick()
            if cycle + 1 >= latency:
                outputs.append(tuple(ctx.get(port) for port in o))

    simulate(dut, bench)
    return outputs


def assert_repeatable(dut: Any) -> None:
    """``elaborate`` does not change the component and asks nothing of the platform."""
    first = rtlil.convert(dut, name="dut", platform=None, emit_src=False)
    assert rtlil.convert(dut, name="dut", platform=None, emit_src=False) == first
