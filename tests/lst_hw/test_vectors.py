"""Test vectors: complete, reproducible, and checked by the test bench that comes with them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from drivers.networks import images, network, quantized
from drivers.tools import require_tool

from lst_hw.design import Design
from lst_hw.emit import to_verilog
from lst_hw.result import result_beats
from lst_hw.vectors import write_vectors
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.integer import IntegerLST
from lst_model.quantize import QuantizedNetwork

SMALL = network(6, 5, (4, 4))
FRAMES = 5


@dataclass(frozen=True)
class Vectors:
    """A folder of test vectors, the Verilog beside them, and where they came from."""

    folder: Path
    codes: QuantizedNetwork
    design: Design
    images: Images

    @classmethod
    def write(cls, folder: Path, pes: int | None = None, *, axi_lite: bool = False) -> Vectors:
        folder.mkdir(parents=True, exist_ok=True)
        codes = quantized(SMALL)
        design = Design.of(codes, pes=pes, axi_lite=axi_lite)
        chosen = Images(images(SMALL, FRAMES), np.arange(FRAMES) % SMALL.classes, "random pixels", is_test=False)
        (folder / "lst_accel.v").write_text(to_verilog(design))
        write_vectors(folder, codes, design, chosen)
        return cls(folder, codes, design, chosen)

    def bench(self, *options: str) -> tuple[int, str]:
        """Exit code and output of the test bench in Icarus."""
        iverilog, vvp = require_tool("iverilog"), require_tool("vvp")
        subprocess.run(
            [iverilog, "-g2001", "-o", "tb", "tb_lst_accel.v", "lst_accel.v"], cwd=self.folder, check=True, text=True
        )
        run = subprocess.run(
            [vvp, "-N", "tb", *options], cwd=self.folder, capture_output=True, text=True, check=False, timeout=60
        )
        return run.returncode, run.stdout

    def replace_line(self, name: str, number: int, line: str) -> None:
        """Corrupt a hex file; line 0 is the comment."""
        file = self.folder / name
        lines = file.read_text().splitlines()
        lines[number] = line
        file.write_text("\n".join(lines) + "\n")


@pytest.fixture
def vectors(tmp_path: Path) -> Vectors:
    return Vectors.write(tmp_path)


def hex_numbers(file: Path) -> list[int]:
    """As ``$readmemh`` reads them."""
    return [int(line, 16) for line in file.read_text().splitlines() if not line.startswith("//")]


@pytest.mark.parametrize("options", [(), ("+stall",)], ids=["without a pause", "with stalls"])
@pytest.mark.parametrize("pes", [None, 2], ids=["unfolded", "folded"])
def test_the_bench_passes(tmp_path: Path, pes: int | None, options: tuple[str, ...]) -> None:
    code, output = Vectors.write(tmp_path, pes).bench(*options)
    assert output.startswith(f"PASS {FRAMES} frames, ")
    assert code == 0


def test_the_bench_leaves_control_registers_alone(tmp_path: Path) -> None:
    code, output = Vectors.write(tmp_path, axi_lite=True).bench("+stall")
    assert output.startswith(f"PASS {FRAMES} frames, ")
    assert code == 0


def test_without_a_pause_frames_take_the_cycles_of_the_formula(vectors: Vectors) -> None:
    schedule = vectors.design.schedule
    _, output = vectors.bench()
    # Two more pass between reset and the first pixel's transfer, and behind the last result.
    cycles = (FRAMES - 1) * schedule.cycles_per_frame + schedule.latency + 2
    assert output.split() == ["PASS", str(FRAMES), "frames,", str(cycles), "cycles"]


def test_a_wrong_result_fails_with_its_frame(vectors: Vectors) -> None:
    vectors.replace_line("results.hex", 1 + 3, "7fffff00")
    code, output = vectors.bench()
    assert "FAIL frame 3: expected 7fffff00 with TLAST, got" in output
    assert f"FAIL 1 of {FRAMES} frames" in output
    assert "PASS" not in output
    assert code != 0


def test_a_wrong_pixel_fails(vectors: Vectors) -> None:
    row = 1 + hex_numbers(vectors.folder / "pixels.hex").index(255)
    vectors.replace_line("pixels.hex", row, "00")
    code, output = vectors.bench("+stall")
    assert f"FAIL frame {(row - 1) // 30}" in output
    assert code != 0


def test_an_accelerator_that_does_not_answer_fails(vectors: Vectors) -> None:
    verilog = vectors.folder / "lst_accel.v"
    verilog.write_text(verilog.read_text().replace("assign m_axis_tlast = m_axis_tvalid;", "", 1))
    assert "FAIL frame 0" in vectors.bench()[1]
    silent = verilog.read_text().replace(".results__valid(m_axis_tvalid),", ".results__valid(),", 1)
    verilog.write_text(silent)
    code, output = vectors.bench()
    assert "FAIL frame 0: no result" in output
    assert code != 0


@pytest.mark.parametrize("axi_lite", [False, True], ids=["without registers", "with registers"])
def test_the_bench_passes_verilator_without_a_warning(tmp_path: Path, axi_lite: bool) -> None:
    folder = Vectors.write(tmp_path, axi_lite=axi_lite).folder
    run = subprocess.run(
        [
            *(require_tool("verilator"), "--lint-only", "--timing", "--top-module", "tb_lst_accel"),
            *("tb_lst_accel.v", "lst_accel.v"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_the_archive_holds_every_stage(vectors: Vectors) -> None:
    stages = IntegerLST(vectors.codes)(torch.from_numpy(vectors.images.pixels))
    with np.load(vectors.folder / "vectors.npz") as archive:
        assert set(archive) == {"pixels", "labels", "results", *stages}
        for name, value in stages.items():
            np.testing.assert_array_equal(archive[name], value.numpy())
        np.testing.assert_array_equal(archive["pixels"], vectors.images.pixels)
        np.testing.assert_array_equal(archive["labels"], vectors.images.labels)
        expected = result_beats(vectors.design, stages["logits"].numpy(), stages["class"].numpy())
        np.testing.assert_array_equal(archive["results"], expected)


@pytest.mark.parametrize("stage", ["input", "row_embedding", "column_embedding", "logits"])
def test_hex_files_are_in_twos_complement(vectors: Vectors, stage: str) -> None:
    expected = IntegerLST(vectors.codes)(torch.from_numpy(vectors.images.pixels))[stage].numpy().ravel()
    file = vectors.folder / f"{stage}.hex"
    comment = file.read_text().splitlines()[0]
    bits = int(comment.split()[-2])
    assert comment.endswith(f"numbers of {bits} bits")
    assert bits == (vectors.design.ranges.logit_bits if stage == "logits" else vectors.design.formats.activation.bits)
    numbers = hex_numbers(file)
    assert max(numbers) < 1 << bits
    assert [number - (number >> (bits - 1) << bits) for number in numbers] == expected.tolist()


def test_pixels_and_results_are_in_hex_files(vectors: Vectors) -> None:
    assert hex_numbers(vectors.folder / "pixels.hex") == vectors.images.pixels.ravel().tolist()
    with np.load(vectors.folder / "vectors.npz") as archive:
        assert hex_numbers(vectors.folder / "results.hex") == archive["results"].tolist()


def test_the_list_of_files_is_complete(tmp_path: Path) -> None:
    made = Vectors.write(tmp_path / "a")
    folder = tmp_path / "b"
    folder.mkdir()
    assert set(write_vectors(folder, made.codes, made.design, made.images)) == set(folder.iterdir())


def test_the_same_images_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = Vectors.write(tmp_path / "a"), Vectors.write(tmp_path / "b")
    for file in first.folder.iterdir():
        assert file.read_bytes() == (second.folder / file.name).read_bytes(), file.name


def test_no_images_and_images_of_another_size_are_refused(tmp_path: Path, vectors: Vectors) -> None:
    nothing = Images(np.zeros((0, 6, 5), np.uint8), np.zeros(0, np.int64), "an empty file", is_test=True)
    with pytest.raises(InputError, match="an empty file: no images"):
        write_vectors(tmp_path, vectors.codes, vectors.design, nothing)
    large = Images(np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.int64), "MNIST", is_test=True)
    with pytest.raises(InputError, match="do not fit"):
        write_vectors(tmp_path, vectors.codes, vectors.design, large)
