"""The output folder of ``lst-hw generate``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boards import fit
from lst_hw.synthesis import Area

Cli = Callable[..., Any]


def digests(folder: Path) -> dict[str, str]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def generated(cli: Cli, mnist_dir: Path, tmp_path: Path) -> Path:
    done = cli("generate", "-o", "out", "--vectors", 2, "--data-dir", mnist_dir)
    assert done.code == 0
    assert done.out.startswith("LST-1-28: 9,474 parameters, 28 PEs, 2,419 cycles per image, latency 2,423\n")
    return tmp_path / "out"


def test_the_folder_holds_verilog_manifest_and_vectors(generated: Path) -> None:
    names = set(digests(generated))
    assert {"lst_accel.v", "manifest.json", "vectors/vectors.npz", "vectors/pixels.hex", "vectors/results.hex"} <= names
    assert not [name for name in names if "partial" in name]


def test_the_manifest_agrees_with_the_files(generated: Path) -> None:
    manifest = json.loads((generated / "manifest.json").read_text())
    found = digests(generated)
    assert manifest["verilog"]["sha256"] == found["lst_accel.v"]
    assert manifest["vectors"]["files"] == {k: v for k, v in found.items() if k.startswith("vectors/")}
    assert manifest["formats"]["weight"] == "Q5.7"
    assert manifest["cycles_per_batch"] == 2419
    assert {(port["name"], port["direction"], port["width"]) for port in manifest["ports"]} == {
        ("aclk", "input", 1),
        ("aresetn", "input", 1),
        ("s_axis_tdata", "input", 8),
        ("s_axis_tvalid", "input", 1),
        ("s_axis_tready", "output", 1),
        ("s_axis_tlast", "input", 1),
        ("m_axis_tdata", "output", 32),
        ("m_axis_tvalid", "output", 1),
        ("m_axis_tready", "input", 1),
        ("m_axis_tlast", "output", 1),
    }


def test_the_same_input_gives_the_same_bytes(generated: Path, cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    assert cli("generate", "-o", "again", "--vectors", 2, "--data-dir", mnist_dir).code == 0
    assert digests(tmp_path / "again") == digests(generated)


def test_json_prints_the_manifest(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    done = cli("generate", "lst-1-28", "-o", "out", "--vectors", 1, "--data-dir", mnist_dir, "--json")
    assert json.loads(done.out) == json.loads((tmp_path / "out" / "manifest.json").read_text())


def test_control_registers_come_with_a_c_header(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    words = ("generate", "lst-1-8", "--vectors", 1, "--data-dir", mnist_dir)
    assert cli(*words, "-o", "plain").code == 0
    assert cli(*words, "-o", "out", "--axi-lite").code == 0
    assert digests(tmp_path / "out").keys() == digests(tmp_path / "plain").keys() | {"lst_accel.h"}
    plain, manifest = (json.loads((tmp_path / each / "manifest.json").read_text()) for each in ("plain", "out"))
    added = {port["name"] for port in manifest["ports"]} - {port["name"] for port in plain["ports"]}
    assert {"s_axi_awaddr", "s_axi_rdata", "irq"} <= added
    assert manifest["weights_hash"] == plain["weights_hash"]
    verilog = (tmp_path / "out" / "lst_accel.v").read_text()
    assert f"32'h{manifest['weights_hash'][2:]}" in verilog or f"32'd{int(manifest['weights_hash'], 16)}" in verilog
    assert all(f" {name};" in verilog for name in added)


def test_other_files_in_the_folder_are_kept(cli: Cli, mnist_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    assert cli("generate", "-o", "out", "--vectors", 1, "--data-dir", mnist_dir).code == 0
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "culprit"),
    [
        ((), "--output"),
        (("-o", "file"), "file: cannot be written"),
        (("-o", "file/below"), "file/below: cannot be written"),
        (("none.pt", "-o", "out"), "none.pt"),
        (("-o", "out", "--vectors", 0), "0"),
        (("-o", "out", "--pes", 100), "100 PEs"),
        (("-o", "out", "--board", "zybo"), "unknown board 'zybo': choose from zybo-z7-10, zybo-z7-20, ulx3s"),
        (("-o", "out", "--board", "ulx3s"), "ulx3s has no processing system"),
        (("-o", "out", "--board", "zybo-z7-10", "--clock", 300), "clock of 300 MHz: choose 1 to 250"),
        (("-o", "out", "--clock", 50), "give --board too"),
    ],
)
def test_bad_input_leaves_nothing_behind(
    cli: Cli, mnist_dir: Path, tmp_path: Path, words: tuple[Any, ...], culprit: str
) -> None:
    (tmp_path / "file").write_text("mine")
    done = cli("generate", *words, "--data-dir", mnist_dir)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert culprit in done.err
    assert digests(tmp_path).keys() == {"file"}
    assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What Yosys is said to count."""
    counts = {"lut": 700, "ff": 800, "ramb18": 9, "dsp": 29}
    monkeypatch.setattr(fit, "xilinx_area", lambda _: Area(**counts, yosys="0.70"))
    return counts


def test_a_board_adds_registers_and_a_vivado_project(
    cli: Cli, mnist_dir: Path, tmp_path: Path, counted: dict[str, int]
) -> None:
    words = ("generate", "lst-1-8", "-o", "out", "--vectors", 1, "--data-dir", mnist_dir)
    done = cli(*words, "--board", "zybo-z7-10", "--clock", 75)
    assert done.code == 0
    assert "out/build.tcl  Digilent Zybo Z7-10, 75 MHz\nfits: LUT 700 + 6,000 of 17,600" in done.out
    names = set(digests(tmp_path / "out"))
    assert {"build.tcl", "settings.tcl", "scripts/block_design.tcl", "constraints.xdc", "lst_accel.h"} <= names
    assert {"lst_accel.py", "classify.ipynb", "README.md", "lst_accel.v", "manifest.json"} <= names
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert "s_axi_awaddr" in [port["name"] for port in manifest["ports"]]
    before = digests(tmp_path / "out")
    assert cli(*words, "--board", "zybo-z7-10", "--clock", 75).code == 0
    assert digests(tmp_path / "out") == before


def test_an_accelerator_too_large_for_the_board_is_refused_with_the_numbers_and_nothing_is_written(
    cli: Cli, mnist_dir: Path, tmp_path: Path, counted: dict[str, int]
) -> None:
    counted["dsp"] = 105
    done = cli("generate", "lst-1-8", "-o", "out", "--board", "zybo-z7-10", "--data-dir", mnist_dir)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "Zybo Z7-10 (xc7z010clg400-1) is too small: LUT 700 + 6,000 of 17,600" in done.err
    assert "DSP 105 + 0 of 80" in done.err
    assert not digests(tmp_path)
