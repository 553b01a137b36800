"""Test vectors of a design: images, every stage of the integer model, and a Verilog test bench."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from amaranth.hdl import Shape
from amaranth.lib.wiring import In

from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.integer import IntegerLST
from lst_model.quantize import QuantizedNetwork

from .design import Design
from .result import Int64, result_beats
from .top import CONTROL_PORTS

BENCH = "tb_lst_accel.v"
RESULT_BITS = 32


def write_vectors(
    folder: Path,
    quantized: QuantizedNetwork,
    design: Design,
    images: Images,
) -> list[Path]:
    """Write what a simulation of the design must show for some images; the same bytes for the same input.

    ``vectors.npz`` has the arrays ``pixels``, ``labels``, all that :class:`~lst_model.integer.IntegerLST` returns
    and ``results``, the result beats. For ``$readmemh`` there are ``pixels.hex`` (one beat of the pixel stream in a
    line), ``results.hex`` and one file per stage, one number a line in two's complement; a comment in front gives its
    width. ``tb_lst_accel.v`` reads the first two and checks the accelerator.

    Parameters
    ----------
    folder : Path
        Must exist.
    quantized : QuantizedNetwork
    design : Design
        Made from ``quantized``.
    images : Images
        One or more.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        If there are no images, or they do not fit the network.
    OSError
        If a file cannot be written.
    """
    if len(images) == 0:
        raise InputError(f"{images.source}: no images for test vectors; give one or more")
    images.check_fits(design.network)
    stages = {name: value.numpy() for name, value in IntegerLST(quantized)(torch.from_numpy(images.pixels)).items()}
    results = result_beats(design, stages["logits"], stages["class"])

    archive = folder / "vectors.npz"
    arrays = {"pixels": images.pixels, "labels": images.labels, **stages, "results": results}
    np.savez(archive, **arrays)
    written = [archive, folder / "pixels.hex", folder / "results.hex"]
    beats = images.pixels.reshape(-1, design.stream_pixels).astype(np.int64)
    _write_hex(folder / "pixels.hex", (beats << np.arange(0, design.stream_bits, 8)).sum(1), design.stream_bits)
    _write_hex(folder / "results.hex", results, RESULT_BITS)
    for name, values in stages.items():
        if name == "class":
            continue
        bits = design.ranges.logit_bits if name == "logits" else design.formats.activation.bits
        written.append(folder / f"{name}.hex")
        _write_hex(written[-1], values, bits)
    written.append(folder / BENCH)
    written[-1].write_text(_bench(design, len(images)), encoding="ascii")
    return written


def _write_hex(file: Path, values: npt.NDArray[np.integer], bits: int) -> None:
    """One number a line, row-major."""
    codes: Int64 = values.reshape(-1).astype(np.int64) & ((1 << bits) - 1)
    digits = -(-bits // 4)
    shape = "x".join(map(str, values.shape))
    lines = [f"// {shape} numbers of {bits} bits", *(f"{code:0{digits}x}" for code in codes.tolist())]
    file.write_text("\n".join(lines) + "\n", encoding="ascii")


def _bench(design: Design, frames: int) -> str:
    text = (Path(__file__).parent / f"{BENCH}.in").read_text(encoding="ascii")
    numbers = {
        "title": f"{design.network.title}, {design.network.rows}x{design.network.columns} pixels",
        "frames": frames,
        "beats": design.beats_per_frame,
        "stream_bits": design.stream_bits,
        "cycles_per_batch": design.cycles_per_batch,
        "unused": _unused(design),
    }
    for name, number in numbers.items():
        text = text.replace(f"{{{{{name}}}}}", str(number))
    return text


def _unused(design: Design) -> str:
    """Connections of the control ports, which the bench leaves alone."""
    if not design.axi_lite:
        return ""
    quiet = {
        name: f"{Shape.cast(member.shape).width}'d0" if member.flow is In else ""
        for name, member in CONTROL_PORTS.items()
    }
    return "".join(f",\n    .{name}({value})" for name, value in quiet.items())
