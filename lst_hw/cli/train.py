"""``lst-hw train``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import torch
from click.core import ParameterSource

from lst_model import checkpoint, data, training
from lst_model.activations import ACTIVATIONS, DEFAULT
from lst_model.augment import Affine
from lst_model.blocks import parse_blocks
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.growing import grown
from lst_model.module import LST
from lst_model.network import NAMED, Network, lst
from lst_model.options import TrainingOptions
from lst_model.quantization import Quantization

from .epochs import EpochBar
from .options import data_dir_option, repeated

METRICS = "metrics.json"
_DEFAULTS = TrainingOptions()
_STDOUT = Path("-")
_PATH = click.Path(readable=False, path_type=Path)
_SHAPE = ("rows", "columns", "embedding", "classes", "skip", "layers")
_LAYERS = ("function", "weights", "output_weights")
# What only says where things are or how to run belongs to a machine, not to the recipe.
_NOT_RECIPE = ("output", "data_dir", "threads", "resume", "overwrite", "json_file")

_EXAMPLES = """\b
Examples:
  lst-hw train -o runs/lst-1
  lst-hw train --network lst-2 --epochs 200 --seed 3 -o runs/lst-2
  lst-hw train --network lst-2 --epochs 200 --seed 3 -o runs/lst-2 --resume
  lst-hw train --network lst-1-8 --teacher reslst-3-28 --epochs 40 --versions 4 --polish 50 -o runs/small
  lst-hw train --rows 8 --embedding 8 --data-dir my/idx/files -o runs/mine
  lst-hw train --layers dct:9 -o runs/linear
  lst-hw train --layers walsh:32,lst:16 --function soft:0.1 -o runs/walsh
  lst-hw train --layers lst:28 --weights gaussian:100@1 --output-weights dct:300 -o runs/sums
  lst-hw train --init runs/sums/best.pt --weights gaussian:200@1 -o runs/more
  lst-hw train --init lst-1-28 --format Q2.6 --epochs 40 --lr 0.001 -o runs/q8

\b
--layers takes blocks separated by commas: lst:SIZE is learned; dct:SIZE, walsh:SIZE and hadamard:SIZE are fixed
transforms that keep the first SIZE coefficients of each side; save and add are the ends of a skip connection.
--function is tanh, identity, relu, soft:TAU (soft threshold) or st-relu:TAU (max(x - TAU, 0)).
--weights and --output-weights are dense or a product of sums, BASIS:TERMS joined by * and @SEED at the end, with
the bases gaussian, outer, permutation and dct, and rank:R for a trained factor. With --init the sums may grow.

\b
With --format the network computes in the accelerator's integers while it learns. Its checkpoint is an ordinary
one whose weights are the trained codes, and names the formats and the activation, which the other verbs then use.

\b
The output folder receives
  best.pt       averaged weights of the epoch with the lowest validation loss
  last.pt       averaged weights of the last epoch, and all that --resume needs
  metrics.json  options, every epoch, and at the end the accuracy on the test set
