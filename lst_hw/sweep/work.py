"""What a Dask worker does: train one network, in floating point or in integers, or measure one point.

Nothing here knows of Dask.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from lst_model import checkpoint, data, training
from lst_model.augment import Affine
from lst_model.calibrate import Calibration, Widths, choose_formats
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.holdout import hold_out
from lst_model.integer import IntegerLST
from lst_model.module import LST
from lst_model.network import Network
from lst_model.options import TrainingOptions
from lst_model.quantization import Quantization
from lst_model.quantize import QuantizedNetwork, quantize, weight_format
from sim.verify import verify

from ..design import Design
from ..emit import to_verilog
from ..synthesis import xilinx_area
from .point import DataSet, Measures, Point, Retraining, Stored, Training, digest_of

# Initial weights come from torch's global generator: two runs in one process would disturb each other.
_ONE_TRAINING = threading.Lock()


def train(what: Training, place: DataSet) -> bytes:
    """Train; the content of the best epoch's checkpoint."""
    return _trained(Network.from_dict(what.network), what.options, _images("train", place))


def retrain(what: Retraining, weights: bytes, place: DataSet) -> bytes:
    """Train on in integers, taught by the weights it starts from; the content of the best epoch's checkpoint."""
    images = _images("train", place)
    model, _ = _read(weights)
    formats = _formats(model, what.precision, what.activation, images.first(what.calibration))
    quantization = Quantization(formats, what.activation)
    options = {**what.options, "quantization": quantization}
    return _trained(model.network, options, images, initial=model, teachers=[model])


def measure(point: Point, weights: bytes, measures: Measures) -> dict[str, Any]:
    """Quantise, classify all test images, simulate some, estimate the area.

    Parameters
    ----------
    point : Point
    weights : bytes
        Content of its checkpoint.
    measures : Measures

    Returns
    -------
    dict
        Plain values by column of the table.
    """
    started = time.perf_counter()
    torch.set_num_threads(1)
    train_images, test = _images("train", measures.data), _images("test", measures.data)
    model, stored = _read(weights)
    if point.retraining is not None and (trained := Quantization.recorded(stored)) is not None:
        formats = trained.formats
    else:
        formats = _formats(model, point.precision, point.activation, train_images.first(measures.calibration))
    quantized = quantize(model, formats, point.activation)
    design = Design.of(quantized, **point.hardware)
    report = verify(model, quantized, design, test.first(measures.images), engine=measures.engine, jobs=1)
    result = {
        "network": design.network.title,
        "parameters": design.network.parameters,
        "weights": point.weights.name if isinstance(point.weights, Stored) else "trained",
        "seed": point.weights.seed if isinstance(point.weights, Training) else None,
        "retrained_epochs": point.retrained_epochs,
        "weight_format": str(formats.weight),
        "output_format": str(formats.output_weight),
        "bias_format": str(formats.bias),
        "activation_format": str(formats.activation),
        "activation": point.activation,
        "pes": design.pes,
        "multiplier": design.multiplier,
        "lanes": design.lanes,
        "validation": _accuracy(quantized, _held_out(point, train_images)),
        "accuracy_float": training.evaluate(model, test)[1],
        "accuracy": _accuracy(quantized, test),
        "test_images": len(test),
        "simulated_images": report.images,
        "mismatches": report.mismatches,
        "cycles_per_image": report.cycles_per_image,
        "latency": report.latency,
        "parameter_bits": _parameter_bits(quantized),
        **dict.fromkeys(("lut", "ff", "ramb18", "dsp", "yosys")),
    }
    if measures.area:
        result |= vars(xilinx_area(to_verilog(design)))
    return {**result, "seconds": round(time.perf_counter() - started, 2)}


@lru_cache(maxsize=2)
def _images(split: data.Split, place: DataSet) -> Images:
    """A split of the data set, which must be the one that the sweep was started with."""
    images = data.load(split, place.place)
    if digest_of(images) != getattr(place, split):
        raise InputError(f"{images.source}: not the {split} images of this sweep; give every worker the same data set")
    return images


def _trained(network: Network, options: Mapping[str, Any], images: Images, **more: Any) -> bytes:
    """Content of the best checkpoint of a run with the given plain options."""
    chosen = TrainingOptions(**{**options, "augmentation": Affine(**options["augmentation"])})
    with tempfile.TemporaryDirectory() as name, _ONE_TRAINING:
        torch.set_num_threads(1)
        training.train(network, images, chosen, Path(name), metadata={"data": images.source}, **more)
        return (Path(name) / training.BEST).read_bytes()


def _read(weights: bytes) -> tuple[LST, Mapping[str, Any]]:
    """The model in a checkpoint's content, and all that the checkpoint holds."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pt"
        path.write_bytes(weights)
        return checkpoint.load(path), checkpoint.read(path)


def _formats(model: LST, precision: Formats | Widths, activation: str, images: Images) -> Formats:
    """The given formats, or those of the given widths that suit model and images."""
    if isinstance(precision, Formats):
        return precision
    return choose_formats(Calibration(model, images), precision, activation)


def _held_out(point: Point, images: Images) -> Images:
    """The images that chose the epoch of a training; of a checkpoint, those that training holds out by default."""
    options = point.weights.options if isinstance(point.weights, Training) else {}
    return hold_out(images, options.get("holdout"))[1]


def _accuracy(quantized: QuantizedNetwork, images: Images) -> float:
    """Share of the images that the integer model, and so the RTL, classifies right."""
    integer = IntegerLST(quantized)
    pixels, labels = torch.from_numpy(images.pixels), torch.from_numpy(images.labels)
    batches = zip(torch.split(pixels, 1000), torch.split(labels, 1000), strict=True)
    return sum(int((integer(some)["class"] == truth).sum()) for some, truth in batches) / len(images)


def _parameter_bits(quantized: QuantizedNetwork) -> int:
    """Bits of all weights and biases in their formats."""
    formats = quantized.formats
    return sum(
        weight.size * weight_format(stage, formats).bits + bias.size * formats.bias.bits
        for stage, weight, bias in zip(quantized.network.stages, quantized.weights, quantized.biases, strict=True)
    )
