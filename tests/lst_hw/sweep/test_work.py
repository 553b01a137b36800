"""What a worker does for one training and one point, on the 8x8 digits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lst_hw.sweep import work
from lst_hw.sweep.grid import Grid
from lst_hw.sweep.point import DataSet, Measures, Point, Training, digest_of
from lst_hw.synthesis import Area
from lst_model import data
from lst_model.errors import InputError
from lst_model.network import lst

pytest.importorskip("sklearn", reason="the 8x8 digits are an extra")


@pytest.fixture(scope="module")
def measures() -> Measures:
    train, test = data.load("train", "digits"), data.load("test", "digits")
    return Measures(2, 50, "amaranth", False, DataSet("digits", digest_of(train), digest_of(test)))


@pytest.fixture(scope="module")
def point() -> Point:
    grid = Grid({"networks": ("4",), "widths": ("6/8/7",), "activations": ("table",)}, {"epochs": 3, "batch": 50})
    return grid.points(data.load("train", "digits"))[0]


@pytest.fixture(scope="module")
def weights(point: Point, measures: Measures) -> bytes:
    assert isinstance(point.weights, Training)
    return work.train(point.weights, measures.data)


def test_a_point_is_quantised_classified_and_simulated(point: Point, weights: bytes, measures: Measures) -> None:
    row = work.measure(point, weights, measures)
    assert (row["network"], row["weights"], row["seed"]) == ("LST-1-4", "trained", 0)
    assert row["parameters"] == lst(8, embeddings=(4,)).parameters == 242
    bits = [int(part) for role in ("weight", "bias", "activation") for part in row[f"{role}_format"][1:].split(".")]
    assert [sum(bits[at : at + 2]) for at in (0, 2, 4)] == [6, 8, 7]
    assert row["parameter_bits"] == 6 * (242 - 18) + 8 * 18
    assert (row["simulated_images"], row["mismatches"], row["test_images"]) == (2, 0, 510)
    assert 0.2 < row["accuracy"] <= 1
    assert abs(row["accuracy"] - row["accuracy_float"]) < 0.1
    assert 0.2 < row["validation_float"] <= 1
    assert (row["pes"], row["multiplier"], row["lanes"], row["lut"]) == (10, "dsp", 1, None)
    assert 64 < row["cycles_per_image"] < 150


def test_the_area_is_estimated_when_asked_for(
    point: Point, weights: bytes, measures: Measures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "xilinx_area", lambda verilog: Area(len(verilog) > 1000, 2, 3, 4, "0.0"))
    row = work.measure(replace(point, hardware={"pes": 2, "multiplier": "lut"}), weights, replace(measures, area=True))
    assert [row[name] for name in ("lut", "ff", "ramb18", "dsp", "yosys")] == [True, 2, 3, 4, "0.0"]
    assert (row["pes"], row["multiplier"]) == (2, "lut")


def test_the_same_training_gives_the_same_weights(point: Point, weights: bytes, measures: Measures) -> None:
    assert isinstance(point.weights, Training)
    assert work.train(point.weights, measures.data) == weights


def test_a_worker_with_other_images_is_refused(point: Point, weights: bytes, measures: Measures) -> None:
    other = replace(measures, data=replace(measures.data, test="other"))
    with pytest.raises(InputError, match="not the test images of this sweep; give every worker the same data set"):
        work.measure(point, weights, other)
