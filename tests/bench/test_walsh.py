"""The study of Walsh-Hadamard transforms: its designs, and its tables made from their results."""

from __future__ import annotations

from typing import Any

import pytest

from bench.walsh import report
from bench.walsh.designs import VARIANTS, Variant
from lst_model.blocks import parse_blocks
from lst_model.checkpoint import shipped
from sim.activity import GROUPS, OTHERS


def result(variant: Variant, **changed: Any) -> dict[str, Any]:
    return {
        "title": "WHT-8",
        "multiplier": variant.multiplier,
        "parameters": 1234,
        "accuracy": 0.5,
        "pes": 8,
        "multiplying_pes": 3 if variant.sign_elements else 8,
        "cycles": 99,
        "area": {"lut": 1, "ff": 2, "ramb18": 3, "dsp": 4},
        "operations": {"multiplications": 10, "additions": 20, "rom_weights": 30.0},
        "toggles": dict.fromkeys([*dict.fromkeys(GROUPS.values()), OTHERS], 1000.0),
        **changed,
    }


def test_each_design_has_a_name_of_its_own_and_a_network() -> None:
    assert len({variant.key for variant in VARIANTS}) == len(VARIANTS)
    for name in {variant.network for variant in VARIANTS}:
        assert name in shipped() or parse_blocks(name).parameters


def test_every_design_that_only_adds_stands_beside_one_that_multiplies() -> None:
    for variant in VARIANTS:
        if not variant.sign_elements:
            assert Variant(variant.network, variant.multiplier) in VARIANTS


def test_tables_are_written_between_their_markers(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    document = tmp_path / "walsh-hadamard.md"
    document.write_text(
        "a\n<!-- walsh:area -->\nold\n<!-- /walsh -->\nb\n<!-- walsh:activity -->\n<!-- /walsh -->\nc\n"
    )
    monkeypatch.setattr(report, "DOCUMENT", document)
    results = {variant.key: result(variant) for variant in VARIANTS[:2]}
    report.write(results)
    once = document.read_text()
    assert "old" not in once
    assert "| WHT-8 | 3 dsp + 5 sign | 1,234 | 50.00% | 99 | 1 | 2 | 3 | 4 |\n" in once
    assert "| WHT-8 | 8 dsp | 10 | 20 | 1 | 1 | 1 | 1 | 1 | 1 | 6 |\n" in once
    report.write(results)
    assert document.read_text() == once
