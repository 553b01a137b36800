"""``lst-hw simulate``: results per image, waveform, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_it_lists_class_logit_and_cycles_of_each_image(cli: Cli, mnist_dir: Path) -> None:
    done = cli("simulate", "--images", 3, "--data-dir", mnist_dir)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["image", "label", "class", "logit", "cycles", "latency"]
    assert [line.split()[1:3] for line in lines[1:4]] == [["7", "7"], ["2", "2"], ["1", "1"]]
    assert all(line.split()[4:6] == ["2419", "2423"] for line in lines[1:4])
    assert lines[4] == "3 of 3 right (100.00%), MNIST test set"


def test_json_holds_the_same(cli: Cli, mnist_dir: Path) -> None:
    done = cli("simulate", "--images", 2, "--data-dir", mnist_dir, "--json", "-")
    content = json.loads(done.out)
    assert content["images"] == 2
    assert [result["class"] for result in content["results"]] == [7, 2]
    assert {result["cycles"] for result in content["results"]} == {2419}


@pytest.mark.parametrize("engine", ["cxxrtl", "amaranth"])
def test_a_waveform_comes_with_a_save_file_that_names_its_signals(
    cli: Cli, mnist_dir: Path, tmp_path: Path, engine: str
) -> None:
    done = cli("simulate", "--images", 1, "--data-dir", mnist_dir, "--vcd", "a.vcd", "--engine", engine)
    assert done.code == 0
    waveform, save = (tmp_path / "a.vcd").read_text(), (tmp_path / "a.gtkw").read_text()
    assert "$enddefinitions" in waveform
    for signal in ("s_axis_tdata", "m_axis_tvalid", "trace__write_data", "trace__logit"):
        assert signal in save
        assert signal in waveform


def test_all_cannot_be_exceeded(cli: Cli, mnist_dir: Path) -> None:
    done = cli("simulate", "--images", 10001, "--data-dir", mnist_dir)
    assert done.code == 2
    assert "choose 1 to 10000, or all" in done.err
