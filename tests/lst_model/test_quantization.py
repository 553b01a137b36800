"""The arithmetic that a network is trained for: what it excludes, and its record in a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lst_model import checkpoint
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.network import lst
from lst_model.quantization import Quantization, trained_for

NETWORK = lst(8, embeddings=(4,))


def test_impossible_widths_are_refused() -> None:
    for bits in (1, 9):
        with pytest.raises(InputError, match=rf"weights of {bits} bits: choose 2 to 8, all that Q2\.6 has"):
            Quantization(Formats.parse("Q2.6"), weight_bits=(4, bits))


def test_unknown_activation_is_refused() -> None:
    with pytest.raises(InputError, match="unknown activation 'relu'"):
        Quantization(Formats(), "relu")


def test_number_of_widths_must_be_that_of_the_layers() -> None:
    with pytest.raises(InputError, match=r"weight bits of 2 layers: give one .* or 3, for block1\.row, "):
        Quantization(weight_bits=(4, 4)).weight_ranges(lst())


def test_quantization_reads_like_the_options_of_the_command_line() -> None:
    chosen = Quantization(Formats.parse("Q1.3", "Q3.6", "Q2.6"), "table", (4,))
    assert chosen.as_dict() == {
        "format": "Q1.3",
        "bias-format": "Q3.6",
        "activation-format": "Q2.6",
        "activation": "table",
        "weight-bits": [4],
    }
    assert replace(chosen, weight_bits=()).as_dict()["weight-bits"] == []
    own = replace(chosen, formats=Formats.parse("Q1.3", output="Q2.5"))
    assert own.as_dict()["output-format"] == "Q2.5"


@pytest.mark.parametrize("output", [None, "Q3.2"])
def test_what_a_checkpoint_records_is_read_back(output: str | None, tmp_path: Path) -> None:
    chosen = Quantization(Formats.parse("Q1.3", "Q3.4", "Q2.6", output), "table", (4,))
    checkpoint.save(tmp_path / "trained.pt", LST(NETWORK), quantization=chosen.as_dict())
    assert trained_for(tmp_path / "trained.pt") == chosen


def test_a_float_checkpoint_records_nothing(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "float.pt", LST(NETWORK))
    assert trained_for(tmp_path / "float.pt") is None


@pytest.mark.parametrize("record", [3, {}, {**Quantization().as_dict(), "format": 5}])
def test_a_damaged_record_is_refused(record: object, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "damaged.pt", LST(NETWORK), quantization=record)
    with pytest.raises(InputError, match=r"damaged\.pt: its record .* is damaged near .*; train it again"):
        trained_for(tmp_path / "damaged.pt")


def test_each_layer_s_codes_are_those_of_its_format_or_of_fewer_bits() -> None:
    formats = Formats.parse("Q2.2", output="Q3.3")
    assert Quantization(formats).weight_ranges(NETWORK) == ((-8, 7), (-8, 7), (-32, 31))
    assert Quantization(formats, weight_bits=(2, 4, 5)).weight_ranges(NETWORK) == ((-1, 1), (-7, 7), (-15, 15))
    with pytest.raises(InputError, match=r"weights of 6 bits in block1\.row: choose 2 to 4, all that Q2\.2 has"):
        Quantization(formats, weight_bits=(6,)).weight_ranges(NETWORK)
