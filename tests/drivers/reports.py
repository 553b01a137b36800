"""A report of a small network without a simulation: the integer model stands in for the RTL."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from drivers import networks

from lst_hw.design import Design
from lst_hw.generate import manifest
from lst_hw.report.facts import ReportData
from lst_hw.report.gather import Samples, gather
from lst_hw.synthesis import Area
from lst_model import checkpoint
from lst_model.data import Images
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.module import LST
from lst_model.network import Network
from lst_model.quantize import QuantizedNetwork, quantize
from sim.verify import Report

AREA = Area(lut=200, ff=300, ramb18=4, dsp=100, yosys="0.0")
EPOCHS = tuple(
    {
        "epoch": float(number),
        "learning_rate": 0.01,
        "loss": 1 / number,
        "validation_loss": 1 / number,
        "validation_accuracy": 1 - 0.1 / number,
    }
    for number in (1, 2, 3)
)


@dataclass(frozen=True, eq=False)
class Subject:
    """What a report is about."""

    model: LST
    quantized: QuantizedNetwork
    design: Design
    images: Images
    verification: Report
    checkpoint: Path

    def report(self, **changed: Any) -> tuple[ReportData, Samples]:
        """The report, with an area and a training log unless ``changed``."""
        given: dict[str, Any] = {
            "configuration": {"format": "Q2.4", "<b>": "&"},
            "manifest": manifest(self.design, self.checkpoint, "module lst_accel; endmodule"),
            "area": AREA,
            "ecp5_mhz": None,
            "training": EPOCHS,
            "command": "lst-hw report -o report.html",
        }
        return gather(
            self.model,
            self.quantized,
            self.design,
            self.images,
            self.verification,
            **{**given, **changed},
        )


def verified(model: LST, quantized: QuantizedNetwork, design: Design, images: Images, **_: Any) -> Report:
    """What :func:`sim.verify.verify` would find on hardware without faults."""
    stages = ("input", *(stage.name for stage in design.network.stages), "class")
    classes = IntegerLST(quantized)(torch.from_numpy(images.pixels))["class"].numpy()
    return Report(len(images), "none", stages=dict.fromkeys(stages, 0), classes=classes)


def subject(
    folder: Path, described: Network | None = None, *, count: int = 30, pes: int | None = None, formats: str = "Q2.4"
) -> Subject:
    """A random float network, its quantisation and random images."""
    described = described or networks.network(6, 5, (5, 4), classes=3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = LST(described).eval()
    path = folder / "net.pt"
    checkpoint.save(path, model)
    quantized = quantize(model, Formats.parse(formats))
    pixels = networks.images(described, count)
    labels = np.random.default_rng(0).integers(0, described.classes, count)
    images = Images(pixels, labels, "random images", is_test=True)
    design = Design.of(quantized, pes=pes)
    return Subject(model, quantized, design, images, verified(model, quantized, design, images), path)
