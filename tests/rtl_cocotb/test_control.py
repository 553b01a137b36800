"""The emitted Verilog with control registers, between cocotbext-axi masters: one test for each scenario and design."""

from __future__ import annotations

from pathlib import Path

import pytest
from drivers.networks import network
from drivers.tools import require_tool
from rtl_cocotb.axis import CASE
from rtl_cocotb.build import TIMESCALE, build, scenarios

from lst_hw.top import NAME

DESIGNS = {
    "folded": (network(2, 3, (3, 2)), 2),
    "one pixel": (network(1, 1, (1, 1), classes=2), None),
}
SHARED = (
    "frames_back_to_back",
    "both_sides_stall_at_random",
    "any_mixture_of_frames_and_stalls",
    "ready_does_not_look_at_valid",
)
"""Scenarios of the accelerator without registers that registers must not change, cycle by cycle."""


class Simulator:
    """A compiled design."""

    def __init__(self, name: str, folder: Path) -> None:
        require_tool("iverilog")
        self._case = folder / "case.json"
        self._runner = build(*DESIGNS[name], folder, axi_lite=True)

    def run(self, module: str, scenario: str) -> None:
        self._runner.test(
            test_module=f"rtl_cocotb.{module}",
            hdl_toplevel=NAME,
            testcase=scenario,
            seed=1,
            extra_env={CASE: str(self._case), "COCOTB_LOG_LEVEL": "WARNING"},
            timescale=TIMESCALE,
        )


@pytest.fixture(scope="module", params=DESIGNS)
def simulator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Simulator:
    return Simulator(request.param, tmp_path_factory.mktemp("control"))


@pytest.mark.parametrize("scenario", scenarios("control_scenarios.py"))
def test_control_registers(simulator: Simulator, scenario: str) -> None:
    simulator.run("control_scenarios", scenario)


@pytest.mark.parametrize("scenario", SHARED)
def test_registers_left_alone_do_not_change_the_streams(simulator: Simulator, scenario: str) -> None:
    simulator.run("scenarios", scenario)
