"""What quantisation does to a network: range, saturation and cost of every tensor, one at a time and together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from .calibrate import UNIT, Calibration
from .integer import IntegerLST
from .quantize import QuantizedNetwork


@dataclass(frozen=True)
class TensorProfile:
    """One quantised tensor, while everything else stays in floating point.

    Attributes
    ----------
    name : str
        State dict key of a parameter, name of a stage, or ``activation unit``: the unit's function instead
        of tanh, unrounded.
    format : str
        The format it is quantised to; the unit's name for the activation unit.
    lowest, highest : float or None
        Range of the float model's values; None for the activation unit.
    saturating : float
        Share of values outside the format, 0 to 1.
    error : float or None
        Root mean square rounding error, in real units; None for the activation unit.
    logit_error : float
        Root mean square change of the logits.
    accuracy : float
        Share of the images classified right, 0 to 1.
    """

    name: str
    format: str
    lowest: float | None
    highest: float | None
    saturating: float
    error: float | None
    logit_error: float
    accuracy: float

    @property
    def integer_bits(self) -> int | None:
        """Fewest integer bits, the sign included, whose range holds the values before rounding."""
        if self.lowest is None or self.highest is None:
            return None
        low, high = self.lowest, self.highest
        return next(m for m in range(1, 256) if -(2.0 ** (m - 1)) <= low and high < 2.0 ** (m - 1))


@dataclass(frozen=True)
class QuantizationProfile:
    """Profile of a quantised network on calibration images.

    Attributes
    ----------
    tensors : tuple of TensorProfile
        In the order of the data flow, then the activation unit.
    logit_error : float
        Root mean square difference between the integer model's logits and the float model's.
    accuracy_float, accuracy_integer : float
        Share of the images classified right, 0 to 1.
    agreement : float
        Share of the images that both models put into the same class.
    """

    tensors: tuple[TensorProfile, ...]
    logit_error: float
    accuracy_float: float
    accuracy_integer: float
    agreement: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            **asdict(self),
            "tensors": [{**asdict(tensor), "integer_bits": tensor.integer_bits} for tensor in self.tensors],
        }


def profile(calibration: Calibration, quantized: QuantizedNetwork) -> QuantizationProfile:
    """Measure what each quantised tensor costs, and all of them together in the integer model.

    Parameters
    ----------
    calibration : Calibration
        The float model on its images.
    quantized : QuantizedNetwork
        Made from the same model.
    """
    integers = IntegerLST(quantized)(torch.from_numpy(calibration.images.pixels))
    logits = integers["logits"] / float(1 << quantized.accumulator_fraction)
    float_classes = calibration.logits.argmax(1).numpy()
    integer_classes = integers["class"].numpy()
    return QuantizationProfile(
        tensors=(*(_tensor(calibration, quantized, name) for name in calibration.roles), _unit(calibration, quantized)),
        logit_error=calibration.logit_error(logits),
        accuracy_float=calibration.accuracy(calibration.logits),
        accuracy_integer=float(np.mean(integer_classes == calibration.images.labels)),
        agreement=float(np.mean(float_classes == integer_classes)),
    )


def _tensor(calibration: Calibration, quantized: QuantizedNetwork, name: str) -> TensorProfile:
    values = calibration.values(name).double().numpy()
    q = getattr(quantized.formats, calibration.roles[name])
    logits = calibration.quantised_logits([name], quantized.formats)
    return TensorProfile(
        name=name,
        format=str(q),
        lowest=float(values.min()),
        highest=float(values.max()),
        saturating=q.saturating(values) / values.size,
        error=float(np.sqrt(np.mean((values - q.codes(values) / q.scale) ** 2))),
        logit_error=calibration.logit_error(logits),
        accuracy=calibration.accuracy(logits),
    )


def _unit(calibration: Calibration, quantized: QuantizedNetwork) -> TensorProfile:
    logits = calibration.quantised_logits([UNIT], quantized.formats, quantized.activation)
    return TensorProfile(
        name=UNIT,
        format=quantized.activation,
        lowest=None,
        highest=None,
        saturating=0.0,
        error=None,
        logit_error=calibration.logit_error(logits),
        accuracy=calibration.accuracy(logits),
    )
