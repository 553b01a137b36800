"""The top module: flat AXI ports as Vivado expects them."""

from __future__ import annotations

from amaranth.hdl import ClockDomain, Module, ResetInserter
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Member, Out

from .axi_lite import axi_lite_signature
from .control import Control
from .core import LSTCore
from .design import Design

NAME = "lst_accel"


CONTROL_PORTS = {
    **{f"s_axi_{name}": member.flip() for name, member in axi_lite_signature().members.items()},
    "irq": Out(1),
}
"""Ports that come with the control registers."""


def ports(design: Design) -> dict[str, Member]:
    """Ports of a design's top module, by name."""
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
        **(CONTROL_PORTS if design.axi_lite else {}),
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
    s_axi_* : In or Out
        With ``design.axi_lite``: AXI4-Lite slave, as :func:`~lst_hw.axi_lite.axi_lite_signature` lists it.
    irq : Out(1)
        With ``design.axi_lite``: interrupt.
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

        if self._core.design.axi_lite:
            core = self._controlled(m)
        else:
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

    def _controlled(self, m: Module) -> Control:
        """The core behind its control registers, which have the same two streams."""
        core = self._core
        m.submodules.control = control = Control(design=core.design)
        m.submodules.core = ResetInserter(control.core_reset)(core)
        wiring.connect(m, control.core_pixels, core.pixels)
        wiring.connect(m, core.results, control.core_results)
        wiring.connect(m, core.events, control.core_events)
        for name, member in axi_lite_signature().members.items():
            port, inner = getattr(self, f"s_axi_{name}"), getattr(control.bus, name)
            m.d.comb += inner.eq(port) if member.flow is Out else port.eq(inner)
        m.d.comb += self.irq.eq(control.irq)
        return control
