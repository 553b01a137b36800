"""The interpreting engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drivers.networks import images
from drivers.traces import SMALL, assert_is_the_model_s, assert_same

from lst_hw.design import Design
from sim.engines.amaranth import AmaranthEngine


@pytest.mark.parametrize("name", SMALL)
def test_it_records_every_value_and_the_scheduled_cycles(name: str) -> None:
    case, pes = SMALL[name]
    engine = AmaranthEngine(Design.of(case, pes=pes))
    pixels = images(case.network, 3)
    assert_is_the_model_s(engine.run(pixels), case, engine.design, pixels)


def test_batches_in_processes_give_what_one_run_gives() -> None:
    case, pes = SMALL["streamed"]
    engine = AmaranthEngine(Design.of(case, pes=pes))
    pixels = images(case.network, 3)
    whole = engine.run(pixels)
    batches = list(engine.run_batches(pixels, jobs=2))
    assert [start for start, _ in batches] == [0, 2]
    for start, trace in batches:
        np.testing.assert_array_equal(trace.values, whole.values[start : start + len(trace.values)])
        assert trace.seconds > 0


def test_a_waveform_is_written_on_request_and_changes_nothing(tmp_path: Path) -> None:
    case, pes = SMALL["streamed"]
    engine = AmaranthEngine(Design.of(case, pes=pes))
    pixels = images(case.network, 1)
    assert_same(engine.run(pixels, tmp_path / "wave.vcd"), engine.run(pixels))
    text = (tmp_path / "wave.vcd").read_text()
    assert "$enddefinitions" in text
    assert "m_axis_tvalid" in text


def test_a_stuck_design_ends_the_run_with_an_incomplete_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    case, pes = SMALL["one pixel"]
    engine = AmaranthEngine(Design.of(case, pes=pes))
    monkeypatch.setattr(engine, "max_cycles", lambda frames: 5)
    trace = engine.run(images(case.network, 1))
    assert (trace.cycles[:, -1] == -1).all()
    assert trace.results.tolist() == [-1]
