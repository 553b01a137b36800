"""Counted operations against a walk through every layer in plain loops."""

from __future__ import annotations

import pytest
from drivers.networks import network, quantized

from lst_hw.design import Design
from lst_hw.operations import operations
from lst_model.blocks import parse_blocks
from lst_model.fixed import Formats
from lst_model.network import NAMED


def test_lst_1_multiplies_as_often_as_the_paper_s_formula_says() -> None:
    design = Design.of(quantized(NAMED["lst-1"]))
    counts = operations(design)
    assert counts.multiplications == 28 * 28 * 28 + 28 * 28 * 28 + 10 * 784
    assert counts.additions == counts.multiplications + 784 + 784 + 10
    assert counts.rom_weights == design.schedule.cycles_per_frame * 28


@pytest.mark.parametrize("pes", [1, 3, 5])
def test_folding_does_not_change_what_is_computed(pes: int) -> None:
    case = quantized(network(4, 6, (5, 3)))
    counts, unfolded = operations(Design.of(case, pes=pes)), operations(Design.of(case))
    assert (counts.multiplications, counts.additions) == (unfolded.multiplications, unfolded.additions)


@pytest.mark.parametrize("pes", [5, 8])
def test_a_transform_is_added_up_without_products_where_pes_have_no_multiplier(pes: int) -> None:
    case = quantized(parse_blocks("walsh:8", 6, classes=3), Formats.parse("Q5.7"))
    counts = operations(Design.of(case, pes=pes))
    multiplying = sum(output % pes < 3 for output in range(8))
    assert counts.multiplications == 6 * 6 * multiplying + 8 * 6 * multiplying + 3 * 64
    assert counts.additions == 6 * 6 * 8 + 8 * 6 * 8 + 3 * 64 + 3, "no biases but the output layer's"
    every = operations(Design.of(case, pes=pes, sign_elements=False))
    assert (every.multiplications, every.additions) == (every.additions - 3, counts.additions)


def test_lanes_share_what_the_rom_puts_out() -> None:
    case = quantized(network(4, 6, (5, 3)))
    one, four = operations(Design.of(case)), operations(Design.of(case, lanes=4, multiplier="lut"))
    assert four.rom_weights < one.rom_weights / 3
    assert four.multiplications == one.multiplications
