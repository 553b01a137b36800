"""The studies: which arms each compares, and what it measures besides the accuracy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import nn

from bench.ablations.fit import Arms, Recipe, Row, fit, fit_tensors, trials
from lst_hw.design import Design
from lst_model import checkpoint, training
from lst_model.blocks import parse_blocks
from lst_model.bottleneck import STARTS, VARIANTS, LSTBottleneck
from lst_model.corruptions import CORRUPTIONS, SEVERITIES, corrupt
from lst_model.data import Images
from lst_model.growing import grown
from lst_model.integer import IntegerLST
from lst_model.module import LST, normalise
from lst_model.network import NAMED, Network
from lst_model.quantize import quantize
from lst_model.transforms import start_from_dct

from .features import FEATURES

SIDES = (3, 4, 5, 6, 7, 8, 9, 10, 14, 28)
"""Squares of these are the numbers of features of a linear classifier."""

THRESHOLDS = (0.1, 0.2, 0.4)
HELD_OUT = 5000
CONVOLUTIONAL_IMAGES = 3000

SUMS = ("dense", "gaussian:200@1", "outer:200@1", "permutation:200@1", "dct:200", "rank:4", "gaussian:20*rank:3@1")
GROWING = ("gaussian:50@1", "gaussian:100@1", "gaussian:200@1")

SMALL = ("dct-9", "lst-1-8", "lst-1-16", "reslst-3-19-dct-9", "lst-1-28")


def linear(recipe: Recipe, train: Images, test: Images) -> Iterator[Row]:
    """A linear classifier on ever more DCT coefficients, random projections or random pixels."""
    pixels = [normalise(torch.from_numpy(images.pixels)) for images in (train, test)]
    labels = [torch.from_numpy(images.labels) for images in (train, test)]
    for name, make in FEATURES.items():
        for count in (side * side for side in SIDES):
            for seed in range(recipe.seeds):
                features = make(count, seed)
                fitted, tested = (features(images) for images in pixels)
                classifier = nn.Linear(count, 10)
                nn.init.zeros_(classifier.weight)
                nn.init.zeros_(classifier.bias)
                fit_tensors(classifier, fitted, labels[0], recipe, seed)
                accuracy = float((classifier(tested).argmax(1) == labels[1]).float().mean())
                yield {"arm": name, "seed": seed, "features": count, "accuracy": round(accuracy, 6)}


def small(recipe: Recipe, train: Images, test: Images) -> Iterator[Row]:
    """The shipped networks of few parameters, as float32 and as the Q5.7 integers of the accelerator."""
    for name in SMALL:
        model = checkpoint.load(name)
        quantized = quantize(model)
        schedule = Design.of(quantized).schedule
        yield {
            "arm": name,
            "layers": model.network.title,
            "parameters": model.network.parameters,
            "weights in ROM": sum(weight.size for weight in quantized.weights),
            "cycles per frame": schedule.cycles_per_frame,
            "accuracy": training.evaluate(model, test)[1],
            "integer accuracy": _integer_accuracy(IntegerLST(quantized), test),
        }


def sums(recipe: Recipe, train: Images, test: Images) -> Iterator[Row]:
    """LST-1-28 with about 200 trained numbers for each of its two transforms instead of 784, in every basis."""
    networks = {text: parse_blocks("lst:28", weights=text) for text in SUMS}
    arms: Arms = {text: partial(LST, network) for text, network in networks.items()}
    yield from trials(arms, train, test, recipe, _size)
    for seed in range(recipe.seeds):
        model = _staged(Recipe(max(1, recipe.epochs // len(GROWING)), 1), train, seed)
        accuracy = training.evaluate(model, test)[1]
        yield {"arm": " then ".join(GROWING), "seed": seed, "accuracy": accuracy, **_size(model)}


def functions(recipe: Recipe, train: Images, test: Images) -> Iterator[Row]:
    """LST-1-28 with each function, on clean and on corrupted digits; thresholds are chosen on held-out images."""
    fitted, held_out = _parts(train)
    chosen = {}
    for name in ("soft", "st-relu"):
        scores = {}
        for tau in THRESHOLDS:
            model = _seeded(partial(LST, _lst_1(f"{name}:{tau}")), 0)
            fit(model, fitted, recipe, 0)
            scores[tau] = training.evaluate(model, held_out)[1]
        best = max(scores, key=lambda tau: scores[tau])
        chosen[f"{name}:{best}"] = {str(tau): score for tau, score in scores.items()}
    corrupted = {
        f"{name} {severity}": Images(corrupt(test.pixels, name, severity), test.labels, test.source, test.is_test)
        for name in CORRUPTIONS
        for severity in SEVERITIES
    }

    def robustness(model: nn.Module) -> Row:
        return {name: training.evaluate(model, images)[1] for name, images in corrupted.items()}

    for function in ("tanh", "identity", "relu", *chosen):
        for row in trials({function: partial(LST, _lst_1(function))}, train, test, recipe, robustness):
            yield {**row, "held out": chosen.get(function, {})}


def start(recipe: Recipe, train: Images, test: Images) -> Iterator[Row]:
    """Learned blocks that start Xavier-uniform or as a DCT, after a sixth of the epochs and after all."""
    for epochs in (max(1, recipe.epochs // 6), recipe.epochs):
        arms: Arms = {
            f"{NAMED[network].title}, {name}": partial(build, NAMED[network])
            for network in ("lst-1", "lst-2")
            for name, build in (("Xavier", LST), ("DCT", _dct_start))
        }
        for row in trials(arms, train, test, Recipe(epochs, recipe.seeds)):
            yield {**row, "epochs": epochs}


def bottleneck(recipe: Recipe, train: Images, test: Images) -> Iterator[Row]:
    """A small network of three LST-Net bottlenecks, in both variants and with both starts, on few images."""
    arms: Arms = {
        f"variant {variant}, {start}": partial(_lst_net, variant, start) for variant in VARIANTS for start in STARTS
    }
    yield from trials(arms, train.first(CONVOLUTIONAL_IMAGES), test, replace(recipe, batch=50), _size)


STUDIES: dict[str, Callable[[Recipe, Images, Images], Iterator[Row]]] = {
    "linear": linear,
    "small": small,
    "sums": sums,
    "functions": functions,
    "start": start,
    "bottleneck": bottleneck,
}
"""Studies by name; each takes the recipe and both sets of images, and yields a row per arm and seed."""


def _staged(recipe: Recipe, train: Images, seed: int) -> LST:
    """LST-1-28 whose sums grow, trained as long in each stage."""
    torch.manual_seed(seed)
    model = LST(parse_blocks("lst:28", weights=GROWING[0]))
    fit(model, train, recipe, seed)
    for text in GROWING[1:]:
        model = grown(model, text, seed=seed)
        fit(model, train, recipe, seed)
    return model


def _lst_1(function: str) -> Network:
    return parse_blocks("lst:28", function=function)


def _dct_start(network: Network) -> LST:
    model = LST(network)
    start_from_dct(model)
    return model


def _lst_net(variant: str, start: str) -> nn.Module:
    return nn.Sequential(
        nn.Unflatten(1, (1, 28)),
        nn.Conv2d(1, 8, 3, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        LSTBottleneck(8, 16, variant, stride=2, start=start),
        LSTBottleneck(16, 16, variant, start=start),
        LSTBottleneck(16, 32, variant, stride=2, start=start),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def _size(model: nn.Module) -> Row:
    return {"parameters": sum(parameter.numel() for parameter in model.parameters())}


def _seeded(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    torch.manual_seed(seed)
    return build()


def _parts(images: Images) -> tuple[Images, Images]:
    """All but the last images, and those."""
    return tuple(  # type: ignore[return-value]
        Images(images.pixels[part], images.labels[part], images.source, images.is_test)
        for part in (slice(None, -HELD_OUT), slice(-HELD_OUT, None))
    )


def _integer_accuracy(model: IntegerLST, images: Images) -> float:
    pixels, labels = torch.from_numpy(images.pixels), torch.from_numpy(images.labels)
    parts = zip(torch.split(pixels, 1000), torch.split(labels, 1000), strict=True)
    return sum(int((model(some)["class"] == truth).sum()) for some, truth in parts) / len(labels)
