"""``lst-hw quantize`` and the configuration it hands to the other verbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lst_model import checkpoint
from lst_model.fixed import QFormat
from lst_model.module import LST
from lst_model.network import lst

Cli = Callable[..., Any]


def test_it_prints_a_line_per_tensor_and_the_accuracies(cli: Cli, mnist_dir: Path) -> None:
    done = cli("quantize", "--images", 200, "--data-dir", mnist_dir)
    assert done.code == 0
    for name in ("block1.row.weight", "output.bias", "input", "activation unit", "logits", "all:"):
        assert name in done.out
    assert "200 images, MNIST training set" in done.out


def test_json_holds_the_same(cli: Cli, mnist_dir: Path) -> None:
    done = cli("quantize", "--images", 100, "--data-dir", mnist_dir, "--json", "-")
    content = json.loads(done.out)
    assert len(content["tensors"]) == len(content["alone"]) == 10
    assert content["images"] == 100
    assert 0.9 < content["accuracy_integer"] <= 1


def test_formats_are_picked_with_the_widths_asked_for(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    widths = ("--bits", 6, "--bias-bits", 10, "--activation-bits", 8)
    done = cli("quantize", *widths, "--images", 100, "--data-dir", mnist_dir, "-o", "c.json")
    assert done.code == 0
    picked = json.loads((tmp_path / "c.json").read_text())
    keys = ("format", "bias-format", "activation-format")
    assert [QFormat.parse(picked[key]).bits for key in keys] == [6, 10, 8]
    taken = cli("generate", "--config", "c.json", "--vectors", 1, "--data-dir", mnist_dir, "-o", "out", "--json")
    assert json.loads(taken.out)["formats"]["weight"] == picked["format"]


def test_formats_that_are_given_are_kept(cli: Cli, mnist_dir: Path) -> None:
    done = cli("quantize", "--activation-format", "Q2.6", "--images", 10, "--data-dir", mnist_dir, "--json", "-")
    configuration = json.loads(done.out)["configuration"]
    assert (configuration["format"], configuration["activation-format"]) == ("Q5.7", "Q2.6")


@pytest.mark.parametrize(
    ("words", "culprit"),
    [
        (("--bits", 8, "--format", "Q2.6"), "--format and widths exclude each other"),
        (("--activation-bits", 19), "19 bits for the activation format: choose 2 to 18"),
        (("--activation", "relu"), "unknown activation 'relu'"),
        (("nowhere.pt",), "nowhere.pt: no such checkpoint"),
    ],
)
def test_bad_input_is_one_line(cli: Cli, words: tuple[object, ...], culprit: str) -> None:
    done = cli("quantize", *words)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert culprit in done.err


def test_a_calibration_set_of_the_wrong_shape_is_one_line(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "small.pt", LST(lst(rows=8, embeddings=(4,))))
    done = cli("quantize", "small.pt", "--data-dir", mnist_dir, "-o", "c.json")
    assert done.code == 2
    assert done.err == (
        "lst-hw: MNIST training set: images of 28x28 pixels do not fit a network for 8x8; "
        "choose another network or data set\n"
    )
    assert not (tmp_path / "c.json").exists()


def test_the_configuration_is_taken_by_other_verbs_and_options_override_it(
    cli: Cli, mnist_dir: Path, tmp_path: Path
) -> None:
    words = ("quantize", "--format", "Q3.6", "--activation-format", "Q2.6", "--activation", "table", "--pes", 14)
    assert cli(*words, "--images", 10, "--data-dir", mnist_dir, "-o", "c.json").code == 0
    assert json.loads((tmp_path / "c.json").read_text()) == {
        "format": "Q3.6",
        "bias-format": "Q3.6",
        "activation-format": "Q2.6",
        "activation": "table",
        "pes": 14,
        "multiplier": "dsp",
        "lanes": 1,
        "stream-bits": 8,
    }
    common = ("generate", "--config", "c.json", "--vectors", 1, "--data-dir", mnist_dir, "-o", "out", "--json")
    taken = json.loads(cli(*common).out)
    assert (taken["formats"]["weight"], taken["formats"]["activation"]) == ("Q3.6", "Q2.6")
    assert (taken["activation"], taken["pes"]) == ("table", 14)
    assert json.loads(cli(*common, "--pes", 7).out)["pes"] == 7


@pytest.mark.parametrize(
    ("content", "culprit"),
    [
        (None, "c.json: cannot be read"),
        ("[", "c.json: not a configuration"),
        ("[]", "c.json: not a configuration"),
        ('{"colour": 1}', "unknown key 'colour'"),
        ('{"pes": "many"}', "pes is 'many', expected int"),
        ('{"pes": true}', "pes is True"),
        ('{"format": "Q5"}', "format 'Q5'"),
    ],
)
def test_a_bad_configuration_is_one_line(cli: Cli, tmp_path: Path, content: str | None, culprit: str) -> None:
    if content is not None:
        (tmp_path / "c.json").write_text(content)
    done = cli("verify", "--config", "c.json")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert culprit in done.err
