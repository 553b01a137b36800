"""From a float model to integers: the quantised network that hardware and integer model share."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .activations import DEFAULT, activation_table, check, threshold_code, unit_name
from .errors import InputError
from .fixed import Formats, QFormat
from .layers import Output, Stage
from .module import LST
from .network import Network

Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class QuantizedNetwork:
    """A network in integers.

    Attributes
    ----------
    network : Network
    formats : Formats
    activation : str
        Name of the unit for tanh.
    weights : tuple of int64 array
        Weight codes ``[outputs, inputs]``, one array per stage.
    biases : tuple of int64 array
        Bias codes ``[outputs]``, one array per stage.
    saturated : dict
        Number of parameters that the formats clipped, by state dict key; empty when all fit.
    """

    network: Network
    formats: Formats
    activation: str
    weights: tuple[Codes, ...]
    biases: tuple[Codes, ...]
    saturated: dict[str, int]

    def __post_init__(self) -> None:
        check(self.activation)
        for stage in self.network.stages:
            threshold_code(stage.function, self.formats)
        for stage, weight, bias in zip(self.network.stages, self.weights, self.biases, strict=True):
            if weight.shape != (stage.outputs, stage.inputs) or bias.shape != (stage.outputs,):
                raise InputError(
                    f"{stage.key}: weights {weight.shape} and biases {bias.shape} do not fit "
                    f"a layer of {stage.inputs} inputs and {stage.outputs} outputs"
                )
            q = weight_format(stage, self.formats)
            _check_codes(f"{stage.key}.weight", weight, q.lowest, q.highest)
            _check_codes(f"{stage.key}.bias", bias, self.formats.bias.lowest, self.formats.bias.highest)

    def accumulator_fraction(self, stage: Stage) -> int:
        """Fractional bits of a product and of an accumulator in a stage."""
        return weight_format(stage, self.formats).fraction_bits + self.formats.activation.fraction_bits

    @property
    def logit_fraction(self) -> int:
        """Fractional bits of a logit."""
        return self.accumulator_fraction(self.network.stages[-1])

    @property
    def preactivation(self) -> QFormat:
        """Format of the activation units' input."""
        return preactivation_format(self.network, self.formats)

    def unit(self, stage: Stage) -> str:
        """Name of the activation unit of a stage (:func:`~lst_model.activations.unit_name`)."""
        return unit_name(stage.function, self.activation)

    def activation_codes(self, stage: Stage) -> Codes:
        """The activation code of every pre-activation code of an embedding's stage, from the lowest to the highest."""
        return self._activation_tables[self.unit(stage)]

    @cached_property
    def _activation_tables(self) -> dict[str, Codes]:
        """By unit, as most stages have the same."""
        units = {self.unit(stage) for stage in self.network.stages[:-1]}
        return {unit: activation_table(unit, self.formats, self.preactivation) for unit in units}

    @property
    def sha256(self) -> str:
        """Hexadecimal digest of all that determines the answers.

        The bytes are UTF-8 JSON with sorted keys and no spaces of ``{"activation": name, "formats": {...},
        "network": {...}}`` (``as_dict`` of both), then, stage by stage, weights and biases as little-endian 32-bit
        numbers, row-major.
        """
        description = {
            "activation": self.activation,
            "formats": self.formats.as_dict(),
            "network": self.network.as_dict(),
        }
        digest = hashlib.sha256(json.dumps(description, sort_keys=True, separators=(",", ":")).encode())
        for weight, bias in zip(self.weights, self.biases, strict=True):
            digest.update(weight.astype("<i4").tobytes())
            digest.update(bias.astype("<i4").tobytes())
        return digest.hexdigest()

    @property
    def saturation_report(self) -> str:
        """One line on the weights and biases that saturate, empty when none does."""
        # As they are stored, which may be more numbers than are trained.
        stored = sum(codes.size for codes in (*self.weights, *self.biases))
        parts = [f"{count} in {key}" for key, count in self.saturated.items()]
        total = sum(self.saturated.values())
        return f"{total} of {stored} parameters saturate: {', '.join(parts)}" if parts else ""


def weight_format(stage: Stage, formats: Formats) -> QFormat:
    """Format of a stage's weights."""
    return formats.output_weight if isinstance(stage.layer, Output) else formats.weight


def preactivation_format(network: Network, formats: Formats) -> QFormat:
    """Format of the activation units' input; functions other than tanh need all integer bits of an activation."""
    q = formats.preactivation
    if all(stage.function.name == "tanh" for stage in network.stages[:-1]):
        return q
    return QFormat(max(q.integer_bits, formats.activation.integer_bits), q.fraction_bits)


def quantize(
    model: LST,
    formats: Formats | None = None,
    activation: str = DEFAULT,
    *,
    allow_saturation: bool = True,
) -> QuantizedNetwork:
    """Round a float model's parameters to nearest, saturating at the ends of their formats.

    Raises
    ------
    InputError
        If ``allow_saturation`` is false and a parameter lies outside its format.
    """
    formats = Formats() if formats is None else formats
    weights: list[Codes] = []
    biases: list[Codes] = []
    saturated: dict[str, int] = {}
    for stage in model.network.stages:
        weight, bias = model.weight(stage), model.bias(stage)
        for kind, of, target, q in (
            ("weight", weight, weights, weight_format(stage, formats)),
            ("bias", bias, biases, formats.bias),
        ):
            values = of.detach().double().numpy()
            target.append(q.codes(values))
            if count := q.saturating(values):
                saturated[f"{stage.key}.{kind}"] = count
    result = QuantizedNetwork(model.network, formats, activation, tuple(weights), tuple(biases), saturated)
    if saturated and not allow_saturation:
        raise InputError(f"{result.saturation_report}; choose a format with more integer bits")
    return result


def _check_codes(key: str, codes: Codes, lowest: int, highest: int) -> None:
    if codes.size and (codes.min() < lowest or codes.max() > highest):
        raise InputError(f"{key} has codes from {codes.min()} to {codes.max()}, outside {lowest} to {highest}")
