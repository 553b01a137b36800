"""Facts derived from a design."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from drivers import networks, reports

from lst_hw.report.facts import phases, speeds, timing, widths


@pytest.mark.parametrize("pes", [None, 2])
def test_phases_lie_end_to_end_and_make_up_the_period(tmp_path: Path, pes: int | None) -> None:
    design = reports.subject(tmp_path, pes=pes).design
    found = phases(design)
    end = 0
    for phase in found:
        assert phase.start == end
        end += phase.cycles + phase.gap
    assert end == design.schedule.cycles_per_frame
    assert [phase.name for phase in found if phase.name != "load"] == ["row embedding", "column embedding", "logits"]
    assert (found[0].name == "load") == (pes == 2)


def test_speeds_follow_from_cycles_and_the_measured_clock_comes_first(tmp_path: Path) -> None:
    design = reports.subject(tmp_path).design
    schedule, counted = design.schedule, timing(design)
    (assumed,) = speeds(counted, None)
    assert (assumed.clock_mhz, assumed.measured) == (100, False)
    assert assumed.images_per_second == pytest.approx(1e8 / schedule.cycles_per_frame)
    assert assumed.latency_us == pytest.approx(schedule.latency / 100)
    measured, again = speeds(counted, 50.0)
    assert (measured.clock_mhz, measured.measured) == (50, True)
    assert measured.images_per_second == pytest.approx(assumed.images_per_second / 2)
    assert again == assumed
    (together,) = speeds(replace(counted, images=4), None)
    assert together.images_per_second == pytest.approx(4 * assumed.images_per_second)
    assert together.latency_us == assumed.latency_us


def test_widths_are_the_ranges_of_each_layer(tmp_path: Path) -> None:
    design = reports.subject(tmp_path, networks.network(6, 5, (5, 4), (3, 4))).design
    found = widths(design)
    assert [each.stage for each in found][-2:] == ["column embedding 2", "logits"]
    assert max(each.accumulator for each in found) == design.ranges.accumulator_bits
    assert max(each.operand for each in found) == design.ranges.operand_bits
    assert (found[0].lines, found[0].outputs, found[0].terms) == (6, 5, 5)
    assert (found[-1].lines, found[-1].outputs, found[-1].terms) == (1, 3, 12)


def test_the_dump_is_json_that_holds_every_part(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path).report()
    content = json.loads(data.to_json())
    assert content["manifest"]["cycles_per_batch"] == data.manifest["cycles_per_batch"]
    assert content["area"]["dsp"] == 100
    assert content["published"] == {"name": data.published.name, "lut": 6473, "ff": 680, "ramb18": 29, "dsp": 0}
    assert [part["dsp"] for part in content["parts"]] == [80, 220]
    assert len(content["training"]) == 3
    assert sum(map(sum, content["confusion"])) == 30
