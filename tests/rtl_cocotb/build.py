"""Compiles accelerators for Icarus Verilog and finds the scenarios to run on them."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from cocotb_tools.runner import Runner, get_runner
from drivers.networks import images, quantized
from rtl_cocotb.axis import Case

from lst_hw.design import Design
from lst_hw.emit import to_verilog
from lst_hw.result import result_beats
from lst_hw.top import NAME
from lst_model.integer import IntegerLST
from lst_model.network import Network

TIMESCALE = ("1ns", "1ps")


def scenarios(file: str) -> list[str]:
    """Names of the cocotb tests in a file of this folder."""
    return re.findall(r"^async def ([a-z]\w+)", (Path(__file__).parent / file).read_text(), re.MULTILINE)


def build(described: Network, pes: int | None, folder: Path, *, axi_lite: bool = False) -> Runner:
    """Compile an accelerator; the folder also gets ``case.json``."""
    network_codes = quantized(described, seed=3)
    design = Design.of(network_codes, pes=pes, axi_lite=axi_lite)
    pixels = images(described, 12)
    stages = IntegerLST(network_codes)(torch.from_numpy(pixels))
    beats = result_beats(design, stages["logits"].numpy(), stages["class"].numpy())
    Case(
        pixels=described.rows * described.columns,
        cycles_per_frame=design.schedule.cycles_per_frame,
        latency=design.schedule.latency,
        images=pixels.reshape(len(pixels), -1).tolist(),
        beats=beats.tolist(),
    ).write(folder / "case.json")

    source = folder / f"{NAME}.v"
    source.write_text(to_verilog(design))
    runner = get_runner("icarus")
    runner.build(sources=[source], hdl_toplevel=NAME, build_dir=folder / "build", timescale=TIMESCALE)
    return runner
