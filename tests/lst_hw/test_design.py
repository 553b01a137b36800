"""The validated parameter object."""

from __future__ import annotations

import numpy as np
import pytest
from drivers.networks import network, quantized

from lst_hw.design import RESULT_LOGIT_BITS, Design
from lst_model.blocks import parse_blocks
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.ranges import aligned_biases, network_ranges


def test_everything_comes_from_the_quantised_network() -> None:
    case = quantized(network(3, 5, (4, 6)), Formats.parse("Q2.5"), "table")
    design = Design.of(case)
    assert (design.network, design.formats, design.activation) == (case.network, case.formats, "table")
    assert design.ranges == network_ranges(case)
    assert design.biases == tuple(aligned_biases(case, 0) + aligned_biases(case, 1) + aligned_biases(case, 2))
    assert design.logit_fraction == 10


def test_logits_have_the_fraction_of_the_output_layer_s_format() -> None:
    case = quantized(network(3, 5, (4, 6)), Formats.parse("Q2.5", "Q3.4", "Q1.6", "Q4.1"))
    design = Design.of(case)
    assert design.logit_fraction == case.logit_fraction == 7
    assert design.result_logit_format == "Q16.7"


def test_a_design_holds_plain_integers_only() -> None:
    design = Design.of(quantized(network(3, 5, (4, 6))), pes=4)
    codes = [*design.biases, *(code for bank in design.banks for word in bank.words for code in word)]
    assert {type(code) for code in codes} == {int}


def test_there_is_a_pe_for_each_output_of_the_widest_layer_unless_chosen() -> None:
    case = quantized(network(3, 5, (4, 6), classes=9))
    assert Design.of(case).pes == 9
    assert Design.of(case, pes=2).pes == 2


@pytest.mark.parametrize("pes", [0, 7])
def test_other_numbers_of_pes_are_refused(pes: int) -> None:
    with pytest.raises(InputError, match=f"{pes} PEs for LST-1-4x6: choose 1 to 6, its widest layer"):
        Design.of(quantized(network(3, 5, (4, 6))), pes=pes)


@pytest.mark.parametrize(
    ("rows", "columns", "block", "row_bits", "column_bits"),
    [(1, 1, (1, 1), 1, 1), (2, 2, (2, 2), 1, 1), (3, 9, (2, 5), 3, 4), (2, 2, (17, 3), 2, 5), (28, 28, (28, 28), 5, 5)],
)
def test_addresses_hold_the_largest_grid(
    rows: int, columns: int, block: tuple[int, int], row_bits: int, column_bits: int
) -> None:
    design = Design.of(quantized(network(rows, columns, block)))
    assert (design.row_bits, design.column_bits) == (row_bits, column_bits)


@pytest.mark.parametrize("pes", [1, 3, 6])
def test_the_rom_address_reaches_the_last_word(pes: int) -> None:
    design = Design.of(quantized(network(3, 5, (4, 6))), pes=pes)
    deepest = max(bank.depth for bank in design.banks)
    assert 1 << (design.rom_address_bits - 1) < deepest <= 1 << design.rom_address_bits


def test_a_logit_that_fits_the_result_beat_is_sent_whole() -> None:
    design = Design.of(quantized(network(3, 3, (2, 2)), Formats.parse("Q2.4")))
    assert design.ranges.logit_bits <= RESULT_LOGIT_BITS
    assert design.result_logit_shift == 0
    assert design.result_logit_format == "Q15.8"


def test_a_wider_logit_loses_low_bits() -> None:
    case = quantized(network(3, 3, (2, 2)), Formats.parse("Q4.14", "Q4.14", "Q4.12"), extremes=1.0)
    design = Design.of(case)
    assert design.result_logit_shift == design.ranges.logit_bits - RESULT_LOGIT_BITS > 0
    assert design.result_logit_format == f"Q{23 - (26 - design.result_logit_shift)}.{26 - design.result_logit_shift}"


def test_weights_that_are_narrower_than_their_format_make_a_narrower_rom() -> None:
    case = quantized(network(3, 3, (2, 2)), Formats.parse("Q5.7"))
    for weight in case.weights:
        weight[:] = np.clip(weight, -64, 63)
    assert Design.of(case).ranges.weight_bits == 7


def test_pes_without_multiplier_have_no_words_in_the_rom() -> None:
    design = Design.of(quantized(parse_blocks("walsh:8", 8, classes=3), Formats.parse("Q5.7")))
    assert (design.pes, design.multiplying_pes) == (8, 3)
    assert [(bank.first_pe, bank.pes) for bank in design.banks] == [(0, 3)]


def test_all_pes_multiply_on_demand() -> None:
    case = quantized(parse_blocks("walsh:8", 8, classes=3), Formats.parse("Q5.7"))
    signs, multiplying = Design.of(case), Design.of(case, sign_elements=False)
    assert (multiplying.signs, multiplying.multiplying_pes) == (None, 8)
    assert sum(bank.pes for bank in multiplying.banks) == 8
    assert multiplying.schedule == signs.schedule


def test_a_lut_multiplier_s_shortfall_is_made_up_for_only_where_there_is_one() -> None:
    case = quantized(parse_blocks("walsh:8", 8, classes=3), Formats.parse("Q5.7"))
    exact = Design.of(case).biases
    extra = [more - bias for more, bias in zip(Design.of(case, multiplier="lut").biases, exact, strict=True)]
    assert any(extra[:3]), "they serve the output layer too"
    assert any(extra[16:]), "learned"
    assert extra[3:8] == [0] * 5
