"""The memories: weight ROMs and the frame memory that each layer overwrites."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Shape, signed, unsigned
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .rom import RomBank

LOGIC_DEPTH = 64
"""Deepest ROM kept in LUTs: at most one LUT6 per bit, where a block RAM would stay almost empty."""


class Rom(wiring.Component):
    """Read-only memory: logic up to 64 words, block RAM beyond.

    Latency: 1 cycle. Throughput: one word per cycle.

    Parameters
    ----------
    words : sequence of int
        Contents, one or more.
    shape : Shape
        Shape of a word.

    Members
    -------
    advance : In(1)
        Read enable; the word holds while it is low.
    address : In
        An address behind the last word gives an undefined one.
    word : Out(shape)

    Raises
    ------
    ValueError
        If there are no words.
    """

    def __init__(self, *, words: Sequence[int], shape: Shape) -> None:
        if not words:
            raise ValueError("ROM must have at least one word")
        self._words = tuple(words)
        super().__init__(
            {
                "advance": In(1),
                "address": In(range(max(2, len(self._words)))),
                "word": Out(shape),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build a table or a memory."""
        m = Module()
        in_logic = len(self._words) <= LOGIC_DEPTH
        # Vivado reads the second; for Yosys the first one counts, which keeps the array's registers out of the ROM.
        attrs = {"ram_style": "registers", "rom_style": "distributed"} if in_logic else {"rom_style": "block"}
        m.submodules.memory = memory = Memory(
            shape=self.word.shape(), depth=len(self._words), init=self._words, attrs=attrs
        )
        if in_logic:
            # A register for the address takes fewer flip-flops than one for the word.
            read = memory.read_port(domain="comb")
            with m.If(self.advance):
                m.d.sync += read.addr.eq(self.address)
        else:
            read = memory.read_port()
            m.d.comb += [read.en.eq(self.advance), read.addr.eq(self.address)]
        m.d.comb += self.word.eq(read.data)
        return m


class WeightRom(wiring.Component):
    """All weights, as one wide word per address.

    Latency: 1 cycle. Throughput: one word per cycle. The word holds while ``advance`` is low.

    Parameters
    ----------
    banks : sequence of RomBank
        Contents; together they serve PEs 0, 1, ... without a gap.
    weight_bits, address_bits : int
        Widths.

    Members
    -------
    advance : In(1)
        Read enable.
    address : In(address_bits)
        Banks less deep than the address reaches give meaningless words beyond their end.
    weights : Out(signed(weight_bits)).array(pes)

    Raises
    ------
    ValueError
        If the banks leave a gap or overlap.
    """

    def __init__(self, *, banks: Sequence[RomBank], weight_bits: int, address_bits: int) -> None:
        pes = 0
        for bank in banks:
            if bank.first_pe != pes:
                raise ValueError(f"ROM bank must start at PE {pes}, not {bank.first_pe!r}")
            pes += bank.pes
        self._banks = tuple(banks)
        self._weight_bits = weight_bits
        super().__init__(
            {
                "advance": In(1),
                "address": In(address_bits),
                "weights": Out(signed(weight_bits)).array(pes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build one memory per bank."""
        m = Module()
        mask = (1 << self._weight_bits) - 1
        deepest = max(bank.depth for bank in self._banks)
        for bank in self._banks:
            words = [
                sum((code & mask) << (self._weight_bits * k) for k, code in enumerate(word)) for word in bank.words
            ]
            # A bank that others outlast sees addresses beyond its end; it must not answer with X then.
            words += [0] * ((1 << (len(words) - 1).bit_length()) - len(words)) if bank.depth < deepest else []
            rom = Rom(words=words, shape=unsigned(self._weight_bits * bank.pes))
            m.submodules[f"bank_{bank.first_pe}"] = rom
            m.d.comb += [rom.advance.eq(self.advance), rom.address.eq(self.address)]
            for k in range(bank.pes):
                m.d.comb += self.weights[bank.first_pe + k].eq(rom.word.word_select(k, self._weight_bits))
        return m


class FrameMemory(wiring.Component):
    """The one RAM whose contents each layer overwrites with its results.

    A word holds one embedding entry of each lane and, for networks with a skip connection, the saved copies of one
    beside them.
    Read latency: 1 cycle. Throughput: one read and one write per cycle. A read that meets a write of the
    same word is undefined.

    Parameters
    ----------
    row_bits, column_bits : int
        Address widths.
    data_bits : int
        Width of an entry.
    has_skip : bool
        Whether words have room for saved copies.
    lanes : int
        Images at a time.

    Members
    -------
    read_advance : In(1)
        Read enable.
    read_row, read_column : In
        Read address.
    read_data, read_saved : Out(signed(data_bits)).array(lanes)
        Entries and saved copies, 0 without skip connection.
    write_enable, write_save : In(1)
        Write the entry; write the saved copy as well.
    write_row, write_column : In
        Write address.
    write_data : In(signed(data_bits)).array(lanes)
    """

    def __init__(self, *, row_bits: int, column_bits: int, data_bits: int, has_skip: bool, lanes: int = 1) -> None:
        self._data_bits = data_bits
        self._has_skip = has_skip
        super().__init__(
            {
                "read_advance": In(1),
                "read_row": In(row_bits),
                "read_column": In(column_bits),
                "read_data": Out(signed(data_bits)).array(lanes),
                "read_saved": Out(signed(data_bits)).array(lanes),
                "write_enable": In(1),
                "write_save": In(1),
                "write_row": In(row_bits),
                "write_column": In(column_bits),
                "write_data": In(signed(data_bits)).array(lanes),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Build the memory."""
        m = Module()
        fields = 2 if self._has_skip else 1
        depth = 1 << (len(self.read_row) + len(self.read_column))
        lanes = len(self.read_data)
        layout = data.ArrayLayout(data.ArrayLayout(signed(self._data_bits), lanes), fields)
        m.submodules.ram = ram = Memory(shape=layout, depth=depth, init=[])
        write, read = ram.write_port(granularity=1), ram.read_port()
        m.d.comb += [
            read.en.eq(self.read_advance),
            read.addr.eq(Cat(self.read_column, self.read_row)),
            write.addr.eq(Cat(self.write_column, self.write_row)),
            write.en[0].eq(self.write_enable),
        ]
        for lane in range(lanes):
            m.d.comb += [self.read_data[lane].eq(read.data[0][lane]), write.data[0][lane].eq(self.write_data[lane])]
        if self._has_skip:
            m.d.comb += write.en[1].eq(self.write_enable & self.write_save)
            for lane in range(lanes):
                m.d.comb += [
                    self.read_saved[lane].eq(read.data[1][lane]),
                    write.data[1][lane].eq(self.write_data[lane]),
                ]
        return m
