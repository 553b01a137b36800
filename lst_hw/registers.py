"""The register map of the AXI4-Lite port, described once.

Hardware (:mod:`~lst_hw.register_bank`), documentation, C header and the Python driver's offsets
(:mod:`~lst_hw.register_texts`) all come from :data:`REGISTERS`. Nothing in this module needs torch.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from amaranth.hdl import Shape, signed, unsigned

WORD_BITS = 32
WORD_BYTES = WORD_BITS // 8

ADDRESS_BITS = 12
"""Byte address: one page of 4 KiB, the smallest range that an interconnect assigns."""

IDENTITY = 0x4C53_5441
"""``LSTA`` in ASCII."""

MAP_VERSION = (1, 0)
"""Major and minor version of this map. A new major number means that old drivers do not fit."""


class Access(enum.Enum):
    """What the bus may do with a field."""

    RO = "ro"
    """Read only: the hardware drives it."""
    RW = "rw"
    """Read and write: the hardware sees it."""
    W1C = "w1c"
    """Sticky flag: an event sets it, writing 1 clears it; an event in the same cycle wins."""
    PULSE = "w1s"
    """Writing 1 starts an action of one cycle; reads as 0."""


@dataclass(frozen=True)
class Field:
    """Neighbouring bits of a register with one meaning.

    Attributes
    ----------
    name : str
        Lower case.
    lsb, bits : int
        Place and width.
    access : Access
    doc : str
        One sentence.
    reset : int, optional
        Value after a reset; None where it depends on the design.
    is_signed : bool
        Two's complement.
    """

    name: str
    lsb: int
    bits: int
    access: Access
    doc: str
    reset: int | None = 0
    is_signed: bool = False

    @property
    def shape(self) -> Shape:
        """Shape in hardware."""
        return signed(self.bits) if self.is_signed else unsigned(self.bits)

    @property
    def mask(self) -> int:
        """Its bits within the register."""
        return ((1 << self.bits) - 1) << self.lsb


@dataclass(frozen=True)
class Register:
    """A 32-bit word.

    Attributes
    ----------
    offset : int
        Byte address, a multiple of 4.
    name : str
        Upper case.
    doc : str
        One line.
    fields : tuple of Field
        From the lowest bit up.

    Raises
    ------
    ValueError
        If the offset is not a word of the page, or fields overlap or do not fit.
    """

    offset: int
    name: str
    doc: str
    fields: tuple[Field, ...]

    def __post_init__(self) -> None:
        if self.offset % WORD_BYTES or not 0 <= self.offset < 1 << ADDRESS_BITS:
            raise ValueError(
                f"Offset of {self.name} must be a word address below {1 << ADDRESS_BITS}, not {self.offset!r}"
            )
        end = 0
        for field in self.fields:
            if field.lsb < end or field.lsb + field.bits > WORD_BITS:
                raise ValueError(f"Field {field.name} of {self.name} overlaps another, or does not fit 32 bits")
            end = field.lsb + field.bits

    @property
    def is_writable(self) -> bool:
        """A write may change something."""
        return any(field.access is not Access.RO for field in self.fields)

    @property
    def reset(self) -> int | None:
        """Value after a reset; None where it depends on the design."""
        values = [field.reset for field in self.fields]
        if None in values:
            return None
        return sum(((field.reset or 0) << field.lsb) & field.mask for field in self.fields)


def _word(offset: int, name: str, doc: str, reset: int | None = 0) -> Register:
    """A read-only register with a single field."""
    return Register(offset, name, doc, (Field("value", 0, WORD_BITS, Access.RO, doc, reset),))


def _flag(name: str, bit: int, access: Access, doc: str, reset: int = 0) -> Field:
    return Field(name, bit, 1, access, doc, reset)


def _causes(access: Access) -> tuple[Field, ...]:
    """What can raise ``irq``."""
    return (
        _flag("frame_done", 0, access, "A result came on offer."),
        _flag("frame_dropped", 1, access, "A short or long frame was dropped."),
    )


REGISTERS = (
    _word(0x00, "ID", "Says that this is an LST accelerator: `LSTA` in ASCII.", IDENTITY),
    Register(
        0x04,
        "VERSION",
        "Version of this register map.",
        (
            Field("minor", 0, 16, Access.RO, "Counts additions.", MAP_VERSION[1]),
            Field("major", 16, 16, Access.RO, "Counts changes that old drivers do not survive.", MAP_VERSION[0]),
        ),
    ),
    _word(0x08, "WEIGHTS_HASH", "First 32 bits of the network's SHA-256, `weights_hash` in the manifest.", None),
    Register(
        0x0C,
        "INPUT_SIZE",
        "Size of an image.",
        (
            Field("rows", 0, 16, Access.RO, "Rows of pixels.", None),
            Field("columns", 16, 16, Access.RO, "Pixels in a row.", None),
        ),
    ),
    _word(0x10, "CLASSES", "Number of classes.", None),
    _word(0x14, "STREAM_BITS", "Width of `s_axis_tdata`.", None),
    Register(
        0x18,
        "CONTROL",
        "What the accelerator shall do.",
        (
            _flag("enable", 0, Access.RW, "Take frames; when cleared, the frame under way is still finished.", 1),
            _flag("soft_reset", 1, Access.PULSE, "Forget all frames under way; a result on offer stays."),
            _flag("clear_counters", 2, Access.PULSE, "Set FRAMES and the counters of frames without result to 0."),
        ),
    ),
    Register(
        0x1C,
        "STATUS",
        "What the accelerator is doing.",
        (
            _flag("busy", 0, Access.RO, "A frame has begun and has no result yet."),
            _flag("receiving", 1, Access.RO, "A frame has begun on `s_axis` and its TLAST has not come yet."),
            _flag("result", 2, Access.RO, "A result is on offer on `m_axis`."),
        ),
    ),
    Register(
        0x20,
        "ERRORS",
        "Sticky error flags.",
        (
            _flag("short_frame", 0, Access.W1C, "TLAST came before a frame's last pixel."),
            _flag("long_frame", 1, Access.W1C, "TLAST did not come with a frame's last pixel."),
            _flag("bad_access", 2, Access.W1C, "A read of no register, or a write to none or to a read-only one."),
        ),
    ),
    Register(
        0x24,
        "IRQ_ENABLE",
        "Which causes raise `irq`.",
        _causes(Access.RW),
    ),
    Register(
        0x28,
        "IRQ_STATUS",
        "Causes since they were cleared, enabled or not; `irq` is high while an enabled one is set.",
        _causes(Access.W1C),
    ),
    _word(0x2C, "FRAMES", "Results offered, modulo 2^32."),
    _word(0x30, "CYCLES", "Cycles from the last frame's first beat, or the result before it, to its result."),
    _word(0x34, "SHORT_FRAMES", "Short frames, modulo 2^32."),
    _word(0x38, "LONG_FRAMES", "Long frames, modulo 2^32."),
    _word(0x3C, "DROPPED_FRAMES", "Frames without a result: short, long, or under way at a soft reset; modulo 2^32."),
    Register(
        0x40,
        "LAST_RESULT",
        "The last result offered, as on `m_axis_tdata`; class and logit always belong together.",
        (
            Field("class", 0, 8, Access.RO, "Winning class."),
            Field("logit", 8, 23, Access.RO, "Its logit.", is_signed=True),
            _flag("dropped", 31, Access.RO, "Malformed frames came before it."),
        ),
    ),
)
"""The register map."""


def fields(registers: tuple[Register, ...] = REGISTERS) -> Iterator[tuple[Register, Field, str]]:
    """Every field, with its register and a name that no other has."""
    for register in registers:
        for field in register.fields:
            name = register.name if field.name == "value" else f"{register.name}_{field.name}"
            yield register, field, name.lower()
