"""Layer lists in one line."""

from __future__ import annotations

import pytest

from lst_model.blocks import parse_blocks
from lst_model.errors import InputError
from lst_model.layers import ColumnTransform, Output, RowTransform
from lst_model.network import NAMED, Network


def test_learned_blocks_make_the_named_networks() -> None:
    assert parse_blocks("lst:28") == NAMED["lst-1"]
    assert parse_blocks("lst:28,save,lst:28,lst:28,add") == NAMED["reslst-3"]


def test_fixed_blocks_have_identity_and_a_divisor_of_their_side() -> None:
    assert parse_blocks("dct:9", rows=28, columns=12, classes=3) == Network(
        28,
        12,
        (RowTransform(9, "dct", "identity"), ColumnTransform(9, "dct/2", "identity"), Output(3)),
    )


def test_functions_and_weights_are_those_of_the_learned_blocks() -> None:
    network = parse_blocks("walsh:32,lst:8", function="soft:0.5", weights="dct", output_weights="dct")
    assert [(stage.layer.weights, str(stage.function)) for stage in network.stages] == [
        ("walsh:pad/8", "identity"),
        ("walsh:pad/8", "identity"),
        ("dct", "soft:0.5"),
        ("dct", "soft:0.5"),
        ("dct", "identity"),
    ]


@pytest.mark.parametrize(
    ("text", "title", "parameters"),
    [
        ("dct:9", "DCT-9", 820),
        ("walsh:32", "WHT-32", 10250),
        ("dct:14,lst:14", "DCT-14+LST-1-14", 2390),
        ("lst:12,dct:6,lst:5,lst:5", "LST-1-12+DCT-6+LST-2-5", 1086),
        ("dct:6,save,lst:6,add", "DCT-6+ResLST-1-6", 454),
    ],
)
def test_networks_are_called_after_their_blocks(text: str, title: str, parameters: int) -> None:
    network = parse_blocks(text)
    assert network.title == title
    assert network.parameters == parameters
    assert Network.from_dict(network.as_dict()) == network


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("haar:4", "unknown block 'haar:4': choose lst:SIZE, dct:SIZE, walsh:SIZE, hadamard:SIZE, save, add, separ"),
        ("lst", "unknown block 'lst'"),
        ("save,lst:4", "layer list ends in skip_save, row, column, output after 0 blocks: give one or more blocks"),
        ("", "unknown block ''"),
        ("dct:29", "block1.row: dct/2 of 28 values: has 28 coefficients, not 29; keep fewer"),
        ("lst:300", "number of outputs of block1.row is 300: choose an integer from 1 to 256"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_blocks(text)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"function": "sigmoid"}, "block1.row: unknown function 'sigmoid'"),
        ({"weights": "walsh"}, "block1.row: walsh of 28 values: no power of two"),
        ({"output_weights": "haar"}, "output: unknown weights 'haar'"),
    ],
)
def test_functions_and_weights_are_checked(options: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_blocks("lst:8", **options)
    assert str(raised.value).startswith(message)
