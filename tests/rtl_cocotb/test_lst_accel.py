"""The emitted Verilog in Icarus Verilog, stimulated by cocotb: one test for each scenario and design."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from cocotb_tools.runner import Runner, get_runner
from drivers.networks import images, network, quantized
from drivers.tools import require_tool
from rtl_cocotb.axis import CASE, Case

from lst_hw.design import Design
from lst_hw.emit import to_verilog
from lst_hw.result import result_beats
from lst_hw.top import NAME
from lst_model.integer import IntegerLST
from lst_model.network import Network, lst

SMALL = {
    "unfolded": (network(6, 5, (4, 4)), None),
    "folded": (network(4, 5, (4, 3)), 2),
    "skip, folded": (network(3, 4, (3, 3), (3, 3), skips=((1, 2),)), 2),
    "one pixel": (network(1, 1, (1, 1), classes=2), None),
}
SCENARIOS = re.findall(r"^async def ([a-z]\w+)", (Path(__file__).parent / "scenarios.py").read_text(), re.MULTILINE)
TIMESCALE = ("1ns", "1ps")

Simulate = Callable[[str, Network, int | None, str], None]


@pytest.fixture(scope="module")
def simulate(tmp_path_factory: pytest.TempPathFactory) -> Simulate:
    """Runs one scenario on a design, which is compiled when it comes for the first time."""
    require_tool("iverilog")
    built: dict[str, Runner] = {}
    folders = {}

    def run(name: str, described: Network, pes: int | None, scenario: str) -> None:
        if name not in built:
            folders[name] = tmp_path_factory.mktemp("cocotb")
            built[name] = _build(described, pes, folders[name])
        built[name].test(
            test_module="rtl_cocotb.scenarios",
            hdl_toplevel=NAME,
            testcase=scenario,
            seed=1,
            extra_env={CASE: str(folders[name] / "case.json")},
            timescale=TIMESCALE,
        )

    return run


def _build(described: Network, pes: int | None, folder: Path) -> Runner:
    network_codes = quantized(described, seed=3)
    design = Design.of(network_codes, pes=pes)
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


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", SMALL)
def test_small_accelerator(simulate: Simulate, name: str, scenario: str) -> None:
    simulate(name, *SMALL[name], scenario)


@pytest.mark.parametrize("scenario", ["frames_back_to_back", "any_mixture_of_frames_and_stalls"])
def test_lst_1_28(simulate: Simulate, scenario: str) -> None:
    simulate("LST-1-28", lst(), None, scenario)
