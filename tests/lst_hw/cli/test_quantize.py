"""``lst-hw quantize`` and the configuration it hands to the other verbs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., Any]


def test_it_prints_a_line_per_tensor_and_the_accuracies(cli: Cli, mnist_dir: Path) -> None:
    done = cli("quantize", "--images", 200, "--data-dir", mnist_dir)
    assert done.code == 0
    for name in ("block1.row.weight", "output.bias", "input", "logits"):
        assert name in done.out
    assert "200 images, MNIST training set" in done.out


def test_json_holds_the_same(cli: Cli, mnist_dir: Path) -> None:
    done = cli("quantize", "--images", 100, "--data-dir", mnist_dir, "--json", "-")
    content = json.loads(done.out)
    assert len(content["tensors"]) == 10
    assert 0.9 < content["accuracy_integer"] <= 1


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
