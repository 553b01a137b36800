"""The interfaces that Vivado finds in a module's port names when it packages an IP core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

AXI_STREAM = frozenset({"tdata", "tvalid", "tready", "tlast"})
AXI4_LITE = frozenset(
    {"awaddr", "awprot", "awvalid", "awready", "wdata", "wstrb", "wvalid", "wready", "bresp", "bvalid", "bready"}
    | {"araddr", "arprot", "arvalid", "arready", "rdata", "rresp", "rvalid", "rready"}
)
"""Names behind the bus's own name, as in ``s_axis_tdata``."""

CLOCK = "aclk"
RESET = "aresetn"
INTERRUPT = "irq"


@dataclass(frozen=True)
class Interfaces:
    """What a block design can connect.

    Attributes
    ----------
    buses : dict of str to frozenset
        Signals of each bus, :data:`AXI_STREAM` or :data:`AXI4_LITE`, by the bus's name; in the order of the ports.
    interrupt : str
        Name of the interrupt, empty if there is none.
    """

    buses: dict[str, frozenset[str]]
    interrupt: str

    @property
    def control_bus(self) -> str:
        """Name of the AXI4-Lite bus, empty if there is none."""
        return next((name for name, signals in self.buses.items() if signals == AXI4_LITE), "")


def find_interfaces(ports: Sequence[dict[str, Any]]) -> Interfaces:
    """Group ports by bus.

    Parameters
    ----------
    ports : sequence of dict
        As in the manifest of :func:`~lst_hw.generate.generate`.

    Raises
    ------
    ValueError
        If a port belongs to no bus, a bus lacks a signal, or clock or reset is missing.
    """
    names = [port["name"] for port in ports]
    for needed in (CLOCK, RESET):
        if needed not in names:
            raise ValueError(f"Port {needed!r} is missing")
    signals: dict[str, set[str]] = {}
    for name in names:
        bus, _, signal = name.rpartition("_")
        if bus:
            signals.setdefault(bus, set()).add(signal)
        elif name not in (CLOCK, RESET, INTERRUPT):
            raise ValueError(f"Port {name!r} belongs to no bus")
    for bus, found in signals.items():
        if found not in (AXI_STREAM, AXI4_LITE):
            raise ValueError(f"Bus {bus!r} is neither AXI4-Stream nor AXI4-Lite: {', '.join(sorted(found))}")
    return Interfaces(
        buses={bus: frozenset(found) for bus, found in signals.items()},
        interrupt=INTERRUPT if INTERRUPT in names else "",
    )
