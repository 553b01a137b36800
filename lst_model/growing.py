"""Stage-wise training: a network whose sums get more terms and that computes the same, to go on training with."""

from __future__ import annotations

from dataclasses import replace

import torch

from .errors import InputError
from .layers import Layer, Output, SkipAdd, SkipSave
from .module import LST
from .network import Network
from .prodsum import ProdSumLinear, grow
from .structure import Transform, parse
from .sums import ProductOfSums


def grown(model: LST, weights: str | None = None, output_weights: str | None = None, seed: int = 0) -> LST:
    """A model of a network with larger sums that computes the same as a smaller one.

    Parameters
    ----------
    model : LST
    weights, output_weights : str, optional
        What the weights of learned blocks, and of the output layer, grow to: the same products of sums
        (:mod:`lst_model.sums`) with as many terms or more. Without it they stay.
    seed : int
        Of what is random in the new terms.

    Raises
    ------
    InputError
        If the new weights are no such sums, or those of the model are none.
    """
    old = model.network
    described = Network(old.rows, old.columns, tuple(_larger(layer, weights, output_weights) for layer in old.layers))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        larger = LST(described, model.activation)
        for stage, new in zip(old.stages, described.stages, strict=True):
            linear = model.linear(stage)
            if isinstance(linear, ProdSumLinear) and isinstance(new.structure, ProductOfSums):
                linear = grow(linear, new.structure)
            larger.linear(new).load_state_dict(linear.state_dict())
    return larger


def _larger(layer: Layer, weights: str | None, output_weights: str | None) -> Layer:
    if isinstance(layer, SkipSave | SkipAdd):
        return layer
    text = output_weights if isinstance(layer, Output) else weights
    structure = parse(layer.weights)
    if text is None or isinstance(structure, Transform):
        return layer
    wanted = parse(text)
    if not isinstance(structure, ProductOfSums) or not isinstance(wanted, ProductOfSums):
        raise InputError(f"{structure} weights cannot grow to {wanted}: only products of sums can, by more terms")
    return replace(layer, weights=str(wanted))
