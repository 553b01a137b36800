# amaranth: UnusedElaboratable=no
"""The build folders of the board designs."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import numpy as np
import pytest
import torch
from drivers.networks import images, network, quantized
from drivers.pins import BENCHES, ask_serial, run_bench

from boards.build import build_plan, digit_top, serial_top
from boards.catalogue import BOARDS, Board
from lst_hw.design import Design
from lst_hw.result import result_beats
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.integer import IntegerLST

CASE = quantized(network(3, 4, (5, 2), classes=4), seed=1)
DESIGN = Design.of(CASE)
PIXELS = images(CASE.network, 16)
IMAGES = Images(PIXELS, np.zeros(16, np.int64), "test images", is_test=True)
RESULTS = IntegerLST(CASE)(torch.from_numpy(PIXELS))
BEATS = result_beats(DESIGN, RESULTS["logits"].numpy(), RESULTS["class"].numpy()).tolist()

ZYBO_BOARDS = [BOARDS["zybo-z7-10"], BOARDS["zybo-z7-20"]]
VIVADO_FILES = {"build_{0}.sh", "{0}.v", "{0}.tcl", "{0}.xdc", "check_timing.tcl"}
XILINX_CELLS = BENCHES / "xilinx_cells.v"


@functools.cache
def serial_files(board_name: str) -> dict[str, str]:
    board = BOARDS[board_name]
    files: dict[str, str] = build_plan(board, serial_top(board, DESIGN, 115_200), "lst_serial").files
    return files


@functools.cache
def digit_files(board_name: str) -> dict[str, str]:
    board = BOARDS[board_name]
    files: dict[str, str] = build_plan(board, digit_top(board, CASE, DESIGN, IMAGES), "lst_digits").files
    return files


@pytest.mark.parametrize("board", ZYBO_BOARDS, ids=lambda board: board.name)
@pytest.mark.parametrize("name", ["lst_serial", "lst_digits"])
def test_a_zybo_folder_has_all_that_vivado_needs(board: Board, name: str) -> None:
    files = {"lst_serial": serial_files, "lst_digits": digit_files}[name](board.name)
    assert {pattern.format(name) for pattern in VIVADO_FILES} <= set(files)
    script = files[f"{name}.tcl"]
    assert f"-part {board.part}" in script
    assert script.index("route_design") < script.index("source check_timing.tcl") < script.index("write_bitstream")
    constraints = files[f"{name}.xdc"]
    assert "create_clock -name clk125_0__io -period 8.0" in constraints
    assert 'set_property LOC K17 [get_ports "clk125_0__io"]' in constraints


def test_the_same_design_gives_the_same_folder() -> None:
    board = BOARDS["zybo-z7-10"]
    again = build_plan(board, serial_top(board, DESIGN, 115_200), "lst_serial")
    assert again.files == serial_files("zybo-z7-10")


@pytest.mark.parametrize("board", ZYBO_BOARDS, ids=lambda board: board.name)
def test_the_uart_is_on_pmod_jc_in_the_order_of_the_pmod_standard(board: Board) -> None:
    constraints = serial_files(board.name)["lst_serial.xdc"]
    assert 'LOC W15 [get_ports "uart_0__tx__io"]' in constraints
    assert 'LOC T11 [get_ports "uart_0__rx__io"]' in constraints
    assert 'PULLUP "TRUE" [get_ports "uart_0__rx__io"]' in constraints


def test_the_digit_demo_is_on_switches_button_and_leds() -> None:
    constraints = digit_files("zybo-z7-10")["lst_digits.xdc"]
    pins = {"switch_3__io": "T16", "button_0__io": "K18", "led_0__io": "M14", "rgb_led_0__g__io": "F17"}
    for port, pin in pins.items():
        assert f'set_property LOC {pin} [get_ports "{port}"]' in constraints


def test_a_board_without_rgb_led_shows_the_verdict_on_plain_leds() -> None:
    constraints = digit_files("ulx3s")["lst_digits.lpf"]
    assert 'LOCATE COMP "led_6__io"' in constraints
    assert 'LOCATE COMP "led_7__io"' in constraints


def test_the_verilog_of_the_zybo_folder_answers_on_the_pins_of_its_uart(tmp_path: Path) -> None:
    board = BOARDS["zybo-z7-10"]
    build_plan(board, serial_top(board, DESIGN, 5_000_000), "lst_serial").extract(tmp_path)
    sources = [XILINX_CELLS, tmp_path / "lst_serial.v"]
    assert ask_serial(sources, PIXELS[:3], tmp_path, clock="clk125_0__io", clock_mhz=125, baud=5_000_000) == BEATS[:3]


def test_the_verilog_of_the_zybo_folder_shows_digits_on_the_pins_of_its_leds(tmp_path: Path) -> None:
    (tmp_path / "lst_digits.v").write_text(digit_files("zybo-z7-10")["lst_digits.v"])
    sources = [BENCHES / "tb_lst_digits.v", XILINX_CELLS, tmp_path / "lst_digits.v"]
    printed = run_bench(sources, tmp_path, WAIT_NS=20 * (DESIGN.latency + 40))
    assert printed == [
        f"switches {position:x} leds {beat & 0xF:x} pass 1 fail 0" for position, beat in enumerate(BEATS)
    ]


@pytest.mark.parametrize(
    ("baud", "complaint"),
    [(0, "choose 1 to 6,250,000"), (10_000_000, "choose 1 to 6,250,000"), (5_900_000, "choose a slower rate")],
)
def test_a_baud_rate_that_the_clock_does_not_give_is_refused(baud: int, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        serial_top(BOARDS["zybo-z7-10"], DESIGN, baud)


def test_a_network_too_slow_for_the_baud_rate_is_refused() -> None:
    wide = Design.of(quantized(network(2, 2, (90, 2), classes=2)))
    with pytest.raises(InputError, match="6250000 baud: A pixel may wait 90 cycles, but the next comes after 80"):
        serial_top(BOARDS["zybo-z7-10"], wide, 6_250_000)


def test_too_few_images_for_the_demo_are_refused() -> None:
    few = dataclasses.replace(IMAGES, pixels=PIXELS[:3], labels=IMAGES.labels[:3])
    with pytest.raises(InputError, match="test images: only 3 images; the demo holds 16"):
        digit_top(BOARDS["zybo-z7-10"], CASE, DESIGN, few)


def test_a_stream_of_several_pixels_a_beat_is_refused() -> None:
    wide = Design.of(CASE, stream_bits=32)
    for top in (
        lambda: serial_top(BOARDS["zybo-z7-10"], wide, 115_200),
        lambda: digit_top(BOARDS["zybo-z7-10"], CASE, wide, IMAGES),
    ):
        with pytest.raises(InputError, match="32 bits: the board designs take --stream-bits 8"):
            top()


def test_lanes_and_lut_multipliers_answer_on_the_pins_too(tmp_path: Path) -> None:
    board, design = BOARDS["zybo-z7-10"], Design.of(CASE, lanes=2, multiplier="lut")
    build_plan(board, serial_top(board, design, 5_000_000), "lst_serial").extract(tmp_path)
    sources = [XILINX_CELLS, tmp_path / "lst_serial.v"]
    assert ask_serial(sources, PIXELS[:3], tmp_path, clock="clk125_0__io", clock_mhz=125, baud=5_000_000) == BEATS[:3]
