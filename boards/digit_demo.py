"""Test digits in a ROM, run through the accelerator at the push of a button."""

from __future__ import annotations

from collections.abc import Sequence

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from lst_hw.core import LSTCore
from lst_hw.design import Design

SWITCHES = 4
DIGITS = 1 << SWITCHES
"""Images in the ROM, one for each position of the switches."""


class DigitDemo(wiring.Component):
    """Classifies the chosen image and compares the result beat, class and logit, with the expected one.

    Latency: that of the accelerator, and a few cycles for synchroniser and ROM. Throughput: one image per push. A
    button that bounces starts the same image again, which shows the same result, so nothing debounces it.

    Parameters
    ----------
    design : Design
    images : sequence of :data:`DIGITS` sequences of int
        Pixels of each, row by row.
    expected : sequence of :data:`DIGITS` ints
        Result beat of each.

    Members
    -------
    switches : In(4)
        Which image; asynchronous.
    button : In(1)
        Starts; asynchronous, active high.
    winner : Out(8)
        Class of the image; 0 until there is one.
    passed, failed : Out(1)
        The result is the expected one, or is not; both low until there is one.

    Raises
    ------
    ValueError
        If there are more or fewer images or expected beats, or an image has another number of pixels.
    """

    def __init__(self, *, design: Design, images: Sequence[Sequence[int]], expected: Sequence[int]) -> None:
        self._pixels = design.network.rows * design.network.columns
        if len(images) != DIGITS or len(expected) != DIGITS:
            raise ValueError(f"The demo needs {DIGITS} images and results, not {len(images)} and {len(expected)}")
        for index, image in enumerate(images):
            if len(image) != self._pixels:
                raise ValueError(f"Image {index} has {len(image)} pixels instead of {self._pixels}")
        self._images = [list(image) for image in images]
        self._expected = list(expected)
        self._design = design
        super().__init__(
            {
                "switches": In(SWITCHES),
                "button": In(1),
                "winner": Out(8),
                "passed": Out(1),
                "failed": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        """Read the ROM into the accelerator, and check what comes out."""
        m = Module()
        m.submodules.core = core = LSTCore(design=self._design)

        # Each image starts at a power of two, so that switches and counter side by side are the address.
        index_bits = max(1, (self._pixels - 1).bit_length())
        padding = [0] * ((1 << index_bits) - self._pixels)
        rom = [pixel for image in self._images for pixel in image + padding]
        m.submodules.image_rom = image_rom = Memory(
            shape=8, depth=len(rom), init=rom, attrs={"rom_style": "block", "ram_style": "block"}
        )
        m.submodules.expected_rom = expected_rom = Memory(shape=32, depth=DIGITS, init=self._expected)
        pixel_port = image_rom.read_port(domain="sync")
        expected_port = expected_rom.read_port(domain="sync")

        switches, button, button_before = Signal(SWITCHES), Signal(), Signal()
        m.submodules.switches = FFSynchronizer(self.switches, switches)
        m.submodules.button = FFSynchronizer(self.button, button)
        m.d.sync += button_before.eq(button)

        chosen, index = Signal(SWITCHES), Signal(index_bits)
        busy, reading = Signal(), Signal()
        with m.If(button & ~button_before & ~busy):
            m.d.sync += [chosen.eq(switches), index.eq(0), busy.eq(1), reading.eq(1)]
            m.d.sync += [self.winner.eq(0), self.passed.eq(0), self.failed.eq(0)]

        advance = Signal()
        m.d.comb += [
            advance.eq(~core.pixels.valid | core.pixels.ready),
            pixel_port.en.eq(advance),
            pixel_port.addr.eq(Cat(index, chosen)),
            core.pixels.payload.value.eq(pixel_port.data),
            expected_port.addr.eq(chosen),
            core.results.ready.eq(1),
        ]
        with m.If(advance):
            m.d.sync += [core.pixels.valid.eq(reading), core.pixels.payload.last.eq(index == self._pixels - 1)]
            with m.If(reading):
                m.d.sync += index.eq(index + 1)
                with m.If(index == self._pixels - 1):
                    m.d.sync += reading.eq(0)

        with m.If(core.results.valid):
            right = core.results.payload.as_value() == expected_port.data
            m.d.sync += [busy.eq(0), self.winner.eq(core.results.payload.winner)]
            m.d.sync += [self.passed.eq(right), self.failed.eq(~right)]
        return m
