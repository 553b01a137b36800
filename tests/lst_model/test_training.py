"""Training: it learns, repeats itself exactly, and keeps its hands off everything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from drivers.training import FORMATS, NETWORK, OPTIONS, POLISHED, QUANTISED, bars, interrupted, train, weights

from lst_model import checkpoint, training
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.integer import IntegerLST
from lst_model.module import LST
from lst_model.network import lst
from lst_model.options import TrainingOptions
from lst_model.quantize import quantize
from lst_model.training import BEST, LAST, Epoch


def test_a_network_learns_easy_classes(tmp_path: Path) -> None:
    result = train(tmp_path, replace(OPTIONS, epochs=8))
    assert result.best.validation_accuracy == 1
    assert training.evaluate(result.model, bars(seed=1))[1] == 1


def test_loss_and_accuracy_are_those_of_the_definition() -> None:
    model, images = LST(NETWORK), bars(7)
    loss, accuracy = training.evaluate(model, images)
    logits = model((torch.from_numpy(images.pixels) / 255 - 0.5) / 0.5).detach()
    chosen = logits.log_softmax(1)[torch.arange(7), torch.from_numpy(images.labels)]
    assert loss == pytest.approx(-float(chosen.mean()), rel=1e-5)
    assert accuracy == float(np.mean(logits.argmax(1).numpy() == images.labels))


def test_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    assert weights(train(tmp_path / "a").model) == weights(train(tmp_path / "b").model)


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    assert weights(train(tmp_path / "a").model) != weights(train(tmp_path / "b", replace(OPTIONS, seed=6)).model)


def test_global_random_state_neither_matters_nor_changes(tmp_path: Path) -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = train(tmp_path / "a")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    assert weights(first.model) == weights(train(tmp_path / "b").model)


def test_reused_versions_train_too(tmp_path: Path) -> None:
    result = train(tmp_path, replace(OPTIONS, epochs=8, versions=3))
    assert training.evaluate(result.model, bars(seed=1))[1] == 1


def test_polishing_lowers_the_loss_further_with_the_averaged_weights(tmp_path: Path) -> None:
    epochs = train(tmp_path / "polished", POLISHED).epochs
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4, 5]
    assert [epoch.learning_rate > 0 for epoch in epochs] == [True, True, False, False, False]
    assert epochs[4].loss < epochs[3].loss < epochs[2].loss
    assert epochs[4].loss < 0.1 * epochs[2].loss
    # The first round begins where the epochs ended.
    train(tmp_path / "plain", replace(POLISHED, polish=0))
    options = replace(POLISHED, peak_lr=1e-30, weight_decay=0, epochs=1, polish=1)
    initial = checkpoint.load(tmp_path / "plain" / LAST)
    again = train(tmp_path / "again", options, initial=initial).epochs
    assert again[1].loss == pytest.approx(epochs[2].loss, rel=1e-5)


def test_polishing_leaves_held_out_images_alone(tmp_path: Path) -> None:
    images = bars()
    first = train(tmp_path / "a", POLISHED, images=images)
    order = torch.randperm(360, generator=torch.Generator().manual_seed(0))
    images.pixels[order[:30].numpy()] = 255
    second = train(tmp_path / "b", POLISHED, images=images)
    assert [epoch.loss for epoch in first.epochs] == [epoch.loss for epoch in second.epochs]


@pytest.mark.parametrize("options", [OPTIONS, QUANTISED], ids=["float", "quantised"])
def test_training_starts_from_the_initial_weights(options: TrainingOptions, tmp_path: Path) -> None:
    initial = LST(NETWORK)
    still = replace(options, epochs=1, peak_lr=1e-30, weight_decay=0)
    result = train(tmp_path, still, initial=initial)
    codes = quantize(initial, FORMATS).weights
    if options is QUANTISED:
        assert all(map(np.array_equal, quantize(result.model, FORMATS).weights, codes))
    else:
        assert all(torch.allclose(*pair) for pair in zip(result.model.parameters(), initial.parameters(), strict=True))


def test_quantised_run_learns_in_integers_and_stores_its_codes(tmp_path: Path) -> None:
    images = bars(seed=1)
    result = train(tmp_path, replace(QUANTISED, epochs=12))
    assert result.best.validation_accuracy == 1
    stored = checkpoint.load(tmp_path / BEST)
    integers = quantize(stored, FORMATS, "hard", allow_saturation=False)
    for stage, weight, bias in zip(NETWORK.stages, integers.weights, integers.biases, strict=True):
        assert np.array_equal(stored.linear(stage).weight.detach().numpy() * 4, weight)
        assert np.array_equal(stored.linear(stage).bias.detach().numpy() * 16, bias)
        assert np.abs(weight).max() <= 3
    classes = IntegerLST(integers)(torch.from_numpy(images.pixels))["class"]
    accuracy = float((classes == torch.from_numpy(images.labels)).double().mean())
    assert training.evaluate(result.model, images)[1] == accuracy == 1
    assert checkpoint.read(tmp_path / BEST)["quantization"] == {
        "format": "Q3.2",
        "bias-format": "Q3.4",
        "activation-format": "Q2.4",
        "activation": "hard",
        "weight-bits": [3],
    }


def test_callbacks_see_every_step_and_every_epoch_also_the_resumed_ones(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    epochs: list[Epoch] = []
    interrupted(tmp_path, after=8)
    result = train(
        tmp_path, resume=True, on_step=lambda done, total: steps.append((done, total)), on_epoch=epochs.append
    )
    assert tuple(epochs) == result.epochs
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3, 4]
    assert steps == [(done, 24) for done in range(7, 25)]


def test_best_is_the_epoch_with_the_lowest_validation_loss(tmp_path: Path) -> None:
    result = train(tmp_path, replace(OPTIONS, epochs=8))
    assert result.best.validation_loss == min(epoch.validation_loss for epoch in result.epochs)
    assert checkpoint.read(tmp_path / BEST)["epoch"] == result.best.epoch
    assert checkpoint.read(tmp_path / LAST)["epoch"] == 8


def test_checkpoints_carry_the_given_metadata_in_plain_types(tmp_path: Path) -> None:
    train(tmp_path, metadata={"command": "lst-hw train", "seed": 5})
    for name in (BEST, LAST):
        content = checkpoint.read(tmp_path / name)
        assert content["command"] == "lst-hw train"
        assert content["seed"] == 5
        assert type(content["validation_accuracy"]) is float
    assert "training" not in checkpoint.read(tmp_path / BEST)


def test_held_out_images_are_never_trained_on(tmp_path: Path) -> None:
    images = bars()
    order = torch.randperm(360, generator=torch.Generator().manual_seed(0))
    validation = order[:30].numpy()
    first = train(tmp_path / "a", images=images)
    images.pixels[validation] = 255
    second = train(tmp_path / "b", images=images)
    assert [epoch.loss for epoch in first.epochs] == [epoch.loss for epoch in second.epochs]
    assert [epoch.validation_loss for epoch in first.epochs] != [epoch.validation_loss for epoch in second.epochs]


def test_one_step_in_all_is_enough_for_the_schedule(tmp_path: Path) -> None:
    assert len(train(tmp_path, replace(OPTIONS, epochs=1, batch=1000)).epochs) == 1


def test_learning_rate_rises_to_its_peak_and_falls_to_nothing(tmp_path: Path) -> None:
    rates = [epoch.learning_rate for epoch in train(tmp_path, replace(OPTIONS, epochs=10, warmup=0.3)).epochs]
    assert max(rates) == pytest.approx(2e-2, rel=0.05)
    assert rates.index(max(rates)) in (2, 3)
    assert rates[-1] < 1e-4


def test_averaging_off_means_the_latest_weights(tmp_path: Path) -> None:
    train(tmp_path, replace(OPTIONS, average=0))
    latest = checkpoint.read(tmp_path / LAST)
    for key, value in latest["training"]["model"].items():
        assert torch.allclose(latest["model"][key], value, atol=1e-7)


def test_a_teacher_passes_on_what_the_labels_do_not_say(tmp_path: Path) -> None:
    images = bars()
    teacher = train(tmp_path / "teacher", replace(OPTIONS, epochs=8)).model
    wrong = Images(images.pixels, (images.labels + 1) % 3, "wrong labels", is_test=False)
    options = replace(OPTIONS, epochs=8, distillation=1.0)
    train(tmp_path / "student", options, images=wrong, teachers=[teacher, teacher])
    assert training.evaluate(checkpoint.load(tmp_path / "student" / LAST), images)[1] > 0.95


def test_initial_weights_must_be_of_the_same_network(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot start LST-1-4 from the weights of LST-1-28: sizes differ"):
        train(tmp_path, initial=LST())


def test_divergence_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"training diverged in epoch \d: choose a lower learning rate"):
        train(tmp_path, replace(OPTIONS, peak_lr=1e38))


def test_images_must_fit_the_network(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="images of 8x8 pixels do not fit a network for 28x28"):
        training.train(lst(), bars(), OPTIONS, tmp_path)


def test_a_teacher_must_fit_too(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"teacher LST-1-28 reads 28x28 .* 8x8 .* choose a teacher"):
        train(tmp_path, teachers=[LST()])


def test_something_must_be_left_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot hold out 360 of 360 images: hold out fewer"):
        train(tmp_path, replace(OPTIONS, holdout=360))
