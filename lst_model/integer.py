"""The integer model: what the accelerator computes, bit for bit, in PyTorch."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from .errors import InputError
from .layers import ColumnTransform, Output, RowTransform, Stage
from .pixels import pixel_codes
from .quantize import QuantizedNetwork
from .ranges import aligned_biases


class IntegerLST(nn.Module):
    """Integer reference of the accelerator, specified by ``docs/arithmetic.md``.

    Sums of products run as float64 matrix products. That is exact: the formats keep every product sum
    below ``2**53`` (see "Widths" there), and float64 is many times faster than int64 on a CPU.

    Parameters
    ----------
    quantized : QuantizedNetwork
    """

    pixel_table: Tensor

    def __init__(self, quantized: QuantizedNetwork) -> None:
        super().__init__()
        self.quantized = quantized
        self.network = quantized.network
        formats = quantized.formats
        self.register_buffer("pixel_table", torch.from_numpy(pixel_codes(np.arange(256), formats.activation)))
        for index, (stage, weight) in enumerate(zip(self.network.stages, quantized.weights, strict=True)):
            if not isinstance(stage.layer, Output):
                self.register_buffer(f"activation{index}", torch.from_numpy(quantized.activation_codes(stage)))
            self.register_buffer(f"weight{index}", torch.from_numpy(weight).double())
            biases = torch.tensor(aligned_biases(quantized, index), dtype=torch.float64)
            self.register_buffer(f"bias{index}", biases)

    @torch.no_grad()
    def forward(self, pixels: Tensor) -> dict[str, Tensor]:
        """Every stage of every image.

        Parameters
        ----------
        pixels : Tensor
            uint8 ``[n, rows, columns]``.

        Returns
        -------
        dict
            int32 ``input [n, rows, columns]`` and embeddings, int64 ``logits [n, classes]`` and
            ``class [n]``; among equal logits the lowest class wins.

        Raises
        ------
        InputError
            If the images are not uint8 or have another size than the network.
        """
        expected = (self.network.rows, self.network.columns)
        if pixels.dtype != torch.uint8 or tuple(pixels.shape[1:]) != expected:
            raise InputError(
                f"images of shape {tuple(pixels.shape[1:])} and type {pixels.dtype}: "
                f"this network takes uint8 of shape {expected}"
            )
        value = self.pixel_table[pixels.long()]
        stages = {"input": value.int()}
        saved = value
        activation = self.quantized.formats.activation
        for index, stage in enumerate(self.network.stages):
            total = self._sums(index, stage, value)
            if isinstance(stage.layer, Output):
                stages[stage.name] = total
                stages["class"] = _first_maximum(total)
                continue
            value = self._activate(index, total)
            if stage.adds_skip:
                value = (value + saved).clamp(activation.lowest, activation.highest)
            if stage.saves_skip:
                saved = value
            stages[stage.name] = value.int()
        return stages

    def _sums(self, index: int, stage: Stage, value: Tensor) -> Tensor:
        weight, bias = self.get_buffer(f"weight{index}"), self.get_buffer(f"bias{index}")
        x = value.double()
        match stage.layer:
            case RowTransform():
                total = x @ weight.T + bias
            case ColumnTransform():
                total = (x.transpose(1, 2) @ weight.T + bias).transpose(1, 2)
            case Output():
                total = x.flatten(1) @ weight.T + bias
        return total.long()

    def _activate(self, index: int, total: Tensor) -> Tensor:
        q = self.quantized.preactivation
        preactivation = (total >> self.quantized.formats.weight.fraction_bits).clamp(q.lowest, q.highest)
        return self.get_buffer(f"activation{index}")[preactivation - q.lowest]


def _first_maximum(logits: Tensor) -> Tensor:
    """Arg max that takes the lowest index among equals, which ``torch.argmax`` does not promise."""
    classes = torch.arange(logits.shape[1])
    winners = logits == logits.amax(1, keepdim=True)
    return torch.where(winners, classes, logits.shape[1]).amin(1)
