"""Formats and their cost, measured on calibration images: one tensor rounded at a time, the rest in floating point."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from .activations import MAX_TABLE_FRACTION, activation_table
from .data import Images
from .errors import InputError
from .fixed import MAX_BITS, Formats, QFormat
from .layers import Output, Stage
from .module import LST, Activation, normalise
from .network import Network

UNIT = "activation unit"
"""Name of the activation unit among the tensors: its function instead of tanh, next to unrounded."""

ROLES: dict[str, Callable[[Formats], QFormat]] = {
    "weight": lambda formats: formats.weight,
    "output": lambda formats: formats.output_weight,
    "activation": lambda formats: formats.activation,
    "bias": lambda formats: formats.bias,
}
"""What a tensor can be, by the field of :class:`Formats` that is for it, in the order in which formats are picked."""

_FINE = Formats.parse(f"Q4.{MAX_TABLE_FRACTION}")


@dataclass(frozen=True)
class Widths:
    """Total bits of weights, biases and activations, 2 to 18 each."""

    weight: int
    bias: int
    activation: int

    def __post_init__(self) -> None:
        for role, bits in vars(self).items():
            if not 2 <= bits <= MAX_BITS:
                raise InputError(f"{bits} bits for the {role} format: choose 2 to {MAX_BITS}")


@dataclass(frozen=True)
class Cost:
    """What quantising one tensor does while all others stay in floating point.

    Attributes
    ----------
    name : str
        State dict key of a parameter, name of a stage, or :data:`UNIT`.
    logit_error : float
        Root mean square change of the logits.
    accuracy : float
        Share of the images classified right, 0 to 1.
    """

    name: str
    logit_error: float
    accuracy: float


def tensors(network: Network) -> dict[str, str]:
    """Every tensor that is rounded, in the order of the data flow, and its role: a key of :data:`ROLES`.

    Parameters go by their state dict key, values by the name of their stage. Logits are exact.
    """
    roles = {"input": "activation"}
    for stage in network.stages:
        roles[f"{stage.key}.weight"] = "output" if isinstance(stage.layer, Output) else "weight"
        if stage.structure.has_bias:
            roles[f"{stage.key}.bias"] = "bias"
        roles[stage.name] = "activation"
    roles.pop("logits")
    return roles


class Calibration:
    """A float model on calibration images, and what happens to its logits when parts of it are quantised.

    Parameters
    ----------
    model : LST
    images : Images

    Raises
    ------
    InputError
        If the images do not fit the network.
    """

    def __init__(self, model: LST, images: Images) -> None:
        images.check_fits(model.network)
        self.model = model
        self.images = images
        self.roles = tensors(model.network)
        self._input = normalise(torch.from_numpy(images.pixels))
        with torch.no_grad():
            self._values = _Rounding(model, lambda name, value: value).trace(self._input)
            self._parameters = {
                f"{stage.key}.{kind}": getattr(model, kind)(stage).detach()
                for stage in model.network.stages
                for kind in ("weight", "bias")
            }
        self.logits = self._values["logits"]

    def values(self, name: str) -> Tensor:
        """The float model's values of a tensor, all images, or of the logits."""
        return self._values[name] if name in self._values else self._parameters[name]

    def quantised_logits(self, names: Collection[str], formats: Formats, activation: str = "table") -> Tensor:
        """Logits of the float model with the named tensors rounded; :data:`UNIT` stands for the activation unit."""

        def rounded(name: str, value: Tensor) -> Tensor:
            return _rounded(value, ROLES[self.roles[name]](formats)) if name in names else value

        model = _Rounding(self.model, rounded)
        if UNIT in names:
            model.activation = unit_function(activation)
        with torch.no_grad():
            return model.trace(self._input)["logits"]

    def costs(self, formats: Formats, activation: str) -> tuple[Cost, ...]:
        """What each tensor costs alone, in the order of the data flow, and what the activation unit does."""
        found = []
        for name in (*self.roles, UNIT):
            logits = self.quantised_logits([name], formats, activation)
            found.append(Cost(name, self.logit_error(logits), self.accuracy(logits)))
        return tuple(found)

    def logit_error(self, logits: Tensor) -> float:
        """Root mean square difference to the float model's logits."""
        return float((logits.double() - self.logits.double()).square().mean().sqrt())

    def accuracy(self, logits: Tensor) -> float:
        """Share of the images classified right, 0 to 1."""
        return float(np.mean(logits.argmax(1).numpy() == self.images.labels))


