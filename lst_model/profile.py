"""What quantisation does to a network: ranges, saturation and error of every tensor."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .data import Images
from .fixed import QFormat
from .integer import IntegerLST
from .module import LST, normalise
from .quantize import QuantizedNetwork, weight_format


@dataclass(frozen=True)
class TensorProfile:
    """One quantised tensor.

    Attributes
    ----------
    name : str
        State dict key of a parameter, or name of a stage.
    lowest, highest : float
        Range of the float model's values.
    format : str
        The format it is quantised to.
    saturating : float
        Share of values outside the format, 0 to 1.
    error : float
        Root mean square difference to the float model, in real units: rounding alone for parameters,
        everything up to there for stages.
    """

    name: str
    lowest: float
    highest: float
    format: str
    saturating: float
    error: float

    @property
    def integer_bits(self) -> int:
        """Fewest integer bits, the sign included, whose range holds the values before rounding."""
        return next(m for m in range(1, 256) if -(2.0 ** (m - 1)) <= self.lowest and self.highest < 2.0 ** (m - 1))


@dataclass(frozen=True)
class QuantizationProfile:
    """Profile of a quantised network on calibration images.

    Attributes
    ----------
    tensors : tuple of TensorProfile
        Weights and the biases that there are, then stages, in the order of the data flow.
    accuracy_float, accuracy_integer : float
        Share of the images classified right, 0 to 1.
    agreement : float
        Share of the images that both models put into the same class.
    """

    tensors: tuple[TensorProfile, ...]
    accuracy_float: float
    accuracy_integer: float
    agreement: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def profile(model: LST, quantized: QuantizedNetwork, images: Images) -> QuantizationProfile:
    """Compare a network with its quantisation on calibration images.

    Raises
    ------
    InputError
        If the images do not fit the network.
    """
    images.check_fits(model.network)
    pixels = torch.from_numpy(images.pixels)
    with torch.no_grad():
        floats = model.trace(normalise(pixels))
    integers = IntegerLST(quantized)(pixels)
    formats = quantized.formats
    tensors = []
    for stage, weight, bias in zip(model.network.stages, quantized.weights, quantized.biases, strict=True):
        both = [("weight", model.weight(stage), weight, weight_format(stage, formats))]
        if stage.structure.has_bias:
            both.append(("bias", model.bias(stage), bias, formats.bias))
        for kind, parameter, codes, q in both:
            values = parameter.detach().double().numpy()
            tensors.append(_tensor(f"{stage.key}.{kind}", values, codes / q.scale, q))
    for name, value in floats.items():
        exact = name == "logits"
        fraction = quantized.logit_fraction if exact else formats.activation.fraction_bits
        real = integers[name].numpy() / float(1 << fraction)
        tensors.append(_tensor(name, value.double().numpy(), real, None if exact else formats.activation))
    float_classes = floats["logits"].argmax(1).numpy()
    integer_classes = integers["class"].numpy()
    return QuantizationProfile(
        tuple(tensors),
        float(np.mean(float_classes == images.labels)),
        float(np.mean(integer_classes == images.labels)),
        float(np.mean(float_classes == integer_classes)),
    )


def _tensor(
    name: str, values: npt.NDArray[np.float64], quantized: npt.NDArray[np.float64], q: QFormat | None
) -> TensorProfile:
    return TensorProfile(
        name,
        float(values.min()),
        float(values.max()),
        "exact" if q is None else str(q),
        0.0 if q is None else q.saturating(values) / values.size,
        float(np.sqrt(np.mean((values - quantized) ** 2))),
    )
