"""AXI4-Lite slave: turns the five channels into single-cycle accesses."""

from __future__ import annotations

from amaranth.hdl import Module, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .register_bank import access_signature
from .registers import ADDRESS_BITS, WORD_BITS, WORD_BYTES

OKAY = 0
"""BRESP and RRESP of every answer."""


def axi_lite_signature() -> wiring.Signature:
    """The five channels, from the master's side; names as in the specification.

    Members
    -------
    awaddr, araddr : Out(ADDRESS_BITS)
        Byte addresses.
    awprot, arprot : Out(3)
        Protection; the slave does not look at it.
    wdata : Out(32), wstrb : Out(4)
    rdata : In(32)
    bresp, rresp : In(2)
    awvalid, wvalid, arvalid : Out(1), bvalid, rvalid : In(1)
    awready, wready, arready : In(1), bready, rready : Out(1)
    """
    return wiring.Signature(
        {
            "awaddr": Out(ADDRESS_BITS),
            "awprot": Out(3),
            "awvalid": Out(1),
            "awready": In(1),
            "wdata": Out(WORD_BITS),
            "wstrb": Out(WORD_BYTES),
            "wvalid": Out(1),
            "wready": In(1),
            "bresp": In(2),
            "bvalid": In(1),
            "bready": Out(1),
            "araddr": Out(ADDRESS_BITS),
            "arprot": Out(3),
            "arvalid": Out(1),
            "arready": In(1),
            "rdata": In(WORD_BITS),
            "rresp": In(2),
            "rvalid": In(1),
            "rready": Out(1),
        }
    )


class AXILiteSlave(wiring.Component):
    """Accepts address and data of a write in any order, reads and writes at the same time.

    Every access is answered with OKAY, also one that meets no register: on a Zynq, SLVERR becomes a bus error that
    kills the process which asked. What went wrong shows in a sticky flag instead (``ERRORS.bad_access``).

    No output depends combinationally on an input of the bus, but for READY, which is low during reset.
    Latency: 1 cycle from the acceptance of an address to RVALID; 2 cycles from that of the later of address and data
    to BVALID. Throughput: one read and one write every 2 cycles.

    Members
    -------
    bus : In(axi_lite_signature)
    access : Out(access_signature)
        To the registers.
    """

    def __init__(self) -> None:
        super().__init__({"bus": In(axi_lite_signature()), "access": Out(access_signature())})

    def elaborate(self, platform: object) -> Module:
        """Build a buffer of one for each channel."""
        m = Module()
        bus, access = self.bus, self.access

        has_address, has_data = Signal(), Signal()
        m.d.comb += [
            bus.awready.eq(~has_address & ~ResetSignal()),
            bus.wready.eq(~has_data & ~ResetSignal()),
            bus.bresp.eq(OKAY),
            access.write.eq(has_address & has_data & ~bus.bvalid),
        ]
        with m.If(bus.awvalid & bus.awready):
            m.d.sync += [has_address.eq(1), access.write_address.eq(bus.awaddr)]
        with m.If(bus.wvalid & bus.wready):
            m.d.sync += [has_data.eq(1), access.write_data.eq(bus.wdata), access.write_strobe.eq(bus.wstrb)]
        with m.If(bus.bvalid & bus.bready):
            m.d.sync += bus.bvalid.eq(0)
        with m.If(access.write):
            m.d.sync += [has_address.eq(0), has_data.eq(0), bus.bvalid.eq(1)]

        m.d.comb += [
            bus.arready.eq(~bus.rvalid & ~ResetSignal()),
            bus.rresp.eq(OKAY),
            access.read.eq(bus.arvalid & bus.arready),
            access.read_address.eq(bus.araddr),
        ]
        with m.If(bus.rvalid & bus.rready):
            m.d.sync += bus.rvalid.eq(0)
        with m.If(access.read):
            m.d.sync += [bus.rvalid.eq(1), bus.rdata.eq(access.read_data)]
        return m
