"""What a worker does for one training and one point, on the 8x8 digits."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from lst_hw.sweep import work
from lst_hw.sweep.grid import Grid
from lst_hw.sweep.point import DataSet, Measures, Point, Retraining, Training, digest_of
from lst_hw.synthesis import Area
from lst_model import data
from lst_model.augment import Affine
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.network import lst
from lst_model.options import TrainingOptions

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
    assert 0.2 < row["validation"] <= 1
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


def test_training_on_in_integers_beats_rounding(point: Point, weights: bytes, measures: Measures) -> None:
    coarse = replace(point, precision=Formats.parse("Q2.1", "Q2.2", "Q1.3"), activation="hard")
    options = asdict(TrainingOptions(epochs=15, batch=50, augmentation=Affine().scaled(0), average=0.0))
    trained = replace(coarse, retraining=options)
    what = trained.measured_weights(measures)
    assert isinstance(what, Retraining)
    better = work.retrain(what, weights, measures.data)
    assert work.retrain(what, weights, measures.data) == better
    rows = [work.measure(coarse, weights, measures), work.measure(trained, better, measures)]
    assert rows[1]["accuracy"] > rows[0]["accuracy"] + 0.1
    assert rows[1]["validation"] > rows[0]["validation"]
    assert [row["retrained_epochs"] for row in rows] == [0, 15]
    assert [row["mismatches"] for row in rows] == [0, 0]
    assert [row["weight_format"] for row in rows] == ["Q2.1", "Q2.1"]


def test_picked_formats_are_those_that_it_was_trained_on_in(point: Point, weights: bytes, measures: Measures) -> None:
    options = asdict(TrainingOptions(epochs=1, batch=50))
    trained = replace(point, retraining=options)
    what = trained.measured_weights(measures)
    assert isinstance(what, Retraining)
    rows = [
        work.measure(point, weights, measures),
        work.measure(trained, work.retrain(what, weights, measures.data), measures),
    ]
    names = [f"{role}_format" for role in ("weight", "bias", "activation")]
    assert [rows[0][name] for name in names] == [rows[1][name] for name in names]


def test_a_worker_with_other_images_is_refused(point: Point, weights: bytes, measures: Measures) -> None:
    other = replace(measures, data=replace(measures.data, test="other"))
    with pytest.raises(InputError, match="not the test images of this sweep; give every worker the same data set"):
        work.measure(point, weights, other)
