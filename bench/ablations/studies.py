"""The ablations: which arms each compares, and what it measures besides the accuracy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from lst_hw.activation import UNITS
from lst_hw.schedule import Schedule, widest_layer
from lst_model import data
from lst_model.activations import ACTIVATIONS, DEFAULT
from lst_model.calibrate import Calibration, Widths, choose_formats
from lst_model.data import Images
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.module import LST, Activation
from lst_model.network import NAMED, Network, lst
from lst_model.quantize import quantize

from .fit import Arms, Recipe, Row, trials

EMBEDDINGS = (8, 16, 28)
DEPTHS = (1, 2, 3)
WIDTH = 8


def separability(recipe: Recipe, folder: str | None) -> Iterator[Row]:
    """LST-1 against one hidden layer on the flat image, as many parameters or as many multiplications."""
    network = NAMED["lst-1"]
    pixels, classes = network.rows * network.columns, network.classes
    by_parameters = round((network.parameters - classes) / (pixels + 1 + classes))
    by_products = round(multiplications(network) / (pixels + classes))
    arms: Arms = {
        network.title: partial(LST, network),
        f"FC {pixels}-{by_parameters}-{classes}, same parameters": partial(_fc, pixels, by_parameters, classes),
        f"FC {pixels}-{by_products}-{classes}, same multiplications": partial(_fc, pixels, by_products, classes),
    }
    yield from trials(arms, *_splits(folder), recipe, _size)


def activation(recipe: Recipe, folder: str | None) -> Iterator[Row]:
    """Each activation in training, against each unit in the Q5.7 integer model."""
    train, test = _splits(folder)

    def units(model: nn.Module) -> Row:
        assert isinstance(model, LST)
        return {f"{name} unit": _integer_accuracy(model, test, unit=name) for name in ACTIVATIONS}

    functions: dict[str, Activation] = {"tanh": torch.tanh, "second-order": second_order, "hard": functional.hardtanh}
    arms: Arms = {f"trained with {name}": partial(LST, lst(), function) for name, function in functions.items()}
    yield from trials(arms, train, test, recipe, units)


def depth_width(recipe: Recipe, folder: str | None) -> Iterator[Row]:
    """One to three blocks, with embeddings of 8, 16 and 28."""
    networks = [lst(embeddings=(size,) * depth) for depth in DEPTHS for size in EMBEDDINGS]
    yield from trials({network.title: partial(LST, network) for network in networks}, *_splits(folder), recipe, _size)


def initialisation(recipe: Recipe, folder: str | None) -> Iterator[Row]:
    """Xavier-uniform weights and zero biases against PyTorch's default for linear layers."""
    arms: Arms = {
        f"{network.title}, {name}": partial(build, network)
        for network in (NAMED["lst-1"], NAMED["lst-2"])
        for name, build in (("Xavier", LST), ("PyTorch's default", _default_start))
    }
    yield from trials(arms, *_splits(folder), recipe)


def data_sets(recipe: Recipe, folder: str | None) -> Iterator[Row]:
    """LST-1 and a hidden layer of as many parameters on the 8x8 digits and, given its folder, another set."""
    for place in (data.DIGITS, *([folder] if folder else [])):
        train, test = _splits(place)
        side = train.pixels.shape[1]
        network = lst(side, embeddings=(side,), classes=int(train.labels.max()) + 1)
        hidden = round((network.parameters - network.classes) / (side**2 + 1 + network.classes))
        arms: Arms = {
            f"{network.title}, {side}x{side}": partial(LST, network),
            f"FC {side**2}-{hidden}-{network.classes}": partial(_fc, side**2, hidden, network.classes),
        }
        yield from trials(arms, train, test, recipe, partial(_eight_bits, train, test))


STUDIES: dict[str, Callable[[Recipe, str | None], Iterator[Row]]] = {
    "separability": separability,
    "activation": activation,
    "depth-width": depth_width,
    "initialisation": initialisation,
    "data-sets": data_sets,
}
"""Ablations by name; each takes the recipe and the folder of the data set, and yields a row per arm and seed."""


def multiplications(network: Network) -> int:
    """Products of weights and values per image."""
    return sum(math.prod(stage.result_shape) * stage.inputs for stage in network.stages)


def second_order(x: Tensor) -> Tensor:
    """The second-order unit's function of real numbers: ``x * (1 - abs(x) / 4)``, +-1 beyond +-2."""
    clipped = x.clamp(-2, 2)
    return clipped * (1 - clipped.abs() / 4)


def _splits(place: str | None) -> tuple[Images, Images]:
    folder = Path(place) if place else None
    return data.load("train", folder), data.load("test", folder, demo_ok=False)


def _fc(pixels: int, hidden: int, classes: int) -> nn.Module:
    layers = nn.Sequential(nn.Flatten(), nn.Linear(pixels, hidden), nn.Tanh(), nn.Linear(hidden, classes))
    for layer in (layers[1], layers[3]):
        assert isinstance(layer, nn.Linear)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
    return layers


def _default_start(network: Network) -> LST:
    model = LST(network)
    for stage in network.stages:
        model.linear(stage).reset_parameters()
    return model


def _size(model: nn.Module) -> Row:
    parameters = sum(parameter.numel() for parameter in model.parameters())
    if isinstance(model, LST):
        schedule = Schedule(model.network, widest_layer(model.network), UNITS[DEFAULT].LATENCY)
        products, cycles = multiplications(model.network), schedule.cycles_per_frame
        return {"parameters": parameters, "multiplications": products, "cycles per frame": cycles}
    return {"parameters": parameters, "multiplications": sum(p.numel() for p in model.parameters() if p.dim() == 2)}


def _eight_bits(train: Images, test: Images, model: nn.Module) -> Row:
    if not isinstance(model, LST):
        return _size(model)
    formats = choose_formats(Calibration(model, train.first(2000)), Widths(WIDTH, WIDTH, WIDTH), DEFAULT)
    return {**_size(model), "8-bit integers": _integer_accuracy(model, test, formats, DEFAULT)}


def _integer_accuracy(model: LST, test: Images, formats: Formats | None = None, unit: str = DEFAULT) -> float:
    integer = IntegerLST(quantize(model, formats, unit))
    pixels, labels = torch.from_numpy(test.pixels), torch.from_numpy(test.labels)
    parts = zip(torch.split(pixels, 1000), torch.split(labels, 1000), strict=True)
    return sum(int((integer(some)["class"] == truth).sum()) for some, truth in parts) / len(test)
