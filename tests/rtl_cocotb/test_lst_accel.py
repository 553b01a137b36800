"""The emitted Verilog in Icarus Verilog, stimulated by cocotb: one test for each scenario and design."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cocotb_tools.runner import Runner
from drivers.networks import network
from drivers.tools import require_tool
from rtl_cocotb.axis import CASE
from rtl_cocotb.build import TIMESCALE, build, scenarios

from lst_hw.top import NAME
from lst_model.network import Network, lst

SMALL = {
    "unfolded": (network(6, 5, (4, 4)), None),
    "folded": (network(4, 5, (4, 3)), 2),
    "skip, folded": (network(3, 4, (3, 3), (3, 3), skips=((1, 2),)), 2),
    "one pixel": (network(1, 1, (1, 1), classes=2), None),
}
SCENARIOS = scenarios("scenarios.py")

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
            built[name] = build(described, pes, folders[name])
        built[name].test(
            test_module="rtl_cocotb.scenarios",
            hdl_toplevel=NAME,
            testcase=scenario,
            seed=1,
            extra_env={CASE: str(folders[name] / "case.json")},
            timescale=TIMESCALE,
        )

    return run


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("name", SMALL)
def test_small_accelerator(simulate: Simulate, name: str, scenario: str) -> None:
    simulate(name, *SMALL[name], scenario)


@pytest.mark.parametrize("scenario", ["frames_back_to_back", "any_mixture_of_frames_and_stalls"])
def test_lst_1_28(simulate: Simulate, scenario: str) -> None:
    simulate("LST-1-28", lst(), None, scenario)