class _Rounding(LST):
    """A float model in which a function of name and value changes every parameter and value."""

    def __init__(self, model: LST, rounded: Callable[[str, Tensor], Tensor]) -> None:
        # The weights made here are not used, so drawing them must not move the caller's random state.
        with torch.random.fork_rng(devices=[]):
            super().__init__(model.network, model.activation)
        self._rounded = rounded
        self._model = [model]

    def weight(self, stage: Stage) -> Tensor:
        return self._rounded(f"{stage.key}.weight", self._model[0].weight(stage).detach())

    def bias(self, stage: Stage) -> Tensor:
        return self._rounded(f"{stage.key}.bias", self._model[0].bias(stage).detach())

    def _read(self, name: str, x: Tensor) -> Tensor:
        return self._rounded(name, x)


def unit_function(activation: str) -> Activation:
    """An activation unit as a function of real numbers: at 12 fractional bits, the finest that all units have."""
    q = _FINE.preactivation
    table = torch.from_numpy(activation_table(activation, _FINE) / _FINE.activation.scale).float()

    def unit(x: Tensor) -> Tensor:
        return table[(x * q.scale).round().clamp(q.lowest, q.highest).long() - q.lowest]

    return unit


def choose_formats(
    calibration: Calibration, widths: Widths, activation: str, *, allow_saturation: bool = True
) -> Formats:
    """The formats of given widths that disturb the logits least.

    More integer bits clip less and round more. For weights, those of the output layer, activations and
    biases in turn, every split of the width up to the first that clips nothing is tried with the tensors of
    that role alone rounded; the one with the smallest root mean square error of the logits wins. Unless
    parameters may saturate, only the last is tried for them. All weights have the same width.
    """
    width = {"weight": widths.weight, "output": widths.weight, "activation": widths.activation, "bias": widths.bias}
    formats = Formats(**{role: QFormat(bits, 0) for role, bits in width.items()})
    for role in ROLES:
        limit = _finest(role, formats, activation)
        names = [name for name, its in calibration.roles.items() if its == role]
        candidates = list(_candidates(width[role], limit, [calibration.values(name) for name in names]))
        if not allow_saturation and role != "activation":
            candidates = candidates[-1:]
        trials = [replace(formats, **{role: q}) for q in candidates]
        errors = [calibration.logit_error(calibration.quantised_logits(names, trial)) for trial in trials]
        formats = trials[errors.index(min(errors))]
    return formats


def _candidates(bits: int, finest: int, values: Iterable[Tensor]) -> Iterable[QFormat]:
    arrays = [value.double().numpy() for value in values]
    for integer in range(max(1, bits - finest), bits + 1):
        q = QFormat(integer, bits - integer)
        yield q
        if not any(q.saturating(array) for array in arrays):
            return


def _finest(role: str, formats: Formats, activation: str) -> int:
    """Most fractional bits that arithmetic and activation unit allow."""
    if role == "bias":
        weight = min(formats.weight.fraction_bits, formats.output_weight.fraction_bits)
        return weight + formats.activation.fraction_bits
    return MAX_TABLE_FRACTION if role == "activation" and activation == "table" else MAX_BITS


def _rounded(value: Tensor, q: QFormat) -> Tensor:
    return torch.from_numpy(q.codes(value.numpy()) / q.scale).to(value.dtype)
