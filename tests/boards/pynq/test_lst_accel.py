# amaranth: UnusedElaboratable=no
"""The PYNQ driver, on a stand-in for PYNQ whose accelerator is the simulated RTL."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drivers.networks import images, network, quantized
from drivers.pynq_board import VLNV, Board, DefaultIP

import boards.pynq
from lst_hw.design import Design
from lst_hw.generate import generate
from lst_model.data import Images
from lst_model.integer import IntegerLST

DESCRIBED = network(3, 4, (5, 2), classes=4)
CASE = quantized(DESCRIBED, seed=3)
DESIGN = Design.of(CASE, axi_lite=True)
PIXELS = images(DESCRIBED, 7, seed=3)
SHORT = 0.5
"""Time-out in seconds, where a transfer never ends."""


@dataclass
class Setup:
    """A board, the driver as a user imports it, and the folder that came from ``lst-hw generate``."""

    board: Board
    driver: types.ModuleType
    folder: Path

    def classifier(self, **options: Any) -> Any:
        return self.driver.LSTClassifier("lst_accel.bit", self.folder / "manifest.json", **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("generated")
    checkpoint = folder / "checkpoint.pt"
    checkpoint.touch()
    shown = Images(PIXELS, np.zeros(len(PIXELS), np.uint8), "random pixels", is_test=False)
    generate(folder, checkpoint, CASE, DESIGN, shown)
    return folder


@pytest.fixture
def setup(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Setup:
    board = Board(DESIGN)
    monkeypatch.setitem(sys.modules, "pynq", board.module())
    # As on the board: one file, of no package.
    spec = importlib.util.spec_from_file_location("lst_accel", Path(boards.pynq.__file__).parent / "lst_accel.py")
    assert spec is not None
    assert spec.loader is not None
    driver = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "lst_accel", driver)
    spec.loader.exec_module(driver)
    return Setup(board, driver, folder)


def expected() -> dict[str, Any]:
    return IntegerLST(CASE)(torch.from_numpy(PIXELS))


@pytest.mark.parametrize("batch", [256, 3, 1])
def test_images_are_classified_in_batches(setup: Setup, batch: int) -> None:
    classifier = setup.classifier(batch=batch)
    assert classifier.predict(PIXELS).tolist() == expected()["class"].tolist()
    assert classifier.predict(PIXELS[2]).tolist() == expected()["class"].tolist()[2:3]
    assert classifier.accelerator.get("FRAMES") == len(PIXELS) + 1


def test_a_run_reports_logits_latency_and_throughput(setup: Setup) -> None:
    classifier = setup.classifier()
    assert classifier.logits().tolist() == []
    classifier.predict(PIXELS)
    stages, run = expected(), classifier.last_run
    winning = stages["logits"].numpy().max(1) >> DESIGN.result_logit_shift
    fraction = DESIGN.logit_fraction - DESIGN.result_logit_shift
    assert classifier.logits().tolist() == (winning / 2.0**fraction).tolist()
    assert run.cycles == DESIGN.schedule.latency
    assert run.latency_us == DESIGN.schedule.latency / 100
    assert run.images_per_second == len(PIXELS) / run.seconds
    assert f"latency {DESIGN.schedule.latency:,} cycles, {run.latency_us:.1f} us at 100 MHz" in str(run)


def test_the_shipped_vectors_pass(setup: Setup) -> None:
    assert setup.classifier().check_vectors(setup.folder / "vectors" / "vectors.npz") == len(PIXELS)


def test_a_vector_that_differs_is_named(setup: Setup, tmp_path: Path) -> None:
    with np.load(setup.folder / "vectors" / "vectors.npz") as archive:
        vectors = dict(archive)
    vectors["results"][4] ^= 1 << 20
    np.savez(tmp_path / "vectors.npz", **vectors)
    with pytest.raises(setup.driver.AcceleratorError, match=r"^1 of 7 results differ from .*; the first is image 4: "):
        setup.classifier().check_vectors(tmp_path / "vectors.npz")


def test_a_bitstream_for_other_weights_is_refused(setup: Setup, tmp_path: Path) -> None:
    manifest = json.loads((setup.folder / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps(manifest | {"weights_hash": "0x12345678"}))
    message = f"was built for the weights {DESIGN.weights_hash:#010x}, the manifest is of 0x12345678: copy"
    with pytest.raises(setup.driver.WrongBitstreamError, match=message):
        setup.driver.LSTClassifier("lst_accel.bit", tmp_path / "manifest.json")


@pytest.mark.parametrize(
    ("constant", "value", "message"),
    [
        ("IDENTITY", 0x11111111, "ID register reads 0x4c535441, not 0x11111111: no lst_accel at this address"),
        ("MAP_MAJOR", 2, "the bitstream has register map 1, this driver is for 2"),
    ],
)
def test_another_ip_or_map_is_refused(
    setup: Setup, monkeypatch: pytest.MonkeyPatch, constant: str, value: int, message: str
) -> None:
    monkeypatch.setattr(setup.driver, constant, value)
    with pytest.raises(setup.driver.WrongBitstreamError, match=message):
        setup.classifier()


@pytest.mark.parametrize("wrong", [PIXELS[:, :2], PIXELS.astype(np.float32), PIXELS[0, 0]])
def test_images_of_another_size_or_type_are_refused(setup: Setup, wrong: np.ndarray[Any, Any]) -> None:
    with pytest.raises(ValueError, match=r"the network takes uint8 \(3, 4\)"):
        setup.classifier().predict(wrong)


def test_a_stuck_dma_is_reported_and_the_next_call_succeeds(setup: Setup) -> None:
    classifier = setup.classifier(timeout=SHORT)
    setup.board.deaf = True
    with pytest.raises(
        setup.driver.StuckError, match=r"receive channel did not end within 0.5 s at image 0 of the batch"
    ):
        classifier.predict(PIXELS)
    with pytest.raises(setup.driver.StuckError, match=r"a result of an earlier run is not taken"):
        classifier.predict(PIXELS)
    setup.board.deaf = False
    classifier = setup.classifier()
    # The result that was still on offer when the DMA was reset is not taken for another image's.
    assert classifier.predict(PIXELS).tolist() == expected()["class"].tolist()


def test_a_send_channel_that_never_ends_is_reported(setup: Setup) -> None:
    classifier = setup.classifier(timeout=SHORT)
    classifier.accelerator.set("CONTROL")
    with pytest.raises(setup.driver.StuckError, match=r"send channel did not end .* DMA and accelerator were reset"):
        classifier.predict(PIXELS)
    assert setup.classifier().predict(PIXELS).tolist() == expected()["class"].tolist()


def test_a_failed_transfer_is_reported(setup: Setup) -> None:
    classifier = setup.classifier()
    setup.board.dma.sendchannel.error = True
    with pytest.raises(setup.driver.StuckError, match="send channel failed at image 0"):
        classifier.predict(PIXELS)
    assert classifier.predict(PIXELS).tolist() == expected()["class"].tolist()


def test_frames_that_arrive_short_are_reported_by_name(setup: Setup) -> None:
    classifier = setup.classifier(timeout=SHORT)
    setup.board.missing = 1
    with pytest.raises(setup.driver.FrameError, match=r"reports short_frame .* one transfer of 3x4 bytes"):
        classifier.predict(PIXELS)
    setup.board.missing = 0
    assert setup.classifier().predict(PIXELS).tolist() == expected()["class"].tolist()


def test_an_error_that_costs_no_result_is_reported_too(setup: Setup) -> None:
    """Frames of another source, or of a send channel used by hand."""
    classifier = setup.classifier()
    classify = classifier._classify

    def disturbed(count: int) -> None:
        classify(count)
        setup.board.dma.sendchannel.transfer(classifier._pixels, nbytes=5)
        setup.board.go_on(50)

    classifier._classify = disturbed
    with pytest.raises(setup.driver.FrameError, match=r"short_frame \(1 short and 0 long"):
        classifier.predict(PIXELS)


def test_the_driver_binds_to_the_ip(setup: Setup) -> None:
    assert DefaultIP.drivers[VLNV] is setup.driver.LSTAccelerator
