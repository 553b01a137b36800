"""The layer list: parameter counts of the paper, stages, and what is refused."""

from __future__ import annotations

import pytest

from lst_model.errors import InputError
from lst_model.layers import ColumnTransform, Output, RowTransform, SkipAdd, SkipSave
from lst_model.network import NAMED, Network, lst


@pytest.mark.parametrize(
    ("name", "parameters", "title"),
    [
        ("lst-1", 9474, "LST-1-28"),
        ("lst-1-8", 1114, "LST-1-8"),
        ("lst-2", 11098, "LST-2-28"),
        ("reslst-3", 12722, "ResLST-3-28"),
    ],
)
def test_named_networks_have_the_published_parameter_counts(name: str, parameters: int, title: str) -> None:
    assert NAMED[name].parameters == parameters
    assert NAMED[name].title == title


def test_lst_1_is_the_default() -> None:
    assert lst() == NAMED["lst-1"]


def test_single_block_stages_have_plain_names() -> None:
    assert [stage.name for stage in lst().stages] == ["row_embedding", "column_embedding", "logits"]


def test_stages_of_several_blocks_are_numbered() -> None:
    names = [stage.name for stage in lst(embeddings=(4, 4)).stages]
    assert names == ["row_embedding_1", "column_embedding_1", "row_embedding_2", "column_embedding_2", "logits"]


def test_each_stage_reads_the_grid_that_the_one_before_wrote() -> None:
    network = lst(rows=6, columns=9, embeddings=(4, 5), classes=3)
    assert [(stage.rows, stage.columns) for stage in network.stages] == [(6, 9), (6, 4), (4, 4), (4, 5), (5, 5)]
    assert [stage.inputs for stage in network.stages] == [9, 6, 4, 4, 25]
    assert [stage.outputs for stage in network.stages] == [4, 4, 5, 5, 3]
    assert [stage.result_shape for stage in network.stages] == [(6, 4), (4, 4), (4, 5), (5, 5), (3,)]


def test_skip_connection_saves_and_adds_at_column_stages() -> None:
    stages = NAMED["reslst-3"].stages
    assert [stage.name for stage in stages if stage.saves_skip] == ["column_embedding_1"]
    assert [stage.name for stage in stages if stage.adds_skip] == ["column_embedding_3"]
    assert NAMED["reslst-3"].has_skip
    assert not NAMED["lst-2"].has_skip


@pytest.mark.parametrize("network", NAMED.values(), ids=NAMED)
def test_a_description_in_plain_values_gives_the_network_back(network: Network) -> None:
    assert Network.from_dict(network.as_dict()) == network


@pytest.mark.parametrize("size", [0, -1, 257, 2.0, True, "28", None])
def test_impossible_sizes_are_refused(size: object) -> None:
    with pytest.raises(InputError, match="choose an integer from 1 to 256"):
        Network(size, 28, (RowTransform(4), ColumnTransform(4), Output(10)))  # type: ignore[arg-type]


def test_one_class_is_no_classification() -> None:
    with pytest.raises(InputError, match="number of outputs of output is 1: choose an integer from 2"):
        lst(classes=1)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ((), "give one or more blocks"),
        ((Output(10),), "give one or more blocks"),
        ((RowTransform(4),), "must be followed by a column transform"),
        ((RowTransform(4), RowTransform(4), Output(10)), "must be followed by a column transform"),
        ((RowTransform(4), ColumnTransform(4)), "then one Output layer"),
        ((RowTransform(4), ColumnTransform(4), Output(10), Output(10)), "then one Output layer"),
        ((RowTransform(4), ColumnTransform(4), SkipAdd(), Output(10)), "no saved copy"),
        ((RowTransform(4), ColumnTransform(4), SkipSave(), Output(10)), "never added"),
        (
            (
                RowTransform(4),
                ColumnTransform(4),
                SkipSave(),
                RowTransform(5),
                ColumnTransform(5),
                SkipAdd(),
                Output(2),
            ),
            "a saved 4x4 embedding to a 5x5",
        ),
        (
            (
                RowTransform(4),
                ColumnTransform(4),
                SkipSave(),
                RowTransform(4),
                ColumnTransform(4),
                SkipSave(),
                Output(2),
            ),
            "already open",
        ),
    ],
)
def test_layer_lists_that_are_no_lst_network_are_refused(layers: tuple[object, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Network(28, 28, layers)  # type: ignore[arg-type]


@pytest.mark.parametrize("skip", [(0, 1), (1, 1), (2, 1), (1, 3)])
def test_skip_connections_must_run_forwards_between_existing_blocks(skip: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="skip connection from block"):
        lst(embeddings=(4, 4), skip=skip)


REST = [{"kind": "column", "outputs": 2}, {"kind": "output", "classes": 2}]


@pytest.mark.parametrize(
    "description",
    [
        {"rows": 4, "columns": 4, "layers": [{"kind": "row", "outputs": 2, "function": None}, *REST]},
        {"rows": 4, "columns": 4, "layers": [{"kind": "row", "outputs": 2, "weights": 5}, *REST]},
        None,
        {},
        {"rows": 28, "columns": 28},
        {"rows": 28, "columns": 28, "layers": [{"kind": "pooling"}]},
        {"rows": 28, "columns": 28, "layers": [{"kind": "row", "inputs": 3}]},
        {"rows": 28, "columns": 28, "layers": ["row"]},
    ],
)
def test_damaged_descriptions_are_refused(description: object) -> None:
    with pytest.raises(InputError, match="network description is damaged"):
        Network.from_dict(description)
