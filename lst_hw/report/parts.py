"""What a design is measured against: the parts it may go into, and the published accelerator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resources:
    """Resources of a part, or cells of a design, of the Xilinx 7 series.

    Attributes
    ----------
    name : str
        For people.
    lut, ff : int
    ramb18 : int
        Block RAM halves.
    dsp : int
        DSP48E1.
    """

    name: str
    lut: int
    ff: int
    ramb18: int
    dsp: int


PARTS = (
    Resources("XC7Z010 (Zybo Z7-10)", 17_600, 35_200, 120, 80),
    Resources("XC7Z020 (Zybo Z7-20)", 53_200, 106_400, 280, 220),
)
"""Xilinx DS190, "Zynq-7000 SoC Data Sheet: Overview"."""

PUBLISHED = Resources("published LST-1-28, Q5.7", 6_473, 680, 29, 0)
"""The accelerator of arXiv 2505.06578 on an XC7Z010, by Vivado 2023.2."""