"""


@click.command(epilog=_EXAMPLES)
@click.option("-o", "--output", metavar="DIR", required=True, type=_PATH, help="Output folder.")
@click.option("--network", metavar="NAME", default="lst-1", show_default=True, help=f"One of {', '.join(NAMED)}.")
@click.option("--rows", type=int, help="Image rows, for a network of your own.  [28]")
@click.option("--columns", type=int, help="Image columns.  [as many as rows]")
@click.option("--embedding", type=int, multiple=True, help="Embedding size; repeat it for more blocks.  [28]")
@click.option("--classes", type=int, help="Number of classes.  [10]")
@click.option("--skip", type=int, nargs=2, metavar="A B", help="Add the output of block A to that of block B.")
@click.option("--layers", metavar="BLOCKS", help="Blocks of your own, learned or fixed, see below.")
@click.option("--function", metavar="NAME", help="Function of learned blocks, with --layers, see below.  [tanh]")
@click.option("--weights", metavar="KIND", help="What their weights are made of, with --layers.  [dense]")
@click.option("--output-weights", metavar="KIND", help="The same for the output layer.  [dense]")
@click.option("--init", metavar="CHECKPOINT", help="Start from these weights, and train their network.")
@click.option("--format", "weight", metavar="Qm.n", help="Train for weights in this format, see below.")
@click.option("--bias-format", "bias", metavar="Qm.n", help="Format of biases, if another.")
@click.option("--activation-format", metavar="Qm.n", help="Format of activations, if another.")
@click.option("--output-format", metavar="Qm.n", help="Format of the output layer's weights, if another.")
@click.option("--activation", help=f"Activation unit to train for: {', '.join(ACTIVATIONS)}.  [{DEFAULT}]")
@click.option("--weight-bits", type=int, multiple=True, help="Fewer bits than the format's; once, or for each layer.")
@click.option("--epochs", type=int, default=_DEFAULTS.epochs, show_default=True, help="Passes over the images.")
@click.option("--seed", type=int, default=_DEFAULTS.seed, show_default=True, help="Seed of everything random.")
@click.option("--batch", type=int, default=_DEFAULTS.batch, show_default=True, help="Images per step.")
@click.option("--lr", type=float, default=_DEFAULTS.peak_lr, show_default=True, help="Peak learning rate.")
@click.option("--warmup", type=float, default=_DEFAULTS.warmup, show_default=True, help="Share of steps it rises.")
@click.option("--weight-decay", type=float, default=_DEFAULTS.weight_decay, show_default=True, help="AdamW's decay.")
@click.option("--average", type=float, default=_DEFAULTS.average, show_default=True, help="Weight averaging per step.")
@click.option("--augment", type=float, default=1.0, show_default=True, help="Strength of augmentation, 0 for none.")
@click.option("--bend", type=float, default=0.0, show_default=True, help="Elastic distortion, share of image size.")
@click.option("--versions", type=int, help="Warped versions to draw once and reuse; faster.  [new ones every epoch]")
@click.option("--holdout", type=int, help="Training images kept for validation.  [a twelfth]")
@click.option("--teacher", multiple=True, metavar="CHECKPOINT", help="Distil from this network; repeat for several.")
@click.option("--distillation", type=float, default=_DEFAULTS.distillation, show_default=True, help="Teachers' share.")
@click.option("--temperature", type=float, default=_DEFAULTS.temperature, show_default=True, help="Of distillation.")
@click.option("--polish", type=int, default=0, show_default=True, help="Rounds of 20 L-BFGS steps after the epochs.")
@data_dir_option
@click.option("--threads", type=click.IntRange(min=1), help="CPU threads; the same number repeats a run exactly.")
@click.option("--resume", is_flag=True, help="Continue the run in the output folder, or polish it more.")
@click.option("--overwrite", is_flag=True, help="Replace the run in the output folder.")
@click.option("--json", "json_file", metavar="FILE", type=_PATH, help="Write the metrics here too; - is stdout.")
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Train a network and write its checkpoint.

    Part of the training images is held out and decides which epoch is the best. The test set is read
    once, at the very end, only to report the accuracy. The same options and seed give the same weights
    on the same machine.
    """
    if given["resume"] and given["overwrite"]:
        raise click.UsageError("--resume and --overwrite exclude each other")
    initial = None if given["init"] is None else _initial(ctx)
    network = _network(ctx, initial)
    options = _options(ctx, network)
    if given["threads"] is not None:
        torch.set_num_threads(given["threads"])
    teachers = [checkpoint.load(name) for name in given["teacher"]]
    images = data.load("train", given["data_dir"])
    images.check_fits(network)
    json_file: Path | None = given["json_file"]
    if json_file is not None and not json_file.parent.is_dir():
        raise InputError(f"{json_file}: no such folder; choose another place with --json")
    output = _prepare(given["output"], given["resume"], given["overwrite"])
    metadata = {"command": repeated(ctx, _NOT_RECIPE), "seed": options.seed, "data": images.source}
    metrics: dict[str, Any] = {
        **metadata,
        "network": network.title,
        "parameters": network.parameters,
        "options": asdict(options),
        "epochs": [],
    }

    try:
        with EpochBar(options.rounds) as bar:

            def record(epoch: training.Epoch) -> None:
                metrics["epochs"].append(asdict(epoch))
                _write(output / METRICS, metrics)
                bar.epoch(epoch)

            result = training.train(
                network,
                images,
                options,
                output,
                initial=initial,
                teachers=teachers,
                metadata=metadata,
                resume=given["resume"],
                on_step=bar.step,
                on_epoch=record,
            )
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{output}: cannot be written ({reason}); free some space or choose another folder") from None
    except KeyboardInterrupt:
        click.echo("lst-hw: finished epochs are kept, the same command with --resume goes on from there", err=True)
        raise
    best = result.best
    metrics["best"] = asdict(best)
    metrics["test"] = _test(result, network, given["data_dir"])
    _write(output / METRICS, metrics)
    if json_file is not None and json_file != _STDOUT:
        _write(json_file, metrics)
    summary = f"{network.title}, {network.parameters:,} parameters: validation {best.validation_accuracy:.2%}"
    if metrics["test"]:
        summary += f", test {metrics['test']['accuracy']:.2%}"
    if json_file == _STDOUT:
        click.echo(_text(metrics), nl=False)
    else:
        click.echo(f"{summary} (epoch {best.epoch} of {options.rounds}), {output / training.BEST}")
        if options.quantization is not None:
            click.echo(f"lst-hw verify {output / training.BEST} --images all")


