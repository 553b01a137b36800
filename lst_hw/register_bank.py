"""The registers of a map, as hardware."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .registers import ADDRESS_BITS, WORD_BITS, WORD_BYTES, Access, Register, fields


def access_signature() -> wiring.Signature:
    """Accesses to registers, from the side that asks for them.

    Members
    -------
    write : Out(1)
        Write now.
    write_address : Out(ADDRESS_BITS), write_data : Out(32), write_strobe : Out(4)
        Byte address; data; which bytes of it.
    read : Out(1)
        Read now.
    read_address : Out(ADDRESS_BITS)
        Byte address.
    read_data : In(32)
        In the same cycle.
    """
    return wiring.Signature(
        {
            "write": Out(1),
            "write_address": Out(ADDRESS_BITS),
            "write_data": Out(WORD_BITS),
            "write_strobe": Out(WORD_BYTES),
            "read": Out(1),
            "read_address": Out(ADDRESS_BITS),
            "read_data": In(WORD_BITS),
        }
    )


class RegisterBank(wiring.Component):
    """Storage, address decoder and read multiplexer of a register map.

    A read of no register gives 0, a write to none, or to a read-only one, does nothing; ``bad_access`` reports both.
    The two lowest address bits are ignored. Bytes without their strobe stay as they are.
    Latency: 0 cycles for a read, 1 cycle for a write. Throughput: one read and one write per cycle.

    Parameters
    ----------
    registers : tuple of Register

    Members
    -------
    access : In(access_signature)
    bad_access : Out(1)
        Pulse.
    *name* : In or Out
        One for each field, named as :func:`~lst_hw.registers.fields` says: In for read-only fields; Out for the
        others: value, flag or pulse.
    *name*_set : In(1)
        For each ``w1c`` field: the event.

    Raises
    ------
    ValueError
        If two registers share an offset.
    """

    def __init__(self, *, registers: tuple[Register, ...]) -> None:
        offsets = [register.offset for register in registers]
        for offset in offsets:
            if offsets.count(offset) > 1:
                raise ValueError(f"Offset {offset:#x} is taken twice")
        self._registers = registers
        members: dict[str, Any] = {"access": In(access_signature()), "bad_access": Out(1)}
        for _, field, name in fields(registers):
            if field.access is Access.RO:
                members[name] = In(field.shape)
            else:
                members[name] = Out(field.shape, init=field.reset or 0)
            if field.access is Access.W1C:
                members[f"{name}_set"] = In(field.shape)
        super().__init__(members)

    def elaborate(self, platform: object) -> Module:
        """Build all fields, the address decoders and the multiplexer."""
        m = Module()
        access = self.access
        strobe = Cat(bit.replicate(8) for bit in access.write_strobe)
        words, written, found = {}, {}, []
        for register in self._registers:
            name, word_address = register.name.lower(), register.offset // WORD_BYTES
            words[register] = word = Signal(WORD_BITS, name=name)
            read = Signal(name=f"read_{name}")
            m.d.comb += read.eq(access.read_address[2:] == word_address)
            found.append((read, word))
            if register.is_writable:
                written[register] = Signal(name=f"write_{name}")
                m.d.comb += written[register].eq(access.write & (access.write_address[2:] == word_address))
        m.d.comb += [
            access.read_data.eq(reduce(or_, (word & read.replicate(WORD_BITS) for read, word in found))),
            self.bad_access.eq(
                (access.read & ~Cat(read for read, _ in found).any()) | (access.write & ~Cat(written.values()).any())
            ),
        ]

        for register, field, name in fields(self._registers):
            value = getattr(self, name)
            place = slice(field.lsb, field.lsb + field.bits)
            if field.access is not Access.PULSE:
                m.d.comb += words[register][place].eq(value)
            if field.access is Access.RO:
                continue
            chosen = strobe[place] & written[register].replicate(field.bits)
            data = access.write_data[place]
            if field.access is Access.RW:
                m.d.sync += value.eq((value & ~chosen) | (data & chosen))
            elif field.access is Access.W1C:
                m.d.sync += value.eq((value & ~(data & chosen)) | getattr(self, f"{name}_set"))
            else:
                m.d.sync += value.eq(data & chosen)
        return m
