"""The output folder of ``lst-hw generate``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
