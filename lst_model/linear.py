"""The linear part of a layer, built as its structure says."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import Output, Stage
from .prodsum import ProdSumLinear
from .structure import Dense, Transform
from .sums import ProductOfSums


class FixedLinear(nn.Module):
    """A fixed transform: weights ``[outputs, inputs]`` that are not trained, biases of 0. It has no state."""

    weight: Tensor
    bias: Tensor

    def __init__(self, transform: Transform, outputs: int, inputs: int) -> None:
        super().__init__()
        weight = torch.from_numpy(transform.matrix(outputs, inputs)).float()
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("bias", torch.zeros(outputs), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """``[..., inputs]`` to ``[..., outputs]``."""
        return functional.linear(x, self.weight, self.bias)


Linear = nn.Linear | FixedLinear | ProdSumLinear


def make_linear(stage: Stage) -> Linear:
    """The layer of a stage; trained weights start Xavier-uniform, their biases at 0."""
    match stage.structure:
        case Transform() as transform:
            return FixedLinear(transform, stage.outputs, stage.inputs)
        case ProductOfSums() as sums:
            grid = (stage.rows, stage.columns) if isinstance(stage.layer, Output) else None
            return ProdSumLinear(stage.inputs, stage.outputs, sums, grid)
        case Dense():
            linear = nn.Linear(stage.inputs, stage.outputs)
            nn.init.xavier_uniform_(linear.weight)
            nn.init.zeros_(linear.bias)
            return linear
