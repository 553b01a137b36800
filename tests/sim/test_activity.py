"""Switching activity: which nets count, as what, and how often they change."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from drivers.tools import require_tool

from lst_hw.synthesis import Area, Netlist
from sim.activity import GROUPS, OTHERS, Activity, counted, group_of, nets_by_group, with_counters

CYCLES = 20

NETLIST = Netlist(
    """
module lst_accel(input aclk, input aresetn, output out);
  reg [3:2] \\core.array.count = 0;
  reg \\core.requantizer_0.$flop = 0;
  wire \\core.x = \\core.array.count [2];
  assign out = \\core.x ;
  always @(posedge aclk) begin
    if (aresetn) \\core.array.count <= \\core.array.count + 1;
    \\core.requantizer_0.$flop <= ~\\core.requantizer_0.$flop ;
  end
endmodule
""",
    Area(0, 3, 0, 0, "none"),
    {
        "netnames": {
            "aclk": {"bits": [2]},
            "out": {"bits": [9]},
            "core.array.count": {"bits": [4, 5], "offset": 2},
            "core.x": {"bits": [4]},
            "core.requantizer_0.$flop": {"bits": [6]},
        },
        "cells": {
            "$flatten\\core.\\array.$abc$1": {
                "type": "FDRE",
                "port_directions": {"C": "input", "Q": "output"},
                "connections": {"C": [2], "Q": [4, 5, "0"]},
            },
            "core.requantizer_0.ff": {"type": "FDRE", "port_directions": {"Q": "output"}, "connections": {"Q": [6]}},
            "pad": {"type": "OBUF", "port_directions": {"O": "output"}, "connections": {"O": [9]}},
        },
    },
)
BENCH = f"""
module bench;
  reg aclk = 0, aresetn = 0;
  lst_accel dut(.aclk(aclk), .aresetn(aresetn), .out());
  always #5 aclk = ~aclk;
  initial begin
    repeat (3) @(negedge aclk);
    aresetn = 1;
    repeat ({CYCLES}) @(negedge aclk);
    $finish;
  end
endmodule
"""


@pytest.mark.parametrize(
    ("cell", "group"),
    [
        ("$flatten\\core.\\array.$auto$ff.cc:1$2", "PE array"),
        ("$flatten\\core.\\array.\\pe_3.$abc$4", "PE array"),
        ("core.array.signs.x", "PE array"),
        ("core.weight_rom.bank_0.memory", "weight ROM"),
        ("core.frame_memory.ram", "frame memory"),
        ("$flatten\\core.\\requantizer_12.$abc$4", "sums"),
        ("core.activation_0.unit_1.rom", "activation"),
        ("core.controller.x", OTHERS),
        ("$flatten\\core.$auto$ff", OTHERS),
        ("$abc$43901$lut", OTHERS),
    ],
)
def test_a_cell_counts_as_what_its_block_does(cell: str, group: str) -> None:
    assert group_of(cell) == group


def test_each_net_that_a_cell_drives_counts_once_and_pads_do_not() -> None:
    nets = nets_by_group(NETLIST)
    assert list(nets) == [*dict.fromkeys(GROUPS.values()), OTHERS]
    assert [name.split() for name in nets["PE array"]] == [["\\core.array.count", "[2]"], ["\\core.array.count", "[3]"]]
    assert nets["sums"] == ["\\core.requantizer_0.$flop "]
    assert sum(map(len, nets.values())) == 3


def test_nets_are_those_of_one_module() -> None:
    with pytest.raises(ValueError, match="Netlist must be flat"):
        nets_by_group(Netlist("", NETLIST.area))


def test_changes_are_counted_from_edge_to_edge_once_the_reset_is_over(tmp_path: Path) -> None:
    (tmp_path / "bench.v").write_text(BENCH + with_counters(NETLIST))
    command = [
        require_tool("verilator"),
        "--binary",
        "-Wno-fatal",
        "-Wno-lint",
        "--top-module",
        "bench",
        "-o",
        "bench",
        "bench.v",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    run = subprocess.run(["obj_dir/bench"], cwd=tmp_path, check=True, capture_output=True, text=True)
    activity = counted(run.stdout, NETLIST, images=2)
    assert activity.nets == {**dict.fromkeys(activity.nets, 0), "PE array": 2, "sums": 1}
    # What the last edge changes is seen by no further one; the first after the reset sees the flop's change before it.
    low, high = CYCLES - 1, (CYCLES - 1) // 2
    assert activity.toggles == {**dict.fromkeys(activity.nets, 0), "PE array": (low + high) / 2, "sums": CYCLES / 2}


def test_the_total_is_that_of_all_groups() -> None:
    assert Activity({"a": 1, "b": 1}, {"a": 1.5, "b": 2.0}).total == 3.5
