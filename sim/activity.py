"""Switching activity of a netlist: how many bits of it change per image.

What is counted is the change of a net's settled value from one rising clock edge to the next: no delays, hence no
glitches. A net is the output of a cell; the clock, input and output pads do not count. What goes on inside a DSP block
or a block RAM is not seen, only its outputs are. The numbers compare designs of the same cells; they are no energy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lst_hw.synthesis import Netlist

GROUPS = {
    "array": "PE array",
    "weight_rom": "weight ROM",
    "frame_memory": "frame memory",
    "collector": "sums",
    "requantizer": "sums",
    "activation": "activation",
}
"""Blocks of the core and what their nets are counted as."""

OTHERS = "control"
"""What all other nets are counted as: controller, writer, streams, result."""

_PADS = ("IBUF", "OBUF", "BUFG")
_WORD = 64
_COUNTED = re.compile(r"TOGGLES (\d+) (\d+)")


@dataclass(frozen=True)
class Activity:
    """Nets of a design and their changes.

    Attributes
    ----------
    nets : dict
        Number of nets by group, in the order of :data:`GROUPS`, then :data:`OTHERS`.
    toggles : dict
        Bit changes per image by group.
    """

    nets: dict[str, int]
    toggles: dict[str, float]

    @property
    def total(self) -> float:
        """Bit changes per image."""
        return sum(self.toggles.values())


def group_of(cell: str) -> str:
    """What the nets of a cell are counted as, by the path in its name."""
    block = re.match(r"(?:\$flatten\\)?core\.\\?([a-z_]+?)(?:_\d+)*(?:\.|$)", cell)
    return GROUPS.get(block[1], OTHERS) if block else OTHERS


def nets_by_group(netlist: Netlist) -> dict[str, list[str]]:
    """Verilog names of all nets that cells drive, each once.

    Raises
    ------
    ValueError
        If the netlist is more than one module.
    """
    module = netlist.module
    if module is None:
        raise ValueError("Netlist must be flat")
    names: dict[int, str] = {}
    for name, net in module["netnames"].items():
        for place, bit in enumerate(net["bits"], net.get("offset", 0)):
            if isinstance(bit, int):
                names.setdefault(bit, f"\\{name} [{place}]" if len(net["bits"]) > 1 else f"\\{name} ")
    nets: dict[str, list[str]] = {group: [] for group in [*dict.fromkeys(GROUPS.values()), OTHERS]}
    for name, cell in module["cells"].items():
        if cell["type"] in _PADS:
            continue
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "output":
                nets[group_of(name)] += [names[bit] for bit in bits if isinstance(bit, int) and bit in names]
    return nets


def with_counters(netlist: Netlist) -> str:
    """The netlist's Verilog with counters that a simulation prints at its end."""
    nets, counting, printing = [], [], []
    for number, names in enumerate(nets_by_group(netlist).values()):
        nets.append(f"  reg [63:0] toggles_{number} = 0;")
        printing.append(f'    $display("TOGGLES {number} %0d", toggles_{number});')
        for start in range(0, len(names), _WORD):
            word = names[start : start + _WORD]
            now, before = f"nets_{number}_{start}", f"before_{number}_{start}"
            nets += [
                f"  wire [{len(word) - 1}:0] {now} = {{{', '.join(word)}}};",
                f"  reg [{len(word) - 1}:0] {before} = 0;",
            ]
            counting += [
                f"    if (aresetn) toggles_{number} = toggles_{number} + $countones({now} ^ {before});",
                f"    {before} = {now};",
            ]
    lines = [*nets, "  always @(posedge aclk) begin", *counting, "  end", "  final begin", *printing, "  end"]
    body, end, rest = netlist.verilog.rpartition("endmodule")
    return "\n".join([body, *lines, end + rest])


def counted(output: str, netlist: Netlist, images: int) -> Activity:
    """What the counters printed."""
    groups = nets_by_group(netlist)
    toggles = [0] * len(groups)
    for number, count in _COUNTED.findall(output):
        toggles[int(number)] = int(count)
    return Activity(
        {group: len(names) for group, names in groups.items()},
        {group: count / images for group, count in zip(groups, toggles, strict=True)},
    )
