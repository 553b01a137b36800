# amaranth: UnusedElaboratable=no
"""The AXI4-Lite slave in front of a memory that stands for the registers; random masters are in rtl_cocotb."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.axi_lite import Master
from drivers.bench import assert_repeatable, simulate

from lst_hw.axi_lite import OKAY, AXILiteSlave


@pytest.mark.parametrize(("address_delay", "data_delay"), [(0, 0), (3, 0), (0, 3), (1, 2)])
def test_address_and_data_of_a_write_come_in_any_order(address_delay: int, data_delay: int) -> None:
    slave = AXILiteSlave()
    master, seen = Master(slave.bus), []

    async def bench(ctx: Any) -> None:
        for number in range(3):
            response = await master.write(
                ctx, 4 * number, 0x100 + number, 1 + number, address_delay=address_delay, data_delay=data_delay
            )
            assert response == OKAY

    async def watch(ctx: Any) -> None:
        access = slave.access
        async for _, _, write, address, data, strobe in ctx.tick().sample(
            access.write, access.write_address, access.write_data, access.write_strobe
        ):
            if write:
                seen.append((address, data, strobe))

    simulate(slave, bench, background=(watch,))
    assert seen == [(4 * number, 0x100 + number, 1 + number) for number in range(3)]


def test_back_to_back_accesses_take_two_cycles_each() -> None:
    slave = AXILiteSlave()
    bus, transfers = slave.bus, {"r": [], "b": []}

    async def bench(ctx: Any) -> None:
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready"):
            ctx.set(getattr(bus, name), 1)
        for cycle in range(24):
            _, _, rvalid, bvalid = await ctx.tick().sample(bus.rvalid, bus.bvalid)
            for channel, valid in (("r", rvalid), ("b", bvalid)):
                if valid:
                    transfers[channel].append(cycle)

    simulate(slave, bench)
    assert transfers["r"][:8] == list(range(1, 17, 2))
    assert transfers["b"][:5] == list(range(2, 11, 2))


def test_an_answer_waits_until_it_is_taken_and_later_accesses_behind_it() -> None:
    slave = AXILiteSlave()
    bus = slave.bus

    async def bench(ctx: Any) -> None:
        ctx.set(slave.access.read_data, 7)
        ctx.set(bus.arvalid, 1)
        await ctx.tick()
        for value in (8, 9, 10):
            ctx.set(slave.access.read_data, value)
            assert (ctx.get(bus.rvalid), ctx.get(bus.rdata), ctx.get(bus.arready)) == (1, 7, 0)
            assert not ctx.get(slave.access.read)
            await ctx.tick()
        ctx.set(bus.rready, 1)
        await ctx.tick()
        assert not ctx.get(bus.rvalid)
        await ctx.tick()
        assert (ctx.get(bus.rvalid), ctx.get(bus.rdata)) == (1, 10)

    simulate(slave, bench)


def test_it_can_be_elaborated_any_number_of_times() -> None:
    assert_repeatable(AXILiteSlave())
