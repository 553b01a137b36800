"""The designs that are compared, and what is measured of each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch

from lst_hw.design import Design
from lst_hw.operations import operations
from lst_model.data import Images
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.module import LST
from lst_model.quantize import QuantizedNetwork, quantize
from sim.netlist import run_netlist

FORMATS = Formats.parse("Q5.7")


@dataclass(frozen=True)
class Variant:
    """One accelerator.

    Attributes
    ----------
    network : str
        A line of blocks, or the name of a shipped checkpoint.
    multiplier : str
    sign_elements : bool
        Whether PEs may add and subtract only.
    """

    network: str
    multiplier: str = "dsp"
    sign_elements: bool = True

    @property
    def key(self) -> str:
        """Name in the results."""
        return f"{self.network} {self.multiplier}{'' if self.sign_elements else ', all multiply'}"


VARIANTS = (
    *(Variant("walsh:32", multiplier, signs) for multiplier in ("dsp", "lut") for signs in (True, False)),
    *(Variant(name, multiplier) for name in ("walsh:16", "dct-9", "lst:4") for multiplier in ("dsp", "lut")),
    *(Variant("walsh:32,lst:16", multiplier, signs) for multiplier in ("dsp", "lut") for signs in (True, False)),
    *(Variant(name, multiplier) for name in ("wht-16-lst-1-16", "lst-1-16") for multiplier in ("dsp", "lut")),
    *(Variant("lst-1-28", multiplier) for multiplier in ("dsp", "lut")),
)
"""Fronts with a learned output, fronts with a block, each followed by plain LST-1 of about their accuracy; LST-1-28."""


def measure(variant: Variant, model: LST, test: Images, images: int) -> dict[str, Any]:
    """Area, operations, activity over the first test images, and the integer model's accuracy on all.

    Raises
    ------
    RuntimeError
        If the netlist answers one image otherwise than the integer model.
    """
    quantized = quantize(model, FORMATS)
    design = Design.of(quantized, multiplier=variant.multiplier, sign_elements=variant.sign_elements)
    run = run_netlist(quantized, design, test.first(images), activity=True)
    if run.wrong or run.activity is None:
        raise RuntimeError(f"{variant.key}: {run.wrong} of {run.images} images are wrong")
    return {
        "network": variant.network,
        "title": quantized.network.title,
        "multiplier": variant.multiplier,
        "sign_elements": variant.sign_elements,
        "parameters": quantized.network.parameters,
        "accuracy": _accuracy(quantized, test),
        "pes": design.pes,
        "multiplying_pes": design.multiplying_pes,
        "cycles": design.schedule.cycles_per_frame,
        "area": asdict(run.netlist.area),
        "operations": asdict(operations(design)),
        "images": run.images,
        "nets": run.activity.nets,
        "toggles": run.activity.toggles,
    }


def _accuracy(quantized: QuantizedNetwork, test: Images) -> float:
    model, right = IntegerLST(quantized), 0
    for start in range(0, len(test), 1000):
        classes = model(torch.from_numpy(test.pixels[start : start + 1000]))["class"].numpy()
        right += int((classes == test.labels[start : start + 1000]).sum())
    return right / len(test)
