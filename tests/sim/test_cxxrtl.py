"""The compiled engine: same values in the same cycles as the interpreting one; cache and compilers."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from drivers.networks import images
from drivers.traces import SMALL, assert_is_the_model_s, assert_same

from lst_hw.design import Design
from lst_model.errors import InputError
from sim.engines import cxxrtl
from sim.engines.amaranth import AmaranthEngine
from sim.engines.cxxrtl import CxxrtlEngine, compiler

NAME = "streamed"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty cache for this module, not the user's, filled without the compiler's optimisations to save time."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(platformdirs, "user_cache_path", lambda name: folder / name)
        patch.setattr(cxxrtl, "FLAGS", tuple("-O0" if flag == "-O3" else flag for flag in cxxrtl.FLAGS))
        yield folder


def design_of(name: str) -> Design:
    case, pes = SMALL[name]
    return Design.of(case, pes=pes)


@pytest.mark.parametrize("name", SMALL)
def test_it_sees_what_the_interpreting_engine_sees(cache: Path, name: str) -> None:
    case, _ = SMALL[name]
    design, pixels = design_of(name), images(case.network, 4)
    trace = CxxrtlEngine(design).run(pixels)
    assert_is_the_model_s(trace, case, design, pixels)
    assert_same(trace, AmaranthEngine(design).run(pixels))


def test_a_second_engine_of_the_same_design_compiles_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    CxxrtlEngine(design_of(NAME))
    run = subprocess.run

    def only_version(command: list[str], **options: Any) -> Any:
        assert command[-1] == "--version", "compiled again"
        return run(command, **options)

    monkeypatch.setattr(subprocess, "run", only_version)
    CxxrtlEngine(design_of(NAME))


def test_batches_in_threads_give_what_one_run_gives(cache: Path) -> None:
    engine = CxxrtlEngine(design_of(NAME))
    pixels = images(engine.design.network, 7)
    whole = engine.run(pixels)
    for start, trace in engine.run_batches(pixels, jobs=2):
        assert (trace.values == whole.values[start : start + len(trace.values)]).all()


def test_a_waveform_is_written_on_request_and_changes_nothing(cache: Path, tmp_path: Path) -> None:
    engine = CxxrtlEngine(design_of(NAME))
    pixels = images(engine.design.network, 1)
    assert_same(engine.run(pixels, tmp_path / "wave.vcd"), engine.run(pixels))
    text = (tmp_path / "wave.vcd").read_text()
    assert "$enddefinitions" in text
    assert "m_axis_tvalid" in text


def test_a_stuck_design_ends_the_run_with_an_incomplete_trace(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = CxxrtlEngine(design_of(NAME))
    monkeypatch.setattr(engine, "max_cycles", lambda frames: 5)
    trace = engine.run(images(engine.design.network, 1))
    assert (trace.cycles[:, -1] == -1).all()
    assert trace.results.tolist() == [-1]


def test_nothing_but_simulators_stays_in_the_cache(cache: Path) -> None:
    CxxrtlEngine(design_of(NAME))
    assert {file.suffix for file in cache.rglob("*") if file.is_file()} == {".so"}
    assert [folder.name for folder in (cache / "lst-hw" / "sim").iterdir() if folder.is_dir()] == []


def test_the_environment_chooses_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", f"{sys.executable} -m something")
    assert compiler() == [sys.executable, "-m", "something"]


def test_without_a_system_compiler_the_ziglang_package_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    without_compilers(monkeypatch)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "ziglang" else None)
    assert compiler() == [sys.executable, "-m", "ziglang", "c++"]


def test_without_any_compiler_the_error_names_the_remedies(monkeypatch: pytest.MonkeyPatch) -> None:
    without_compilers(monkeypatch)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs a C\+\+ compiler: install one, or `pip .*`, or use --engine amaranth"):
        CxxrtlEngine(design_of(NAME))


def test_a_compiler_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler -O2")
    with pytest.raises(InputError, match="CXX names no-such-compiler, which is not there"):
        CxxrtlEngine(design_of(NAME))


def test_a_compiler_that_fails_is_named_and_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = sorted(cache.rglob("*"))
    monkeypatch.setenv("CXX", shutil.which("false") or "false")
    with pytest.raises(InputError, match=r"false cannot compile the simulator .*; set CXX to a C\+\+17 compiler"):
        CxxrtlEngine(design_of(NAME))
    assert [path for path in sorted(cache.rglob("*")) if path.is_file()] == [p for p in before if p.is_file()]


def test_an_unsettled_model_is_a_bug(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = CxxrtlEngine(design_of(NAME))
    monkeypatch.setattr(engine, "_simulate", lambda job: -1)
    with pytest.raises(RuntimeError, match="combinational loop"):
        engine.run(images(engine.design.network, 1))


def without_compilers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(cxxrtl.shutil, "which", lambda name: None)
