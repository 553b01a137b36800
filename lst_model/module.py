"""The float model: any :class:`~lst_model.network.Network` as an ``nn.Module``."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import ColumnTransform, Output, RowTransform, Stage
from .linear import Linear, make_linear
from .network import Network, lst

Activation = Callable[[Tensor], Tensor]


class LST(nn.Module):
    """Learned 2D Separable Transform classifier (arXiv 2505.06578).

    Parameters
    ----------
    network : Network
        Description of the layers; LST-1 with 9,474 parameters by default.
    activation : callable
        What computes tanh, ``torch.tanh`` by default. The other functions are always exact.

    The parameters are named after :attr:`Stage.key`: ``block1.row.weight [outputs, inputs]``,
    ``block1.row.bias [outputs]``, ..., ``output.weight [classes, rows * columns]``, ``output.bias``.
    They start Xavier-uniform with zero biases. Layers of another structure have the parameters of their
    :mod:`~lst_model.linear` module, fixed transforms none.
    """

    def __init__(self, network: Network | None = None, activation: Activation = torch.tanh) -> None:
        super().__init__()
        self.network = lst() if network is None else network
        self.activation = activation
        for stage in self.network.stages:
            block, _, part = stage.key.partition(".")
            linear = make_linear(stage)
            if part:
                if not hasattr(self, block):
                    self.add_module(block, nn.Module())
                self.get_submodule(block).add_module(part, linear)
            else:
                self.add_module(block, linear)

    def linear(self, stage: Stage) -> Linear:
        """The fully connected layer of a stage."""
        module = self.get_submodule(stage.key)
        assert isinstance(module, Linear)
        return module

    def weight(self, stage: Stage) -> Tensor:
        """Weights ``[outputs, inputs]`` of a stage, whatever they are made of."""
        return self.linear(stage).weight

    def bias(self, stage: Stage) -> Tensor:
        """Biases ``[outputs]`` of a stage."""
        return self.linear(stage).bias

    def trace(self, x: Tensor) -> dict[str, Tensor]:
        """Every intermediate value by stage name.

        Parameters
        ----------
        x : Tensor
            Normalised images ``[n, rows, columns]`` in -1 to 1.

        Returns
        -------
        dict
            ``input`` and, per stage, ``[n, rows, columns]`` embeddings and ``[n, classes]`` logits.
        """
        x = self._read("input", x)
        values = {"input": x}
        saved = x
        for stage in self.network.stages:
            match stage.layer:
                case RowTransform():
                    x = self._embed(stage, x)
                case ColumnTransform():
                    x = self._embed(stage, x.transpose(1, 2)).transpose(1, 2)
                case Output():
                    x = self._sums(stage, x.flatten(1))
            if stage.adds_skip:
                x = self._add(x, saved)
            x = self._read(stage.name, x)
            if stage.saves_skip:
                saved = x
            values[stage.name] = x
        return values

    def forward(self, x: Tensor) -> Tensor:
        """Logits ``[n, classes]`` of normalised images ``[n, rows, columns]``."""
        return self.trace(x)["logits"]

    # What another arithmetic does differently.

    def _sums(self, stage: Stage, x: Tensor) -> Tensor:
        """Sums of products with biases: ``[..., inputs]`` to ``[..., outputs]``."""
        return functional.linear(x, self.weight(stage), self.bias(stage))

    def _embed(self, stage: Stage, x: Tensor) -> Tensor:
        sums = self._sums(stage, x)
        return (
            self.activation(sums)
            if stage.function.name == "tanh"
            else EXACT[stage.function.name](sums, stage.function.tau)
        )

    def _add(self, x: Tensor, saved: Tensor) -> Tensor:
        return x + saved

    def _read(self, name: str, x: Tensor) -> Tensor:
        """What the next stages read of the input or of a stage's result."""
        return x


EXACT: dict[str, Callable[[Tensor, float], Tensor]] = {
    "identity": lambda x, tau: x,
    "relu": lambda x, tau: functional.relu(x),
    "soft": functional.softshrink,
    "st-relu": lambda x, tau: functional.relu(x - tau),
}
"""The functions but tanh (:mod:`lst_model.functions`) of values and threshold."""


def normalise(pixels: Tensor) -> Tensor:
    """8-bit pixels to the network's input: ``(p / 255 - 0.5) / 0.5``, in float32 (paper, "Training")."""
    return (pixels.to(torch.float32) / 255 - 0.5) / 0.5
