"""The grid of a sweep: what may stand in it, and the points it means."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from drivers.sweeps import grid, images

from lst_hw.sweep.grid import Grid, parse_network, read
from lst_hw.sweep.point import Stored, Training
from lst_model import checkpoint
from lst_model.blocks import parse_blocks
from lst_model.calibrate import Widths
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.module import LST
from lst_model.network import NAMED, lst
from lst_model.quantization import Quantization

TOML = """
networks = ["8", "4+4:1-2"]
seeds = [0, 1]
widths = [4, "4/6/8"]
pes = [1, 2]
[training]
epochs = 3
augment = 0.5
"""


def test_every_combination_is_a_point(tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(TOML)
    points = read(tmp_path / "grid.toml", {}, {}).points(images())
    assert len(points) == len(set(points_keys(points))) == 2 * 2 * 2 * 2
    first = points[0]
    assert isinstance(first.weights, Training)
    assert first.weights.network == lst(8, embeddings=(8,)).as_dict()
    assert (first.weights.options["epochs"], first.weights.seed) == (3, 0)
    assert first.weights.options["augmentation"]["rotation"] == pytest.approx(0.08)
    assert [point.precision for point in points[::2]][:2] == [Widths(4, 4, 4), Widths(4, 6, 8)]
    assert [point.hardware for point in points[:2]] == [{"pes": 1}, {"pes": 2}]


def points_keys(points: list[Any]) -> list[str]:
    return [f"{point.weights.key} {point.precision} {point.activation} {point.hardware}" for point in points]


def test_options_replace_lists_and_training_options_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(TOML)
    found = read(tmp_path / "grid.toml", {"seeds": [7, 7]}, {"epochs": 9})
    assert found.axes["seeds"] == (7,)
    assert found.axes["pes"] == (1, 2)
    assert found.training == {"epochs": 9, "augment": 0.5}


def test_one_format_stands_for_all_three_or_each_is_named() -> None:
    points = grid(networks=("8",), formats=("Q2.6", "Q1.3/Q2.6/Q1.7", "Q1.3/Q2.6/Q1.7/Q2.2")).points(images())
    assert [point.precision for point in points] == [
        Formats.parse("Q2.6"),
        Formats.parse("Q1.3", "Q2.6", "Q1.7"),
        Formats.parse("Q1.3", "Q2.6", "Q1.7", "Q2.2"),
    ]


def test_hardware_options_multiply_too() -> None:
    points = grid(networks=("8",), pes=(2,), multipliers=("dsp", "lut"), lanes=(1, 2)).points(images())
    assert [tuple(point.hardware.values()) for point in points] == [
        *((2, "dsp", lanes) for lanes in (1, 2)),
        *((2, "lut", lanes) for lanes in (1, 2)),
    ]


def test_epochs_of_training_on_in_integers_multiply_too(tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(
        'networks = ["8"]\nseeds = [3]\nretrain = [0, 5]\n[retraining]\npeak_lr = 0.5\naugment = 0\n'
    )
    rounded, trained = read(tmp_path / "grid.toml", {}, {}).points(images())
    assert rounded.retraining is None
    assert trained.retraining is not None
    assert [trained.retraining[name] for name in ("epochs", "seed", "peak_lr", "average")] == [5, 3, 0.5, 0]
    assert trained.retraining["augmentation"]["rotation"] == 0
    assert [str(point).partition("second-order")[2] for point in (rounded, trained)] == ["", ", retrained 5 epochs"]


def test_a_checkpoint_trained_in_integers_keeps_them_unless_others_are_listed(tmp_path: Path) -> None:
    quantization = Quantization(Formats.parse("Q2.4", "Q2.5", "Q1.6"), "hard")
    path = tmp_path / "trained.pt"
    checkpoint.save(path, LST(lst(8, embeddings=(4,))), quantization=quantization.as_dict())
    (point,) = grid(checkpoints=(str(path),)).points(images())
    assert (point.precision, point.activation) == (quantization.formats, "hard")
    (other,) = grid(checkpoints=(str(path),), formats=("Q2.6",), activations=("table",)).points(images())
    assert (other.precision, other.activation) == (Formats.parse("Q2.6"), "table")


def test_checkpoints_are_known_by_their_content(tmp_path: Path) -> None:
    for name in ("one", "two"):
        checkpoint.save(tmp_path / f"{name}.pt", LST(lst(8, embeddings=(4,))))
    (tmp_path / "copy.pt").write_bytes((tmp_path / "one.pt").read_bytes())
    names = tuple(str(tmp_path / f"{name}.pt") for name in ("one", "two", "copy"))
    one, two, copy = (point.weights for point in grid(checkpoints=names).points(images()))
    assert isinstance(one, Stored)
    assert one.key == copy.key != two.key


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("16", lst(8, embeddings=(16,))),
        ("16+4", lst(8, embeddings=(16, 4))),
        ("4+4+4:1-3", lst(8, embeddings=(4, 4, 4), skip=(1, 3))),
        ("lst-2", NAMED["lst-2"]),
        ("walsh:8+lst:4", parse_blocks("walsh:8,lst:4", 8)),
    ],
)
def test_networks_go_by_name_by_embedding_sizes_or_by_blocks(text: str, expected: object) -> None:
    assert parse_network(text, images()) == expected


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({}, "empty grid: list networks to train, or checkpoints"),
        ({"networks": ()}, "empty grid: networks lists nothing"),
        ({"networks": ("8",), "checkpoints": ("lst-1-28",)}, "networks and checkpoints exclude each other"),
        ({"checkpoints": ("lst-1-28",), "seeds": (0,)}, "checkpoints and seeds exclude each other"),
        ({"networks": ("8",), "formats": ("Q2.6",), "widths": (4,)}, "formats and widths exclude each other"),
        ({"networks": ("8",), "colours": (1,)}, "unknown list 'colours' in the grid"),
        ({"networks": (8,)}, "networks lists 8, expected str"),
        ({"networks": ("8",), "seeds": (True,)}, "seeds lists True, expected int"),
        ({"networks": ("8",), "retrain": (-1,)}, "training option epochs is -1"),
    ],
)
def test_an_empty_or_inconsistent_grid_is_refused(axes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Grid(axes, {})


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({"networks": ("resnet",)}, "unknown network 'resnet': choose one of lst-1, .* or give embedding sizes"),
        ({"networks": ("walsh:9",)}, "block1.row: walsh/2 of 8 values: has 8 coefficients, not 9"),
        ({"networks": ("lst-1",)}, "images of 8x8 pixels do not fit a network for 28x28"),
        ({"networks": ("4+4:2-1",)}, "skip connection from block 2 to block 1"),
        ({"networks": ("8",), "formats": ("Q2",)}, "format 'Q2'"),
        ({"networks": ("8",), "formats": ("Q2.6/Q2.6",)}, "write one, weight/bias/activation, or a fourth"),
        ({"networks": ("8",), "widths": ("8/8/8/8",)}, "write one, or weight/bias/activation"),
        ({"networks": ("8",), "formats": ("Q2.14",), "activations": ("table",)}, "table with 14 fractional bits"),
        ({"networks": ("8",), "widths": ("four",)}, "widths entry 'four'"),
        ({"networks": ("8",), "widths": (40,)}, "40 bits for the weight format"),
        ({"networks": ("8",), "activations": ("relu",)}, "unknown activation 'relu'"),
        ({"networks": ("16", "8"), "pes": (16,)}, "16 PEs for LST-1-8: choose 1 to 10"),
        ({"networks": ("8",), "multipliers": ("abacus",)}, "multiplier 'abacus'"),
        ({"networks": ("8",), "lanes": (99,)}, "99 lanes"),
        ({"checkpoints": ("nowhere.pt",)}, "nowhere.pt: no such checkpoint"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_before_anything_runs(axes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        grid(**axes).points(images())


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"speed": 1}, "unknown training option 'speed': choose from .*epochs"),
        ({"epochs": 0}, "training option epochs is 0"),
        ({"epochs": "many"}, "give numbers"),
        ({"seed": 1}, "unknown training option 'seed'"),
    ],
)
def test_bad_training_options_are_refused(training: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Grid({"networks": ("8",)}, training)


@pytest.mark.parametrize(
    ("retrain", "retraining", "message"),
    [
        ((), {"peak_lr": 0.1}, r"a table \[retraining\], but no epochs in a list retrain"),
        ((0,), {"peak_lr": 0.1}, r"a table \[retraining\], but no epochs in a list retrain"),
        ((3,), {"epochs": 3}, r"epochs in \[retraining\]; give them as a list, retrain"),
        ((3,), {"speed": 3}, "unknown training option 'speed'"),
        ((3,), {"polish": 3}, "training option polish is 3: choose 0 with quantization"),
    ],
)
def test_options_of_training_in_integers_are_checked(
    retrain: tuple[int, ...], retraining: dict[str, Any], message: str
) -> None:
    axes = {"checkpoints": ("lst-1-28",), **({"retrain": retrain} if retrain else {})}
    with pytest.raises(InputError, match=message):
        Grid(axes, {}, retraining)


def test_training_options_without_training_are_refused() -> None:
    with pytest.raises(InputError, match="training options and checkpoints exclude each other"):
        Grid({"checkpoints": ("lst-1-28",)}, {"epochs": 2})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "grid.toml: cannot be read"),
        ("networks = [", "grid.toml: not TOML"),
        ('networks = "8"', "networks is '8', expected a list"),
        ("training = 3", r"training is 3, expected a table \[training\]"),
    ],
)
def test_a_file_that_is_no_grid_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "grid.toml").write_text(content)
    with pytest.raises(InputError, match=message):
        read(tmp_path / "grid.toml", {}, {})
