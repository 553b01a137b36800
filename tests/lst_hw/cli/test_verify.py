"""``lst-hw verify``: what it says, its JSON and its exit codes."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lst_hw import rom

Cli = Callable[..., Any]


def test_it_reports_every_stage_and_exits_with_0(cli: Cli, mnist_dir: Path) -> None:
    done = cli("verify", "--images", 20, "--data-dir", mnist_dir)
    assert done.code == 0
    assert done.err == ""
    for stage in ("input", "row_embedding", "column_embedding", "logits", "class"):
        assert stage in done.out
    assert "20 images (MNIST test set), engine cxxrtl" in done.out
    assert "2419 per image" in done.out
    assert "OK: 0 mismatches" in done.out


def test_the_published_checkpoint_verifies(cli: Cli, mnist_dir: Path, reference_checkpoint: Path) -> None:
    done = cli("verify", reference_checkpoint, "--images", 20, "--data-dir", mnist_dir)
    assert done.code == 0
    assert "OK: 0 mismatches" in done.out


def test_json_goes_to_a_file_or_alone_to_standard_output(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    common = ("verify", "--images", 10, "--data-dir", mnist_dir, "--json")
    assert cli(*common, "report.json").code == 0
    printed = cli(*common, "-")
    written = json.loads((tmp_path / "report.json").read_text())
    shown = json.loads(printed.out)
    timing = ("seconds", "cycles_per_second")
    assert {k: v for k, v in written.items() if k not in timing} == {k: v for k, v in shown.items() if k not in timing}
    assert written["mismatches"] == 0
    assert written["images"] == 10
    assert written["cycles_per_image"] == 2419


def test_a_difference_is_named_kept_for_replay_and_exits_with_1(
    cli: Cli, mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*arguments: Any) -> Any:
        banks = rom.rom_banks(*arguments)
        words = [list(word) for word in banks[0].words]
        words[0][0] ^= 64
        return (replace(banks[0], words=tuple(map(tuple, words))), *banks[1:])

    monkeypatch.setattr("lst_hw.design.rom_banks", faulty)
    done = cli("verify", "--format", "Q2.6", "--images", 3, "--data-dir", mnist_dir)
    assert done.code == 1
    assert "FAIL" in done.out
    assert re.search(r"first difference: image 0, stage row_embedding, row \d+, column 0, cycle \d+: ", done.err)
    replay = shlex.split(done.err.splitlines()[-1].partition(": ")[2])
    assert replay[:2] == ["lst-hw", "verify"]
    again = cli(*replay[1:])
    assert again.code == 1
    assert "weights Q2.6" in again.out
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert cli(*replay[1:]).code == 0


BAD = [
    (("verify", "none.pt"), "none.pt: no such checkpoint"),
    (("verify", "--format", "Q57"), "format 'Q57'"),
    (("verify", "--format", "Q0.7"), "format Q0.7"),
    (("verify", "--format", "Q10.12"), "too wide"),
    (("verify", "--bias-format", "Q2.15", "--format", "Q2.6"), "bias format Q2.15"),
    (("verify", "--activation", "relu"), "unknown activation 'relu'"),
    (("verify", "--pes", 0), "0 PEs"),
    (("verify", "--pes", 29), "29 PEs"),
    (("verify", "--format", "Q1.2", "--strict"), "saturate"),
    (("verify", "--images", 0), "--images 0"),
    (("verify", "--images", "many"), "--images many"),
    (("verify", "--engine", "spice"), "spice"),
    (("verify", "--replay", "none.npz"), "none.npz"),
    (("verify", "--data-dir", "nowhere"), "nowhere"),
    (("verify", "--images", 1, "--json", "no/folder/report.json"), "no/folder/report.json"),
    (("simulate", "--vcd-image", -1), "--vcd-image -1"),
    (("simulate", "--vcd", "no/folder/a.vcd"), "no/folder/a.vcd"),
    (("verify", "--nonsense"), "--nonsense"),
    (("frobnicate",), "frobnicate"),
]


@pytest.mark.parametrize(("words", "culprit"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_input_is_one_line_that_names_the_culprit(
    cli: Cli, mnist_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[Any, ...], culprit: str
) -> None:
    monkeypatch.setenv("LST_DATA_DIR", str(mnist_dir))
    done = cli(*words)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert done.err.startswith("lst-hw: ")
    assert culprit in done.err
    assert list(tmp_path.iterdir()) == []


def test_saturating_parameters_are_counted_in_a_warning(cli: Cli, mnist_dir: Path) -> None:
    done = cli("verify", "--images", 1, "--format", "Q1.2", "--data-dir", mnist_dir)
    assert done.code == 0
    assert done.err.startswith("lst-hw: warning: ")
    assert "of 9474 parameters saturate: " in done.err
