"""Digilent Zybo Z7 as Amaranth platforms, in the form of amaranth-boards.

Pins are those of Digilent's master constraints for revision B, which the Z7-10 and the Z7-20 share. The Pcam
connector is left out: its pins need a D-PHY receiver rather than plain buffers. The board's USB UART hangs on the
processing system and cannot be reached from here.
"""

from __future__ import annotations

import os
import subprocess
from typing import Any

from amaranth.build import Attrs, Clock, Connector, DiffPairs, Pins, PinsN, Resource, Subsignal
from amaranth.vendor import XilinxPlatform
from amaranth_boards.resources import ButtonResources, I2CResource, LEDResources, RGBLEDResource, SwitchResources

__all__ = ["ZyboZ710Platform", "ZyboZ720Platform"]


class _ZyboZ7Platform(XilinxPlatform):
    package = "clg400"
    speed = "1"
    default_clk = "clk125"
    resources = [  # noqa: RUF012
        # The Ethernet PHY makes this clock; it stops while the PHY is in reset (eth_phy.rst).
        Resource("clk125", 0, Pins("K17", dir="i"), Clock(125e6), Attrs(IOSTANDARD="LVCMOS33")),
        *SwitchResources(pins="G15 P15 W13 T16", attrs=Attrs(IOSTANDARD="LVCMOS33")),
        *ButtonResources(pins="K18 P16 K19 Y16", attrs=Attrs(IOSTANDARD="LVCMOS33")),
        *LEDResources(pins="M14 M15 G14 D18", attrs=Attrs(IOSTANDARD="LVCMOS33")),
        RGBLEDResource(0, r="V16", g="F17", b="M17", attrs=Attrs(IOSTANDARD="LVCMOS33")),  # LD6
        Resource(
            "audio",  # SSM2603
            0,
            Subsignal("mclk", Pins("R17", dir="o")),
            Subsignal("bclk", Pins("R19", dir="io")),
            Subsignal("mute", PinsN("P18", dir="o")),
            Subsignal("pbdat", Pins("R18", dir="o")),
            Subsignal("pblrc", Pins("T19", dir="io")),
            Subsignal("recdat", Pins("R16", dir="i")),
            Subsignal("reclrc", Pins("Y18", dir="io")),
            Attrs(IOSTANDARD="LVCMOS33"),
        ),
        I2CResource("audio_i2c", 0, scl="N18", sda="N17", attrs=Attrs(IOSTANDARD="LVCMOS33")),
        Resource(
            "eth_phy",
            0,
            Subsignal("int", PinsN("F16", dir="i"), Attrs(PULLUP="TRUE")),
            Subsignal("rst", PinsN("E17", dir="o")),
            Attrs(IOSTANDARD="LVCMOS33"),
        ),
        Resource("usb_otg_oc", 0, Pins("U13", dir="i"), Attrs(IOSTANDARD="LVCMOS33")),
        Resource("crypto_sda", 0, Pins("P19", dir="io"), Attrs(IOSTANDARD="LVCMOS33")),
        Resource(
            "hdmi_tx",  # J5
            0,
            Subsignal("cec", Pins("E19", dir="io"), Attrs(IOSTANDARD="LVCMOS33")),
            Subsignal("clk", DiffPairs("H16", "H17", dir="o"), Attrs(IOSTANDARD="TMDS_33")),
            Subsignal("d", DiffPairs("D19 C20 B19", "D20 B20 A20", dir="o"), Attrs(IOSTANDARD="TMDS_33")),
            Subsignal("hpd", Pins("E18", dir="i"), Attrs(IOSTANDARD="LVCMOS33")),
            Subsignal("scl", Pins("G17", dir="io"), Attrs(IOSTANDARD="LVCMOS33")),
            Subsignal("sda", Pins("G18", dir="io"), Attrs(IOSTANDARD="LVCMOS33")),
        ),
        Resource(
            "hdmi_rx",  # J4
            0,
            Subsignal("clk", DiffPairs("U18", "U19", dir="i"), Attrs(IOSTANDARD="TMDS_33")),
            Subsignal("d", DiffPairs("V20 T20 N20", "W20 U20 P20", dir="i"), Attrs(IOSTANDARD="TMDS_33")),
            Subsignal("hpd", Pins("W19", dir="o"), Attrs(IOSTANDARD="LVCMOS33")),
            Subsignal("scl", Pins("W18", dir="io"), Attrs(IOSTANDARD="LVCMOS33")),
            Subsignal("sda", Pins("Y19", dir="io"), Attrs(IOSTANDARD="LVCMOS33")),
        ),
    ]
    connectors = [  # noqa: RUF012
        Connector("pmod", 0, "N15 L14 K16 K14 - - N16 L15 J16 J14 - -"),  # JA (XADC)
        Connector("pmod", 2, "V15 W15 T11 T10 - - W14 Y14 T12 U12 - -"),  # JC
        Connector("pmod", 3, "T14 T15 P14 R14 - - U14 U15 V17 V18 - -"),  # JD
        Connector("pmod", 4, "V12 W16 J15 H15 - - V13 U17 T17 Y17 - -"),  # JE
    ]

    @property
    def required_tools(self) -> list[str]:
        """Programs that building and programming need."""
        return [*super().required_tools, "openFPGALoader"]

    def toolchain_program(self, products: Any, name: str) -> None:
        """Load the bitstream through the board's USB port."""
        loader = os.environ.get("OPENFPGALOADER", "openFPGALoader")
        with products.extract(f"{name}.bit") as bitstream:
            subprocess.run([loader, "-b", self._loader_board, bitstream], check=True)


class ZyboZ710Platform(_ZyboZ7Platform):
    """Zybo Z7-10: XC7Z010."""

    device = "xc7z010"
    _loader_board = "zybo_z7_10"


class ZyboZ720Platform(_ZyboZ7Platform):
    """Zybo Z7-20: XC7Z020, with a second RGB LED, Pmod JB, a fan connector and CEC on the HDMI input."""

    device = "xc7z020"
    _loader_board = "zybo_z7_20"
    resources = [  # noqa: RUF012
        *_ZyboZ7Platform.resources,
        RGBLEDResource(1, r="Y11", g="T5", b="Y12", attrs=Attrs(IOSTANDARD="LVCMOS33")),  # LD5
        Resource("hdmi_rx_cec", 0, Pins("Y8", dir="io"), Attrs(IOSTANDARD="LVCMOS33")),
        Resource("fan", 0, Subsignal("fb", Pins("Y13", dir="i")), Attrs(IOSTANDARD="LVCMOS33", PULLUP="TRUE")),
    ]
    connectors = [  # noqa: RUF012
        *_ZyboZ7Platform.connectors,
        Connector("pmod", 1, "V8 W8 U7 V7 - - Y7 Y6 V6 W6 - -"),  # JB
    ]
