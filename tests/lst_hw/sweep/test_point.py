"""Keys of points: what changes them, and what does not."""

from __future__ import annotations

from dataclasses import replace

from drivers.sweeps import MEASURES, grid, images

from lst_hw.sweep.point import DataSet, Training, digest_of
from lst_model.calibrate import Widths
from lst_model.fixed import Formats


def test_whatever_determines_the_result_changes_the_key() -> None:
    point = grid(networks=("8",)).points(images())[0]
    assert isinstance(point.weights, Training)
    changed = [
        replace(point, weights=grid(networks=("4",)).points(images())[0].weights),
        replace(point, weights=grid(networks=("8",), seeds=(1,)).points(images())[0].weights),
        replace(point, weights=replace(point.weights, images="other")),
        replace(point, precision=Formats.parse("Q2.6")),
        replace(point, precision=Widths(12, 12, 12)),
        replace(point, activation="hard"),
        replace(point, hardware={"pes": 2}),
    ]
    measures = [
        replace(MEASURES, images=11),
        replace(MEASURES, area=True),
        replace(MEASURES, calibration=21),
        replace(MEASURES, data=DataSet("somewhere", "t", "other")),
    ]
    keys = [one.key(MEASURES) for one in (point, *changed)] + [point.key(measure) for measure in measures]
    assert len(set(keys)) == len(keys)


def test_the_place_of_the_data_does_not_change_the_key() -> None:
    point = grid(networks=("8",)).points(images())[0]
    elsewhere = replace(MEASURES, data=replace(MEASURES.data, place="elsewhere"))
    assert point.key(MEASURES) == point.key(elsewhere)


def test_digest_tells_images_and_labels_apart() -> None:
    some = images()
    others = (replace(some, pixels=255 - some.pixels), replace(some, labels=9 - some.labels))
    assert len({digest_of(one) for one in (some, *others)}) == 3
    assert digest_of(some) == digest_of(replace(some, source="elsewhere"))
