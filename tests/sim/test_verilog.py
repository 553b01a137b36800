"""Icarus Verilog and Verilator on the emitted Verilog: the same traces as CXXRTL, to the cycle."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from drivers.networks import images, network, quantized
from drivers.tools import require_tool

from lst_hw.design import Design
from lst_model.errors import InputError
from lst_model.network import Network, lst
from sim.cache import cache_folder
from sim.engines import DEFAULT, ENGINES, make
from sim.engines.base import Engine
from sim.engines.verilog import UNKNOWN, IcarusEngine, VerilatorEngine, read_events
from sim.trace import Trace

SMALL = network(6, 5, (4, 4))
DESIGNS: dict[str, tuple[Network, int | None]] = {
    "unfolded": (SMALL, None),
    "folded": (SMALL, 2),
    "one pixel": (network(1, 1, (1, 1), classes=2), None),
    "skip, folded": (network(4, 3, (3, 3), (3, 3), (3, 3), skips=((1, 3),)), 2),
}
TOOLS = {"icarus": "iverilog", "verilator": "verilator"}


def design_of(name: str) -> Design:
    described, pes = DESIGNS[name]
    return Design.of(quantized(described), pes=pes)


def engine_for(name: str, design: Design) -> Engine:
    require_tool(TOOLS[name])
    return make(name, design)


def assert_same(first: Trace, second: Trace) -> None:
    for name in ("values", "cycles", "results", "latencies", "periods"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), name)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """One cache for these tests and all workers, so that nothing comes from an earlier session."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared / "cache"))


def cached(name: str) -> set[Path]:
    return set(cache_folder("sim").glob(f"*.{name}"))


@pytest.mark.parametrize("name", TOOLS)
def test_traces_equal_those_of_cxxrtl(name: str) -> None:
    made = design_of("unfolded")
    pixels = images(made.network, 5)
    assert_same(engine_for(name, made).run(pixels), make("cxxrtl", made).run(pixels))


@pytest.mark.parametrize("design", ["folded", "one pixel", "skip, folded"])
def test_traces_equal_those_of_amaranth(design: str) -> None:
    """Which needs no compiler, so that many designs cost little time."""
    made = design_of(design)
    pixels = images(made.network, 5)
    assert_same(engine_for("icarus", made).run(pixels), make("amaranth", made).run(pixels))


def test_lst_1_28_agrees_with_cxxrtl() -> None:
    made = Design.of(quantized(lst()))
    pixels = images(made.network, 3)
    trace = engine_for("verilator", made).run(pixels)
    assert_same(trace, make("cxxrtl", made).run(pixels))
    assert set(trace.periods) == {made.schedule.cycles_per_frame}
    assert set(trace.latencies) == {made.schedule.latency}


@pytest.mark.parametrize("name", TOOLS)
def test_batches_run_at_the_same_time_and_come_in_order(name: str) -> None:
    engine = engine_for(name, design_of("unfolded"))
    pixels = images(SMALL, 9)
    together = engine.run(pixels)
    starts, parts = zip(*engine.run_batches(pixels, jobs=3), strict=True)
    assert starts == tuple(range(0, 9, min(3, engine.chunk)))
    np.testing.assert_array_equal(np.concatenate([part.values for part in parts]), together.values)
    np.testing.assert_array_equal(np.concatenate([part.results for part in parts]), together.results)


@pytest.mark.parametrize("name", TOOLS)
def test_a_design_is_compiled_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = engine_for(name, design_of("unfolded"))
    monkeypatch.setattr(type(first), "_compile", lambda *_: pytest.fail("compiled again"))
    assert type(engine_for(name, design_of("unfolded"))) is type(first)


def test_other_weights_are_another_simulator() -> None:
    engine_for("icarus", Design.of(quantized(SMALL, seed=1)))
    before = cached("icarus")
    engine_for("icarus", Design.of(quantized(SMALL, seed=2)))
    assert len(cached("icarus") - before) == 1


def test_engines_made_at_the_same_time_do_not_disturb_each_other() -> None:
    design = Design.of(quantized(SMALL, seed=5))
    require_tool("iverilog")
    pixels = images(SMALL, 2)
    with ThreadPoolExecutor(4) as executor:
        traces = list(executor.map(lambda _: make("icarus", design).run(pixels), range(4)))
    for trace in traces[1:]:
        assert_same(trace, traces[0])


@pytest.mark.parametrize("name", TOOLS)
def test_a_waveform_shows_the_ports(name: str, tmp_path: Path) -> None:
    file = tmp_path / "wave.vcd"
    engine = engine_for(name, design_of("unfolded"))
    pixels = images(SMALL, 2)
    assert_same(engine.run(pixels, vcd=file), engine.run(pixels))
    text = file.read_text()
    assert "m_axis_tdata" in text
    assert "trace__logit" in text


@pytest.mark.parametrize(("name", "engine"), [("icarus", IcarusEngine), ("verilator", VerilatorEngine)])
def test_a_missing_tool_is_named_with_the_remedy(
    name: str, engine: type[Engine], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=rf"engine {name} needs {TOOLS[name]}: `apt install .*--engine cxxrtl"):
        engine(design_of("unfolded"))


def test_a_tool_that_fails_is_quoted_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "verilator"
    tool.write_text("#!/bin/sh\necho '%Error: Invalid option: --binary' >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(InputError, match=r"cannot compile .*Invalid option: --binary.*5\.006 or newer"):
        make("verilator", design_of("unfolded"))


def test_a_stuck_design_ends_with_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_for("icarus", design_of("unfolded"))
    monkeypatch.setattr(engine, "max_cycles", lambda frames: engine.design.schedule.cycles_per_frame)
    trace = engine.run(images(SMALL, 2))
    assert trace.results.tolist() == [-1, -1]
    assert (trace.cycles[0] >= 0).any()
    assert (trace.cycles[1] == -1).any()


def test_unknown_bits_are_unlike_any_number(tmp_path: Path) -> None:
    file = tmp_path / "events.txt"
    file.write_text("1 0 0 0 0 -5 3\n2 0 1 X 0 x 4\n")
    assert read_events(file).tolist() == [[1, 0, 0, 0, 0, -5, 3], [2, 0, 1, UNKNOWN, 0, UNKNOWN, 4]]


def test_every_engine_is_found_by_its_name() -> None:
    assert DEFAULT in ENGINES
    design = design_of("unfolded")
    for name in ENGINES:
        if name in TOOLS:
            require_tool(TOOLS[name])
        assert make(name, design).name == name


def test_an_unknown_engine_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match="engine 'vcs' is unknown: choose one of cxxrtl, amaranth, verilator, icarus"):
        make("vcs", design_of("unfolded"))
