"""Which PEs need no multiplier, and their masks."""

from __future__ import annotations

import pytest
from drivers.networks import quantized

from lst_hw.schedule import Schedule, widest_layer
from lst_hw.signs import Signs, find_signs, gray, sign_mask
from lst_model.bases import hadamard_matrix, walsh_matrix
from lst_model.blocks import parse_blocks
from lst_model.fixed import Formats
from lst_model.layers import ColumnTransform, Output, RowTransform
from lst_model.network import Network

FORMATS = Formats.parse("Q5.7")


def signs_of(described: Network, pes: int | None = None, formats: Formats = FORMATS) -> Signs | None:
    schedule = Schedule(described, widest_layer(described) if pes is None else pes, 1)
    return find_signs(schedule, [weight.tolist() for weight in quantized(described, formats).weights])


def negative(mask: int, place: int) -> bool:
    return bool((mask & gray(place)).bit_count() % 2)


@pytest.mark.parametrize("size", [1, 2, 4, 8, 32, 256])
def test_neighbouring_gray_codes_differ_in_one_bit(size: int) -> None:
    assert all((gray(place) ^ gray(place + 1)).bit_count() == 1 for place in range(size))
    assert {gray(place) for place in range(size)} == set(range(size))


@pytest.mark.parametrize("columns", ["all", "most"])
@pytest.mark.parametrize("size", [1, 2, 4, 8, 32, 256])
@pytest.mark.parametrize("basis", [hadamard_matrix, walsh_matrix])
def test_a_mask_gives_every_sign_of_its_row(basis: type, size: int, columns: str) -> None:
    """Padded transforms miss some of the last columns, fewer than half."""
    for row in basis(size)[:, : size if columns == "all" else size // 2 + 1].tolist():
        mask = sign_mask(row)
        assert mask is not None
        assert [negative(mask, place) for place in range(len(row))] == [code < 0 for code in row]


@pytest.mark.parametrize("bits", range(1, 7))
def test_in_order_of_sign_changes_the_mask_is_the_number_reversed(bits: int) -> None:
    rows = walsh_matrix(1 << bits).tolist()
    assert [sign_mask(row) for row in rows] == [int(f"{j:0{bits}b}"[::-1], 2) for j in range(1 << bits)]


def test_other_rows_have_no_mask() -> None:
    assert sign_mask([1, 1, 1, -1]) is None
    assert sign_mask([-1, 1]) is None


def test_the_pes_behind_those_of_learned_layers_need_no_multiplier() -> None:
    signs = signs_of(parse_blocks("walsh:16", 16))
    assert signs is not None
    assert (signs.first_pe, len(signs.masks), signs.selection_count, signs.has_padding) == (10, 6, 1, False)
    assert signs.shift == 5, "a quarter in Q5.7"
    # The output layer reads rows of the grid, all of them operands.
    assert signs.operands == (16, 16, 16)


@pytest.mark.parametrize("pes", [11, 12, 16])
@pytest.mark.parametrize("blocks", ["walsh:16", "hadamard:16", "walsh:16,hadamard:11", "hadamard:14,walsh:16,lst:9"])
def test_every_pass_of_every_layer_finds_its_masks(blocks: str, pes: int) -> None:
    described = parse_blocks(blocks, 16, classes=4)
    signs = signs_of(described, pes)
    assert signs is not None
    case, schedule = quantized(described, FORMATS), Schedule(described, pes, 1)
    for step in [step for step in schedule.steps if step.pes > signs.first_pe]:
        for output, row in enumerate(case.weights[step.index].tolist()):
            turn, pe = divmod(output, step.pes)
            if pe >= signs.first_pe:
                mask = signs.masks[pe - signs.first_pe][signs.selections[step.index] + turn]
                assert row == [(-1 if negative(mask, n) else 1) << signs.shift for n in range(len(row))]


def test_rows_and_columns_share_masks_where_they_can() -> None:
    square, both = signs_of(parse_blocks("walsh:16", 16)), signs_of(parse_blocks("walsh:16,hadamard:16", 16))
    assert square is not None
    assert both is not None
    assert square.selections[:2] == (0, 0)
    assert both.selections[:4] == (0, 0, 1, 1)


@pytest.mark.parametrize(("side", "size", "padded"), [(28, 32, True), (28, 20, False), (12, 16, True)])
def test_cycles_without_operand_are_those_beyond_the_line(side: int, size: int, *, padded: bool) -> None:
    signs = signs_of(parse_blocks(f"walsh:{size}", side))
    assert signs is not None
    assert signs.operands == (side, side, size)
    assert signs.has_padding == padded


def test_every_pe_multiplies_where_one_cannot_do_without() -> None:
    assert signs_of(parse_blocks("lst:16", 16)) is None, "learned"
    assert signs_of(parse_blocks("dct:16", 16)) is None, "coefficients of many magnitudes"
    assert signs_of(parse_blocks("walsh:16", 16), pes=10) is None, "each PE serves the output layer"
    assert signs_of(parse_blocks("walsh:16,lst:16", 16)) is None, "each PE serves a learned layer"


def test_transforms_divided_by_different_numbers_multiply() -> None:
    rows, columns = RowTransform(8, "walsh/2", "identity"), ColumnTransform(8, "walsh", "identity")
    assert signs_of(Network(8, 8, (rows, columns, Output(3)))) is None


@pytest.mark.parametrize(
    ("formats", "divisor", "why"),
    [("Q1.7", "", "1 saturates, -1 does not"), ("Q5.1", "/4", "1/2 and 0"), ("Q5.1", "/8", "0 and 0")],
)
def test_a_format_that_does_not_hold_the_weights_multiplies(formats: str, divisor: str, why: str) -> None:
    layers = (RowTransform(8, f"walsh{divisor}", "identity"), ColumnTransform(8, f"walsh{divisor}", "identity"))
    assert signs_of(Network(8, 8, (*layers, Output(3))), formats=Formats.parse(formats)) is None, why


def test_a_transform_as_output_layer_multiplies() -> None:
    """Its operands are the whole grid, whose places no counter numbers."""
    rows, columns = RowTransform(2, "walsh", "identity"), ColumnTransform(2, "walsh", "identity")
    signs = signs_of(Network(2, 2, (rows, columns, Output(4, "walsh"))))
    assert signs is None
