# amaranth: UnusedElaboratable=no
"""Weight ROMs and frame memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import signed, unsigned
from drivers.bench import assert_repeatable, pipeline, simulate

from lst_hw.memory import LOGIC_DEPTH, FrameMemory, Rom, WeightRom
from lst_hw.rom import RomBank


@pytest.mark.parametrize("depth", [1, 2, 3, LOGIC_DEPTH, LOGIC_DEPTH + 1])
def test_a_rom_answers_one_cycle_later_in_every_cycle(depth: int) -> None:
    words = np.random.default_rng(depth).integers(-128, 128, depth).tolist()
    rom = Rom(words=words, shape=signed(8))
    inputs = [(1, address) for address in range(depth)]
    assert pipeline(rom, [rom.advance, rom.address], [rom.word], inputs, 1) == [(word,) for word in words]


def test_a_rom_holds_its_word_while_nothing_advances() -> None:
    rom = Rom(words=[11, 22, 33], shape=unsigned(8))
    inputs = [(1, 1), (0, 2), (0, 0), (1, 2)]
    assert pipeline(rom, [rom.advance, rom.address], [rom.word], inputs, 1) == [(22,), (22,), (22,), (33,)]


@pytest.mark.parametrize(("depth", "block"), [(LOGIC_DEPTH, False), (LOGIC_DEPTH + 1, True)])
def test_only_deep_roms_ask_for_block_ram(depth: int, block: bool) -> None:
    text = rtlil.convert(Rom(words=[1] * depth, shape=unsigned(4)), name="rom", emit_src=False)
    assert ('rom_style "block"' in text) == block


def test_a_rom_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="ROM must have at least one word"):
        Rom(words=[], shape=unsigned(4))


BANKS = (RomBank(0, 2, tuple((k - 4, 3 - k) for k in range(7))), RomBank(2, 1, ((1,), (-2,), (3,))))


def weight_rom(banks: tuple[RomBank, ...] = BANKS) -> WeightRom:
    return WeightRom(banks=banks, weight_bits=4, address_bits=3)


def test_the_weight_rom_joins_its_banks() -> None:
    rom = weight_rom()
    outputs = pipeline(rom, [rom.advance, rom.address], list(rom.weights), [(1, a) for a in range(7)], 1)
    for address, weights in enumerate(outputs):
        assert weights[:2] == BANKS[0].words[address]
        if address < BANKS[1].depth:
            assert weights[2:] == BANKS[1].words[address]


def test_all_weights_hold_while_nothing_advances() -> None:
    rom = weight_rom()
    inputs = [(1, 2), (0, 0), (0, 1)]
    outputs = pipeline(rom, [rom.advance, rom.address], list(rom.weights), inputs, 1)
    assert set(outputs) == {(-2, 1, 3)}


@pytest.mark.parametrize("start", [0, 1, 3])
def test_banks_must_follow_each_other(start: int) -> None:
    with pytest.raises(ValueError, match=f"ROM bank must start at PE 2, not {start}"):
        weight_rom((BANKS[0], RomBank(start, 1, ((0,),))))


def test_the_first_bank_must_serve_pe_0() -> None:
    with pytest.raises(ValueError, match="ROM bank must start at PE 0, not 2"):
        weight_rom(BANKS[1:])


@pytest.mark.parametrize("has_skip", [False, True])
def test_the_frame_memory_keeps_entries_and_saved_copies(has_skip: bool) -> None:
    rng = np.random.default_rng(0)
    memory = FrameMemory(row_bits=2, column_bits=3, data_bits=6, has_skip=has_skip)
    entries, copies = np.zeros((4, 8), int), np.zeros((4, 8), int)

    async def bench(ctx: Any) -> None:
        reads = (0, 0)
        for _ in range(500):
            row, column, write_row, write_column = (int(rng.integers(n)) for n in (4, 8, 4, 8))
            writes, saves, advances = (bool(rng.integers(2)) for _ in range(3))
            code = int(rng.integers(-32, 32))
            if (row, column) == (write_row, write_column):
                # The schedule never reads and writes the same word at once.
                writes = False
            for port, value in (
                (memory.read_advance, advances),
                (memory.read_row, row),
                (memory.read_column, column),
                (memory.write_enable, writes),
                (memory.write_save, saves),
                (memory.write_row, write_row),
                (memory.write_column, write_column),
                (memory.write_data[0], code),
            ):
                ctx.set(port, value)
            await ctx.tick()
            if advances:
                reads = (entries[row, column], copies[row, column])
            assert (ctx.get(memory.read_data[0]), ctx.get(memory.read_saved[0])) == reads
            if writes:
                entries[write_row, write_column] = code
                if saves and has_skip:
                    copies[write_row, write_column] = code

    simulate(memory, bench)
    assert copies.any() == has_skip


def test_elaboration_is_repeatable() -> None:
    assert_repeatable(Rom(words=[1, 2, 3], shape=unsigned(4)))
    assert_repeatable(weight_rom())
    assert_repeatable(FrameMemory(row_bits=2, column_bits=2, data_bits=4, has_skip=True))
