"""A resumed run gives what an uninterrupted one would have given, or is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from drivers.training import NETWORK, OPTIONS, POLISHED, QUANTISED, bars, interrupted, train, weights

from lst_model import checkpoint, training
from lst_model.augment import Affine
from lst_model.errors import InputError
from lst_model.module import LST
from lst_model.network import lst
from lst_model.options import TrainingOptions
from lst_model.training import BEST, LAST


@pytest.mark.parametrize(
    "options",
    [OPTIONS, replace(OPTIONS, versions=3), QUANTISED],
    ids=["float", "reused versions", "quantised"],
)
@pytest.mark.parametrize("step", [6, 9, 12], ids=["after an epoch", "within an epoch", "two epochs later"])
def test_resumed_run_gives_the_same_weights_as_an_uninterrupted_one(
    step: int, options: TrainingOptions, tmp_path: Path
) -> None:
    whole = train(tmp_path / "whole", options)
    interrupted(tmp_path / "parts", after=step + 1, options=options)
    result = train(tmp_path / "parts", options, resume=True)
    for name in (BEST, LAST):
        ours, theirs = (checkpoint.load(tmp_path / part / name) for part in ("parts", "whole"))
        assert weights(ours) == weights(theirs)
    timeless = [[replace(epoch, seconds=0) for epoch in run.epochs] for run in (result, whole)]
    assert timeless[0] == timeless[1]


@pytest.mark.parametrize("after", [12, 132, 252], ids=["before polishing", "after a round", "after two"])
def test_resumed_polishing_is_exact_too(after: int, tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", POLISHED)
    interrupted(tmp_path / "parts", after=after, options=POLISHED)
    result = train(tmp_path / "parts", POLISHED, resume=True)
    assert weights(result.model) == weights(whole.model)
    for name in (BEST, LAST):
        assert weights(checkpoint.load(tmp_path / "parts" / name)) == weights(
            checkpoint.load(tmp_path / "whole" / name)
        )


def test_a_finished_run_can_be_polished_further_but_not_less(tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", POLISHED)
    for rounds in (0, 1, 3):
        result = train(tmp_path / "parts", replace(POLISHED, polish=rounds), resume=rounds > 0)
        assert len(result.epochs) == 2 + rounds
    assert weights(result.model) == weights(whole.model)
    with pytest.raises(InputError, match=r"last\.pt: has 3 rounds of polishing already; resume with --polish 3"):
        train(tmp_path / "parts", replace(POLISHED, polish=2), resume=True)


def test_resuming_with_a_teacher_is_exact_too(tmp_path: Path) -> None:
    teachers = [LST(NETWORK)]
    whole = train(tmp_path / "whole", teachers=teachers)
    interrupted(tmp_path / "parts", after=13, teachers=teachers)
    assert weights(train(tmp_path / "parts", teachers=teachers, resume=True).model) == weights(whole.model)


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path) -> None:
    first = train(tmp_path)
    before = (tmp_path / LAST).read_bytes()
    again = train(tmp_path, resume=True)
    assert again.epochs == first.epochs
    assert (tmp_path / LAST).read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"peak_lr": 1e-3}, r"peak_lr was 0\.02 and is now 0\.001"),
        ({"epochs": 9}, "epochs was 4 and is now 9"),
        ({"seed": 6}, "seed was 5 and is now 6"),
        ({"augmentation": Affine().scaled(0)}, "augmentation was "),
    ],
)
def test_run_cannot_be_resumed_with_other_options(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    train(tmp_path)
    with pytest.raises(InputError, match=rf"last\.pt: cannot resume, {message}.*; repeat the first command"):
        train(tmp_path, replace(OPTIONS, **change), resume=True)


def test_run_cannot_be_resumed_on_other_data(tmp_path: Path) -> None:
    train(tmp_path)
    with pytest.raises(InputError, match="cannot resume, the data changed"):
        train(tmp_path, images=bars(seed=1), resume=True)


def test_run_cannot_be_resumed_with_another_network(tmp_path: Path) -> None:
    train(tmp_path)
    with pytest.raises(InputError, match="cannot resume, the network changed"):
        training.train(lst(rows=8, embeddings=(5,), classes=3), bars(), OPTIONS, tmp_path, resume=True)


def test_run_cannot_be_resumed_with_another_teacher(tmp_path: Path) -> None:
    train(tmp_path)
    with pytest.raises(InputError, match="cannot resume, the teachers changed"):
        train(tmp_path, teachers=[LST(NETWORK)], resume=True)


def test_run_cannot_be_resumed_from_other_initial_weights(tmp_path: Path) -> None:
    train(tmp_path, initial=LST(NETWORK))
    with pytest.raises(InputError, match="cannot resume, the initial weights changed"):
        train(tmp_path, initial=LST(NETWORK), resume=True)


def test_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"last\.pt: no run to resume; leave out --resume"):
        train(tmp_path, resume=True)


def test_checkpoint_without_training_state_cannot_be_resumed(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / LAST, LST(NETWORK))
    with pytest.raises(InputError, match=r"last\.pt: holds no training state"):
        train(tmp_path, resume=True)


@pytest.mark.parametrize("part", ["epochs", "model", "average", "optimizer", "schedule", "generator"])
@pytest.mark.parametrize("damage", ["missing", "wrong type"])
def test_damaged_training_state_is_refused(part: str, damage: str, tmp_path: Path) -> None:
    train(tmp_path, replace(OPTIONS, epochs=1))
    content = dict(checkpoint.read(tmp_path / LAST))
    if damage == "missing":
        del content["training"][part]
    else:
        content["training"][part] = 7
    checkpoint.write(tmp_path / LAST, content)
    with pytest.raises(InputError, match=r"last\.pt: its training state is damaged"):
        train(tmp_path, replace(OPTIONS, epochs=1), resume=True)
