"""``lst-hw netlist``: what it prints of a run. The run itself is tested in ``tests/sim``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lst_hw.synthesis import Area, Netlist
from sim.activity import Activity
from sim.netlist import NetlistRun

Cli = Callable[..., Any]

NETLIST = Netlist("module lst_accel; endmodule\n", Area(1234, 56, 7, 8, "0.0"))
ACTIVITY = Activity({"PE array": 1000, "control": 20}, {"PE array": 4321.4, "control": 10.0})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A synthesis that takes no time; whether the activity was asked for."""
    calls: list[bool] = []

    def run(quantized: Any, design: Any, images: Any, *, activity: bool) -> NetlistRun:
        calls.append(activity)
        return NetlistRun(NETLIST, len(images), 0, 9999, ACTIVITY if activity else None)

    monkeypatch.setattr("lst_hw.cli.netlist.run_netlist", run)
    monkeypatch.setattr("lst_hw.cli.netlist.check_installed", lambda measurement: None)
    return calls


def test_it_prints_the_area_and_whether_all_results_are_right(cli: Cli, mnist_dir: Path, asked: list[bool]) -> None:
    done = cli("netlist", "--images", 3, "--data-dir", mnist_dir)
    assert done.code == 0
    assert "3 images (MNIST test set) through the netlist, 0 wrong" in done.out
    assert "1,234 LUT, 56 FF, 7 RAMB18, 8 DSP\nOK: 9,999 cycles" in done.out
    assert "changes" not in done.out
    assert asked == [False]


def test_the_activity_is_a_table_with_the_operations_below(cli: Cli, mnist_dir: Path, asked: list[bool]) -> None:
    done = cli("netlist", "--images", 3, "--data-dir", mnist_dir, "--activity")
    lines = [line.split() for line in done.out.splitlines()]
    assert ["PE", "array", "1,000", "4,321"] in lines
    assert ["total", "1,020", "4,331"] in lines
    assert "51,744 multiplications, 53,322 additions, 67,732 weights from the ROM per image" in done.out
    assert asked == [True]


def test_json_holds_the_same_and_the_netlist_goes_into_its_file(
    cli: Cli, mnist_dir: Path, tmp_path: Path, asked: list[bool]
) -> None:
    words = ("--images", 3, "--data-dir", mnist_dir, "--activity", "--json", "-", "-o", "netlist.v")
    content = json.loads(cli("netlist", *words).out)
    assert content["area"] == {"lut": 1234, "ff": 56, "ramb18": 7, "dsp": 8, "yosys": "0.0"}
    assert (content["nets"], content["toggles_per_image"]) == (ACTIVITY.nets, ACTIVITY.toggles)
    assert (content["multiplications"], content["images"]) == (51744, 3)
    assert (tmp_path / "netlist.v").read_text() == NETLIST.verilog
    assert asked == [True]
