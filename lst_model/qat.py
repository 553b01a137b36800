"""Quantisation-aware training: a model that computes what the accelerator computes and can be trained.

The forward pass is ``docs/arithmetic.md`` to the bit: weights and biases are rounded, sums are exact, embeddings
pass the requantiser and the activation unit. Its values are the integer model's codes in units of their formats.
Backward, rounding counts as the identity (straight-through, Bengio 2013) and the activation unit as its slope.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from .activations import MAX_TABLE_FRACTION, activation_codes, activation_table, unit_name
from .fixed import MAX_BITS, Formats, QFormat
from .layers import Stage
from .module import LST
from .network import Network
from .pixels import pixel_codes
from .quantization import Quantization
from .quantize import preactivation_format, weight_format
from .structure import Transform

Values = npt.NDArray[np.float64]

_FLOAT32_INTEGERS = 2**24
"""Integers below this are exact in a float32."""
_SLOPE_STEP = 1 / 64
"""Distance of the two points that a slope is measured between, halved."""


class QuantizedLST(LST):
    """An :class:`LST` in the accelerator's arithmetic.

    Its parameters are those of an :class:`LST`, unrounded, so that they can move by less than a step. Images
    are normalised as for an :class:`LST` and count as the nearest 8-bit pixels.

    Parameters
    ----------
    network : Network
    quantization : Quantization

    Raises
    ------
    InputError
        If the number of weight bits does not fit the network.
    """

    pixel_values: Tensor

    def __init__(self, network: Network, quantization: Quantization) -> None:
        super().__init__(network)
        self.quantization = quantization
        ranges = quantization.weight_ranges(network)
        formats, unit = quantization.formats, quantization.activation
        self._weight_formats = {stage.key: weight_format(stage, formats) for stage in network.stages}
        # What is not trained has all the bits of the format.
        self._weight_ranges = {
            stage.key: (q.lowest, q.highest) if isinstance(stage.structure, Transform) else codes
            for stage, q, codes in zip(network.stages, self._weight_formats.values(), ranges, strict=True)
        }
        tables = {
            "pixel_values": pixel_codes(np.arange(256), formats.activation) / formats.activation.scale,
        }
        q = preactivation_format(network, formats)
        for stage in network.stages[:-1]:
            name = unit_name(stage.function, unit)
            tables[f"activation_values_{stage.name}"] = activation_table(name, formats, q) / formats.activation.scale
            tables[f"activation_slopes_{stage.name}"] = _slopes(name, q)
        for name, table in tables.items():
            self.register_buffer(name, torch.tensor(table, dtype=torch.float32), persistent=False)
        # What a layer can read: activations, plus one more for every skip connection up to the format's end.
        largest = max(float(values.abs().max()) for name, values in self.named_buffers() if "_values" in name)
        sums = 1 + sum(stage.adds_skip for stage in network.stages)
        self._largest_operand = min(largest * sums, -formats.activation.lowest / formats.activation.scale)

    def start_from(self, model: LST) -> None:
        """Take over the parameters of a model of the same network, clipped, so that each can move at once."""
        self.load_state_dict(model.state_dict())
        bias = self.quantization.formats.bias
        with torch.no_grad():
            for stage in self.network.stages:
                linear, (lowest, highest) = self.linear(stage), self._weight_ranges[stage.key]
                scale = self._weight_formats[stage.key].scale
                if isinstance(linear, nn.Linear):
                    linear.weight.clamp_(lowest / scale, highest / scale)
                    linear.bias.clamp_(bias.lowest / bias.scale, bias.highest / bias.scale)

    def rounded(self) -> LST:
        """A float model whose dense parameters are this one's codes, times their steps; no format clips any of them.

        Weights that follow from others, such as products of sums, have their codes when they are quantised.
        """
        # The initial weights are not used, so making them must not move the global generator.
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            model = LST(self.network)
            model.load_state_dict(self.state_dict())
            for stage in self.network.stages:
                linear = model.linear(stage)
                if isinstance(linear, nn.Linear):
                    weight, bias = self._codes(stage)
                    linear.weight.copy_(weight)
                    linear.bias.copy_(bias)
        return model

    def trace(self, x: Tensor) -> dict[str, Tensor]:
        """Every intermediate value by stage name, as :meth:`LST.trace`; logits may be float64, to be exact."""
        pixels = (x * 127.5 + 127.5).round().clamp(0, 255).long()
        return super().trace(self.pixel_values[pixels])

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[n, classes]`` of normalised images, rounded to float32."""
        return super().forward(x).float()

    def _codes(self, stage: Stage) -> tuple[Tensor, Tensor]:
        """Weights and biases of a stage, rounded."""
        formats = self.quantization.formats
        scale = self._weight_formats[stage.key].scale
        weight = _rounded(self.weight(stage), scale, *self._weight_ranges[stage.key])
        bias = _rounded(self.bias(stage), formats.bias.scale, formats.bias.lowest, formats.bias.highest)
        return weight, bias

    def _sums(self, stage: Stage, x: Tensor) -> Tensor:
        weight, bias = self._codes(stage)
        scale = self._weight_formats[stage.key].scale
        # In units of a product's last bit no sum exceeds this, the half step of the requantiser included.
        magnitudes = weight.detach().double().abs().sum(1)
        largest = (magnitudes * self._largest_operand + bias.detach().abs()).max()
        unit = scale * self.quantization.formats.activation.scale
        exact = float(largest) * unit + scale < _FLOAT32_INTEGERS
        dtype = torch.float32 if exact else torch.float64
        return functional.linear(x.to(dtype), weight.to(dtype), bias.to(dtype))

    def _embed(self, stage: Stage, x: Tensor) -> Tensor:
        formats = self.quantization.formats
        sums = self._sums(stage, x)
        tables = [self.get_buffer(f"activation_{kind}_{stage.name}") for kind in ("values", "slopes")]
        values: Tensor = _Activate.apply(sums, *tables, formats.activation.scale)  # type: ignore[no-untyped-call]
        return values

    def _add(self, x: Tensor, saved: Tensor) -> Tensor:
        activation = self.quantization.formats.activation
        return (x + saved).clamp(activation.lowest / activation.scale, activation.highest / activation.scale)