def _initial(ctx: click.Context) -> LST:
    """The model to start from, with larger sums where the options say so."""
    given = ctx.params
    model = checkpoint.load(given["init"])
    larger = {name: given[name] for name in ("weights", "output_weights") if _typed(ctx, name)}
    return grown(model, **larger, seed=given["seed"]) if larger else model


def _network(ctx: click.Context, initial: LST | None) -> Network:
    """The network to start from, the named one, or the one that the shape options describe."""
    given = ctx.params
    shape = [name for name in _SHAPE if _typed(ctx, name)]
    if "layers" not in shape:
        for name in _LAYERS:
            if _typed(ctx, name) and (initial is None or name == "function"):
                raise click.UsageError(f"{_flag(ctx, name)} needs --layers, which has the blocks it is for")
    if initial is not None:
        if shape or _typed(ctx, "network"):
            raise click.UsageError(f"--init and --{(shape or ['network'])[0]} exclude each other: weights have a size")
        return initial.network
    if not shape:
        if given["network"] not in NAMED:
            raise InputError(f"unknown network {given['network']!r}: choose one of {', '.join(NAMED)}")
        return NAMED[given["network"]]
    if _typed(ctx, "network"):
        raise click.UsageError(f"--network and --{shape[0]} exclude each other: name a network or describe one")
    if "layers" in shape:
        if clash := [name for name in ("embedding", "skip") if name in shape]:
            raise click.UsageError(f"--layers and --{clash[0]} exclude each other: --layers lists all blocks")
        chosen = {name: given[name] for name in (*shape, *_LAYERS) if _typed(ctx, name) and name != "layers"}
        return parse_blocks(given["layers"], **chosen)
    chosen = {"embeddings" if name == "embedding" else name: given[name] for name in shape}
    return lst(**chosen)


def _options(ctx: click.Context, network: Network) -> TrainingOptions:
    given = ctx.params
    return TrainingOptions(
        epochs=given["epochs"],
        batch=given["batch"],
        peak_lr=given["lr"],
        warmup=given["warmup"],
        weight_decay=given["weight_decay"],
        seed=given["seed"],
        holdout=given["holdout"],
        augmentation=replace(Affine().scaled(given["augment"]), bend=given["bend"]),
        versions=given["versions"],
        average=given["average"],
        distillation=given["distillation"],
        temperature=given["temperature"],
        polish=given["polish"],
        quantization=_quantization(ctx, network),
    )


def _quantization(ctx: click.Context, network: Network) -> Quantization | None:
    """The arithmetic to train for, None without ``--format``."""
    given = ctx.params
    if given["weight"] is None:
        for name in ("bias", "activation_format", "output_format", "activation", "weight_bits"):
            if _typed(ctx, name):
                raise click.UsageError(f"{_flag(ctx, name)} needs --format, the weights' format")
        return None
    formats = Formats.parse(given["weight"], given["bias"], given["activation_format"], given["output_format"])
    quantization = Quantization(formats, given["activation"] or DEFAULT, given["weight_bits"])
    quantization.weight_ranges(network)
    return quantization


def _prepare(output: Path, resume: bool, overwrite: bool) -> Path:
    """The output folder, made if need be; a run that is in it already is not lost by accident."""
    if (output / training.LAST).exists() and not (resume or overwrite):
        raise InputError(f"{output}: holds a run already; add --resume or --overwrite, or choose another folder")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{output}: cannot make this folder ({reason}); choose another with --output") from None
    if not os.access(output, os.W_OK):
        raise InputError(f"{output}: is not writable; choose another folder with --output")
    return output


def _test(result: training.TrainingResult, network: Network, data_dir: Path | None) -> dict[str, Any] | None:
    """Accuracy on the test set, or None, with a note, where there is no test set."""
    try:
        images = data.load("test", data_dir)
        images.check_fits(network)
    except InputError as error:
        click.echo(f"lst-hw: no test accuracy: {error}", err=True)
        return None
    if not images.is_test:
        click.echo(f"lst-hw: no test accuracy: there are only {images.source}", err=True)
        return None
    loss, accuracy = training.evaluate(result.model, images)
    return {"data": images.source, "images": len(images), "loss": loss, "accuracy": accuracy}


def _flag(ctx: click.Context, name: str) -> str:
    """How an option is written."""
    return next(option.opts[0] for option in ctx.command.params if option.name == name)


def _typed(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE


def _text(metrics: dict[str, Any]) -> str:
    return json.dumps(metrics, indent=1) + "\n"


def _write(path: Path, metrics: dict[str, Any]) -> None:
    # Through a second file, so that an interruption leaves the old one whole.
    part = path.with_suffix(".part")
    try:
        part.write_text(_text(metrics))
        part.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error}); choose another place") from None
