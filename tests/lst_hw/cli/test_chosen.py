"""Formats and activation unit: given, else those of training, else the default."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lst_model import checkpoint
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.network import lst
from lst_model.quantization import Quantization

Cli = Callable[..., Any]

TRAINED = Quantization(Formats.parse("Q2.4", "Q3.5", "Q1.6"), "hard")


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    path = tmp_path / "trained.pt"
    checkpoint.save(path, LST(lst(8, embeddings=(4,))), quantization=TRAINED.as_dict())
    return path


def chosen(cli: Cli, tmp_path: Path, *words: object) -> list[str]:
    """Formats and unit of the configuration that ``generate`` writes into the manifest."""
    done = cli("generate", *words, "--data", "digits", "-o", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    return [*(manifest["formats"][role] for role in ("weight", "bias", "activation")), manifest["activation"]]


def test_a_network_trained_in_integers_is_used_in_them(cli: Cli, trained: Path, tmp_path: Path) -> None:
    assert chosen(cli, tmp_path, trained) == ["Q2.4", "Q3.5", "Q1.6", "hard"]


def test_any_given_format_replaces_all_three(cli: Cli, trained: Path, tmp_path: Path) -> None:
    assert chosen(cli, tmp_path, trained, "--format", "Q2.6") == ["Q2.6", "Q2.6", "Q2.6", "hard"]


def test_output_weights_have_a_format_of_their_own_where_it_is_given(cli: Cli, trained: Path, tmp_path: Path) -> None:
    chosen(cli, tmp_path, trained, "--format", "Q2.6", "--output-format", "Q4.3")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["formats"]["output"] == "Q4.3"
    assert "weights Q2.6, output weights Q4.3, biases" in (tmp_path / "out" / "lst_accel.v").read_text()


def test_a_given_bias_format_alone_leaves_the_default_for_the_others(cli: Cli, trained: Path, tmp_path: Path) -> None:
    assert chosen(cli, tmp_path, trained, "--bias-format", "Q5.6") == ["Q5.7", "Q5.6", "Q5.7", "hard"]


def test_the_unit_is_replaced_alone(cli: Cli, trained: Path, tmp_path: Path) -> None:
    assert chosen(cli, tmp_path, trained, "--activation", "table") == ["Q2.4", "Q3.5", "Q1.6", "table"]


def test_a_configuration_file_counts_as_given(cli: Cli, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"format": "Q3.3", "activation": "second-order"}')
    words = (trained, "--config", tmp_path / "mine.json")
    assert chosen(cli, tmp_path, *words) == ["Q3.3", "Q3.3", "Q3.3", "second-order"]


def test_a_float_network_has_the_default(cli: Cli, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "float.pt", LST(lst(8, embeddings=(4,))))
    assert chosen(cli, tmp_path, tmp_path / "float.pt") == ["Q5.7", "Q5.7", "Q5.7", "second-order"]


def test_a_profile_s_format_is_for_float_networks_only(cli: Cli, trained: Path, tmp_path: Path) -> None:
    assert chosen(cli, tmp_path, trained, "--profile", "fast") == ["Q2.4", "Q3.5", "Q1.6", "hard"]
    checkpoint.save(tmp_path / "float.pt", LST(lst(8, embeddings=(4,))))
    words = (tmp_path / "float.pt", "--profile", "fast")
    assert chosen(cli, tmp_path, *words)[:3] == ["Q2.6"] * 3
    assert chosen(cli, tmp_path, *words, "--format", "Q3.3")[:3] == ["Q3.3"] * 3
    quantize = ("quantize", tmp_path / "float.pt", "--profile", "fast", "--data", "digits", "--images", 50)
    assert "weights Q2.6, biases Q2.6" in cli(*quantize).out
    assert "weights Q2.6, biases Q2.6" not in cli(*quantize, "--bits", 10).out


def test_quantize_measures_the_formats_of_training_and_picks_others_when_asked(
    cli: Cli, trained: Path, tmp_path: Path
) -> None:
    common = ("quantize", trained, "--data", "digits", "--images", 50)
    assert "weights Q2.4, biases Q3.5, activations Q1.6, hard activation" in cli(*common).out
    picked = cli(*common, "--bits", 9, "-o", "mine.json")
    assert picked.code == 0
    configuration = json.loads(Path("mine.json").read_text())
    integer, fraction = configuration["format"][1:].split(".")
    assert int(integer) + int(fraction) == 9
    assert configuration["activation"] == "hard"


@pytest.mark.parametrize(
    "record",
    [3, {}, {"format": "Q2.4"}, {**TRAINED.as_dict(), "format": 5}, {**TRAINED.as_dict(), "weight-bits": None}],
)
def test_a_damaged_record_is_refused(cli: Cli, tmp_path: Path, record: object) -> None:
    path = tmp_path / "damaged.pt"
    checkpoint.save(path, LST(lst(8, embeddings=(4,))), quantization=record)
    done = cli("generate", path, "--data", "digits", "-o", tmp_path / "out")
    assert (done.code, done.out) == (2, "")
    assert "record of the formats it was trained in is damaged" in done.err
    assert done.err.count("\n") == 1
    assert not (tmp_path / "out").exists()