def _rounded(values: Tensor, scale: int, lowest: int, highest: int) -> Tensor:
    result: Tensor = _Round.apply(values, scale, lowest, highest)  # type: ignore[no-untyped-call]
    return result


class _Round(torch.autograd.Function):
    """To the nearest code, ties up, within a range; the gradient passes, so that clipped values can return."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: int, lowest: int, highest: int) -> Tensor:
        scaled = values * scale
        whole = scaled.floor()
        # Comparing is exact where adding a half would be rounded itself.
        return (whole + (scaled - whole >= 0.5)).clamp(lowest, highest) / scale

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        return gradient, None, None, None


class _Activate(torch.autograd.Function):
    """Requantiser and activation unit: sums to values, by table; the gradient is times the unit's slope."""

    @staticmethod
    def forward(ctx: Any, total: Tensor, values: Tensor, slopes: Tensor, scale: int) -> Tensor:
        middle = len(values) // 2
        index = (total * scale + 0.5).floor_().clamp_(-middle, middle - 1).add_(middle).int()
        ctx.save_for_backward(index, slopes)
        ctx.dtype = total.dtype
        return values[index]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        index, slopes = ctx.saved_tensors
        return (gradient * slopes[index]).to(ctx.dtype), None, None, None


def _slopes(unit: str, q: QFormat) -> Values:
    """The unit's slope at every pre-activation code, measured on its finest table."""
    fine = MAX_TABLE_FRACTION
    finest = Formats.parse(f"Q{MAX_BITS - fine}.{fine}")

    def value(x: Values) -> Values:
        return activation_codes(unit, np.rint(x * (1 << fine)).astype(np.int64), finest) / float(1 << fine)

    points = np.arange(q.lowest, q.highest + 1) / q.scale
    slopes: Values = (value(points + _SLOPE_STEP) - value(points - _SLOPE_STEP)) / (2 * _SLOPE_STEP)
    return slopes
