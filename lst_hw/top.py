"""The top module: flat AXI4-Stream ports as Vivado expects them."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out

from .core import LSTCore
from .design import Design

NAME = "lst_accel"


def ports(design: Design) -> dict[str, Member]:
    """Ports of the top module, by name."""
    return {
        "aclk": In(1),
        "aresetn": In(1),
        "s_axis_tdata": In(design.stream_bits),
        "s_axis_tvalid": In(1),
        "s_axis_tready": Out(1),
        "s_axis_tlast": In(1),
        "m_axis_tdata": Out(32),
        "m_axis_tvalid": Out(1),
        "m_axis_tready": In(1),
        "m_axis_tlast": Out(1),
    }


class LSTAccel(wiring.Component):
    """AXI4-Stream accelerator, top module ``lst_accel``.

    Throughput and latency are those of :class:`~lst_hw.core.LSTCore`.

    Parameters
    ----------
    design : Design

    Members
    -------
    aclk : In(1)
        Clock.
    aresetn : In(1)
        Synchronous reset, active low.
    s_axis_tdata : In(stream_bits)
        Raw pixels, row by row, the first in the lowest byte.
    s_axis_tvalid, s_axis_tlast : In(1)
    s_axis_tready : Out(1)
    m_axis_tdata : Out(32)
        Class in bits 7..0, winning logit in 30..8, dropped-frame flag in 31.
    m_axis_tvalid, m_axis_tlast : Out(1)
    m_axis_tready : In(1)
    """

    def __init__(self, *, design: Design) -> None:
        self._core = LSTCore(design=design)
        super().__init__(ports(design))

    @property
    def core(self) -> LSTCore:
        """The accelerator inside."""
        return self._core

    def elaborate(self, platform: object) -> Module:
        """Name the core's streams and drive its clock domain."""
        m = Module()
        # The port itself is the domain's clock: an assignment in between would race in event simulators.
        m.domains.sync = sync = ClockDomain("sync")
        sync.clk = self.aclk
        m.d.comb += sync.rst.eq(~self.aresetn)

        m.submodules.core = core = self._core
        m.d.comb += [
            core.pixels.payload.value.eq(self.s_axis_tdata),
            core.pixels.payload.last.eq(self.s_axis_tlast),
            core.pixels.valid.eq(self.s_axis_tvalid),
            # Ready is a register's business during reset, but a reset of one cycle must not leak either.
            self.s_axis_tready.eq(core.pixels.ready & self.aresetn),
            self.m_axis_tdata.eq(core.results.payload.as_value()),
            self.m_axis_tvalid.eq(core.results.valid),
            self.m_axis_tlast.eq(core.results.valid),
            core.results.ready.eq(self.m_axis_tready),
        ]
        return m
