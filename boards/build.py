"""From a quantised network to the build folder of a board design."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import torch
from amaranth.hdl import Elaboratable

from lst_hw.design import Design
from lst_hw.result import result_beats
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.integer import IntegerLST
from lst_model.quantize import QuantizedNetwork

from .catalogue import Board
from .digit_demo import DIGITS, DigitDemo
from .serial_classifier import SerialClassifier, check_line_rate
from .tops import DigitTop, SerialTop
from .uart import SMALLEST_DIVISOR

PATIENCE_SECONDS = 0.1
"""Silence on the serial line after which an unfinished image is given up."""

LARGEST_BAUD_ERROR = 0.02
"""Sender and receiver together may be 5 % apart at the end of a byte; this leaves room for the other side."""

TOPS = ("serial", "digits")
"""The board designs."""


def top_name(top: str) -> str:
    """Name of the top module and of the files of a board design."""
    return f"lst_{top}"


def check_stream(design: Design) -> None:
    """Refuse a design whose stream brings several pixels at a time; the board designs have one at a time.

    Raises
    ------
    InputError
    """
    if design.stream_pixels != 1:
        raise InputError(f"pixel stream of {design.stream_bits} bits: the board designs take --stream-bits 8")


def serial_top(board: Board, design: Design, baud: int) -> SerialTop:
    """The accelerator on the board's serial line.

    Raises
    ------
    InputError
        If the board's clock does not give the baud rate, the network is too slow for it, or a beat has several pixels.
    """
    check_stream(design)
    divisor = round(board.clock_hz / baud) if baud > 0 else 0
    fastest = int(board.clock_hz / SMALLEST_DIVISOR)
    if divisor < SMALLEST_DIVISOR:
        raise InputError(f"{baud} baud: choose 1 to {fastest:,} on this board ({board.clock_hz / 1e6:g} MHz)")
    if abs(board.clock_hz / divisor / baud - 1) > LARGEST_BAUD_ERROR:
        raise InputError(
            f"{baud} baud: {board.clock_hz / 1e6:g} MHz divided by {divisor} is {board.clock_hz / divisor:,.0f}; "
            "choose a slower rate"
        )
    try:
        check_line_rate(design, divisor)
    except ValueError as error:
        raise InputError(f"{baud} baud: {error}; choose a slower rate") from None
    patience = int(PATIENCE_SECONDS * board.clock_hz)
    return SerialTop(SerialClassifier(design=design, divisor=divisor, patience=patience), board.make_clock())


def digit_top(board: Board, quantized: QuantizedNetwork, design: Design, images: Images) -> DigitTop:
    """The first images in a ROM, with the integer model's results.

    Raises
    ------
    InputError
        If there are too few images, they do not fit the network, or a beat has several pixels.
    """
    check_stream(design)
    if len(images) < DIGITS:
        raise InputError(f"{images.source}: only {len(images)} images; the demo holds {DIGITS}")
    chosen = images.first(DIGITS)
    chosen.check_fits(design.network)
    results = IntegerLST(quantized)(torch.from_numpy(chosen.pixels))
    beats = result_beats(design, results["logits"].numpy(), results["class"].numpy())
    demo = DigitDemo(design=design, images=chosen.pixels.reshape(DIGITS, -1).tolist(), expected=beats.tolist())
    return DigitTop(demo, board.make_clock())


def build_plan(board: Board, top: Elaboratable, name: str, **overrides: str) -> Any:
    """What the vendor's tool needs: an Amaranth build plan, with ``files`` and ``extract(folder)``.

    A plan for Vivado stops before the bitstream when timing is not met.

    Parameters
    ----------
    board : Board
    top : Elaboratable
    name : str
        Of the top module and the files.
    overrides : str
        For the platform's templates.
    """
    platform = board.make_platform()
    if board.uses_vivado:
        script = "check_timing.tcl"
        platform.add_file(script, files("boards").joinpath("vivado", "scripts", script).read_text())
        overrides["script_before_bitstream"] = f"source {script}"
    return platform.build(top, name=name, do_build=False, **overrides)
