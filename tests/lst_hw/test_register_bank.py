# amaranth: UnusedElaboratable=no
"""Registers in hardware: what each kind of field does."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.register_bank import RegisterBank
from lst_hw.registers import REGISTERS, Access, Field, Register

MAP = (
    Register(0, "INPUT", "", (Field("value", 0, 32, Access.RO, ""),)),
    Register(
        8,
        "MIXED",
        "",
        (
            Field("level", 4, 12, Access.RW, "", 0x321),
            Field("flag", 16, 2, Access.W1C, ""),
            Field("start", 24, 1, Access.PULSE, ""),
        ),
    ),
)


async def write(ctx: Any, bank: RegisterBank, address: int, data: int, strobe: int = 0xF) -> bool:
    """Write; was it a bad access?"""
    ctx.set(bank.access.write, 1)
    ctx.set(bank.access.write_address, address)
    ctx.set(bank.access.write_data, data)
    ctx.set(bank.access.write_strobe, strobe)
    bad = ctx.get(bank.bad_access)
    await ctx.tick()
    ctx.set(bank.access.write, 0)
    return bool(bad)


def read(ctx: Any, bank: RegisterBank, address: int) -> int:
    ctx.set(bank.access.read_address, address)
    return int(ctx.get(bank.access.read_data))


def test_a_read_only_register_shows_its_input_and_refuses_writes() -> None:
    bank = RegisterBank(registers=MAP)

    async def bench(ctx: Any) -> None:
        ctx.set(bank.input, 0xFEDCBA98)
        assert read(ctx, bank, 0) == 0xFEDCBA98
        assert await write(ctx, bank, 0, 0)
        assert read(ctx, bank, 0) == 0xFEDCBA98

    simulate(bank, bench)


def test_a_read_and_write_field_keeps_bytes_without_strobe_and_its_neighbours() -> None:
    bank = RegisterBank(registers=MAP)

    async def bench(ctx: Any) -> None:
        assert ctx.get(bank.mixed_level) == 0x321
        for data, strobe, expected in (
            (0xABC0, 0xF, 0xABC),
            (0x1230, 0b1, 0xAB3),
            (0x4560, 0b10, 0x453),
            (0, 0, 0x453),
        ):
            assert not await write(ctx, bank, 8, data, strobe)
            assert ctx.get(bank.mixed_level) == expected
            assert read(ctx, bank, 8) == expected << 4

    simulate(bank, bench)


def test_a_flag_stays_until_one_is_written_and_an_event_wins() -> None:
    bank = RegisterBank(registers=MAP)

    async def bench(ctx: Any) -> None:
        ctx.set(bank.mixed_flag_set, 0b11)
        await ctx.tick()
        ctx.set(bank.mixed_flag_set, 0)
        await write(ctx, bank, 8, 0)
        await write(ctx, bank, 8, 0b11 << 16, 0b1011)
        assert ctx.get(bank.mixed_flag) == 0b11
        await write(ctx, bank, 8, 0b01 << 16)
        assert ctx.get(bank.mixed_flag) == 0b10
        ctx.set(bank.mixed_flag_set, 0b10)
        await write(ctx, bank, 8, 0b10 << 16)
        assert ctx.get(bank.mixed_flag) == 0b10

    simulate(bank, bench)


def test_a_pulse_lasts_one_cycle_and_reads_as_zero() -> None:
    bank = RegisterBank(registers=MAP)

    async def bench(ctx: Any) -> None:
        await write(ctx, bank, 8, 1 << 24, 0b0111)
        assert not ctx.get(bank.mixed_start)
        await write(ctx, bank, 8, 1 << 24)
        assert ctx.get(bank.mixed_start)
        assert read(ctx, bank, 8) >> 24 == 0
        await ctx.tick()
        assert not ctx.get(bank.mixed_start)

    simulate(bank, bench)


@pytest.mark.parametrize("address", [4, 12, 0x800, 0xFFC])
def test_an_address_without_register_reads_as_zero_and_is_reported(address: int) -> None:
    bank = RegisterBank(registers=MAP)

    async def bench(ctx: Any) -> None:
        ctx.set(bank.input, 0xFFFFFFFF)
        assert read(ctx, bank, address) == 0
        assert not ctx.get(bank.bad_access)
        ctx.set(bank.access.read, 1)
        assert ctx.get(bank.bad_access)
        read(ctx, bank, 8)
        assert not ctx.get(bank.bad_access)
        ctx.set(bank.access.read, 0)
        assert await write(ctx, bank, address, 0xFFFFFFFF)
        assert ctx.get(bank.mixed_level) == 0x321

    simulate(bank, bench)


def test_two_registers_cannot_share_an_offset() -> None:
    with pytest.raises(ValueError, match=r"^Offset 0x8 is taken twice$"):
        RegisterBank(registers=(*MAP, MAP[1]))


def test_the_accelerator_s_map_makes_a_bank_however_often_it_is_elaborated() -> None:
    assert_repeatable(RegisterBank(registers=REGISTERS))
