"""The port names of the IP core, as Vivado reads them."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.networks import network, quantized

from boards.vivado.interfaces import AXI4_LITE, AXI_STREAM, find_interfaces
from lst_hw.design import Design
from lst_hw.generate import port_list

CASE = quantized(network(3, 4, (5, 2), classes=4))


def ports(*names: str) -> list[dict[str, Any]]:
    return [{"name": name} for name in ("aclk", "aresetn", *names)]


def test_the_accelerator_has_two_streams() -> None:
    found = find_interfaces(port_list(Design.of(CASE)))
    assert found.buses == {"s_axis": AXI_STREAM, "m_axis": AXI_STREAM}
    assert (found.control_bus, found.interrupt) == ("", "")


def test_with_registers_it_has_a_control_bus_and_an_interrupt() -> None:
    found = find_interfaces(port_list(Design.of(CASE, axi_lite=True)))
    assert found.buses == {"s_axis": AXI_STREAM, "m_axis": AXI_STREAM, "s_axi": AXI4_LITE}
    assert (found.control_bus, found.interrupt) == ("s_axi", "irq")


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (("s_axis_tdata", "s_axis_tvalid", "s_axis_tready"), "Bus 's_axis' is neither .*: tdata, tready, tvalid"),
        (("s_axis__payload",), "Bus 's_axis_' is neither"),
        (("led",), "Port 'led' belongs to no bus"),
    ],
)
def test_a_port_that_vivado_would_leave_alone_is_refused(names: tuple[str, ...], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        find_interfaces(ports(*names))


def test_clock_and_reset_must_be_there() -> None:
    with pytest.raises(ValueError, match="Port 'aresetn' is missing"):
        find_interfaces([{"name": "aclk"}])
