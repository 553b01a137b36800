"""The boards that the command line knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amaranth.build import Attrs, Pins, Resource, Subsignal
from amaranth.hdl import Elaboratable
from amaranth_boards.ulx3s import ULX3S_12F_Platform, ULX3S_25F_Platform, ULX3S_45F_Platform, ULX3S_85F_Platform

from lst_model.errors import InputError

from .clock import XilinxPLL
from .zybo_z7 import ZyboZ710Platform, ZyboZ720Platform

ZYBO_CLOCK_HZ = 125e6

PMOD_JC_UART = Resource(
    "uart",
    0,
    Subsignal("tx", Pins("2", dir="o", conn=("pmod", 2))),
    # A line that nothing is plugged into is idle.
    Subsignal("rx", Pins("3", dir="i", conn=("pmod", 2)), Attrs(PULLUP="TRUE")),
    Attrs(IOSTANDARD="LVCMOS33"),
)
"""Upper row of Pmod JC in the order of Digilent's Pmod Interface Type 3 (UART), as on the Pmod USBUART."""


@dataclass(frozen=True)
class Resources:
    """What a part offers.

    Attributes
    ----------
    lut, ff, ramb18, dsp : int
    """

    lut: int
    ff: int
    ramb18: int
    dsp: int


@dataclass(frozen=True)
class Board:
    """A board and how the designs of this package are clocked on it.

    Attributes
    ----------
    name : str
        As the command line calls it.
    title : str
    part : str
        The FPGA, as its vendor's tool calls it.
    platform : callable
        Makes a fresh Amaranth platform; one serves a single build.
    clock_hz : float
        Frequency of ``sync``.
    clock : callable, optional
        Makes what drives ``sync``; without it the platform does, from its clock pin.
    uart : Resource, optional
        Serial line to add to the platform; without it the platform has one.
    resources : Resources, optional
        What the FPGA offers, for boards with a processing system, whose project this package writes.
    vivado_board : str, optional
        Vivado's name for the board, without the version.
    """

    name: str
    title: str
    part: str
    platform: Callable[[], Any]
    clock_hz: float
    clock: Callable[[], Elaboratable] | None = None
    uart: Resource | None = None
    resources: Resources | None = None
    vivado_board: str | None = None

    @property
    def uses_vivado(self) -> bool:
        """Whether Vivado makes its bitstreams; the others are made here."""
        return self.vivado_board is not None

    def make_platform(self) -> Any:
        """A fresh platform with a serial line."""
        platform = self.platform()
        if self.uart is not None:
            platform.add_resources([self.uart])
        return platform

    def make_clock(self) -> Elaboratable | None:
        """What drives ``sync``, if not the platform."""
        return None if self.clock is None else self.clock()


def _zybo(size: int, part: str, platform: Callable[[], Any], resources: Resources) -> Board:
    output_hz = 50e6
    return Board(
        name=f"zybo-z7-{size}",
        title=f"Digilent Zybo Z7-{size}",
        part=part,
        platform=platform,
        clock_hz=output_hz,
        clock=lambda: XilinxPLL(input_hz=ZYBO_CLOCK_HZ, output_hz=output_hz),
        uart=PMOD_JC_UART,
        resources=resources,
        vivado_board=f"digilentinc.com:zybo-z7-{size}:part0",
    )


def _ulx3s(name: str, size: str, platform: Callable[[], Any]) -> Board:
    return Board(name, f"Radiona ULX3S {size}", f"LFE5U-{size}-6BG381C", platform, clock_hz=25e6)


BOARDS = {
    board.name: board
    for board in (
        _zybo(10, "xc7z010clg400-1", ZyboZ710Platform, Resources(lut=17_600, ff=35_200, ramb18=120, dsp=80)),
        _zybo(20, "xc7z020clg400-1", ZyboZ720Platform, Resources(lut=53_200, ff=106_400, ramb18=280, dsp=220)),
        _ulx3s("ulx3s", "85F", ULX3S_85F_Platform),
        _ulx3s("ulx3s-45f", "45F", ULX3S_45F_Platform),
        _ulx3s("ulx3s-25f", "25F", ULX3S_25F_Platform),
        _ulx3s("ulx3s-12f", "12F", ULX3S_12F_Platform),
    )
}
"""Boards by name."""


def find(name: str) -> Board:
    """The board of that name.

    Raises
    ------
    InputError
        If there is none; the message lists those there are.
    """
    if name not in BOARDS:
        raise InputError(f"unknown board {name!r}: choose from {', '.join(BOARDS)}")
    return BOARDS[name]
