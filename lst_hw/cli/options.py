"""Options that several verbs share."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.status import Status

from lst_hw.array import MULTIPLIERS
from lst_hw.design import STREAM_BITS
from lst_hw.profiles import PROFILES, profile
from lst_model import activations, data
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.network import Network

DEFAULT_CHECKPOINT = "lst-1-28"

_PROFILE = "lst_hw.profile"
"""Where a click context keeps the name of the chosen profile."""

F = TypeVar("F", bound=Callable[..., Any])


def _take_profile(context: click.Context, _: click.Parameter, name: str | None) -> None:
    """Make a profile the defaults of the design options, where a configuration file says nothing else."""
    if name is None:
        return
    context.meta[_PROFILE] = name
    # A network that was trained in integers has formats of its own.
    options = {key: value for key, value in profile(name).options.items() if key != "format"}
    values = {_CONFIGURABLE[key][0]: value for key, value in options.items()}
    context.default_map = {**values, **(context.default_map or {})}


def profile_format() -> str | None:
    """The format that the chosen profile has for networks trained in floating point, if it has one."""
    name = click.get_current_context().meta.get(_PROFILE)
    return None if name is None else PROFILES[name].format


def _configure(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    """Make the contents of a configuration file the defaults of the design options."""
    if path is None:
        return
    try:
        content = json.loads(path.read_text())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); `lst-hw quantize -o` writes one") from None
    except ValueError:
        raise InputError(f"{path}: not a configuration; give a file of `lst-hw quantize -o`") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: not a configuration; give a file of `lst-hw quantize -o`")
    for key, value in content.items():
        if key not in _CONFIGURABLE:
            raise InputError(f"{path}: unknown key {key!r}: choose from {', '.join(_CONFIGURABLE)}")
        name, kind = _CONFIGURABLE[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f"{path}: {key} is {value!r}, expected {kind.__name__}")
        context.default_map = {**(context.default_map or {}), name: value}


_CONFIGURABLE: dict[str, tuple[str, type]] = {
    "format": ("weight", str),
    "bias-format": ("bias", str),
    "activation-format": ("activation_format", str),
    "output-format": ("output_format", str),
    "activation": ("activation", str),
    "pes": ("pes", int),
    "multiplier": ("multiplier", str),
    "lanes": ("lanes", int),
    "stream-bits": ("stream_bits", int),
}
"""Keys of a configuration file: parameter name and type."""


def design_options(function: F) -> F:
    """Add the CHECKPOINT argument and the options that determine the hardware."""
    for decorate in reversed(
        [
            click.argument("checkpoint", default=DEFAULT_CHECKPOINT),
            click.option(
                "--format", "weight", help=f"Format of weights, as Qm.n.  [as trained, else {Formats().weight}]"
            ),
            click.option("--bias-format", "bias", help="Format of biases, if another."),
            click.option("--activation-format", "activation_format", help="Format of activations, if another."),
            click.option("--output-format", help="Format of the output layer's weights, if another."),
            click.option(
                "--activation",
                help=f"Unit: {', '.join(activations.ACTIVATIONS)}.  [as trained, else {activations.DEFAULT}]",
            ),
            click.option("--pes", type=int, help="Processing elements; fewer fold the array.  [the widest layer]"),
            click.option(
                "--multiplier", default=MULTIPLIERS[0], show_default=True, help=f"{' or '.join(MULTIPLIERS)}."
            ),
            click.option("--lanes", type=int, default=1, show_default=True, help="Images computed at a time."),
            click.option(
                "--stream-bits",
                type=int,
                default=STREAM_BITS[0],
                show_default=True,
                help="Width of the pixel stream: one pixel a beat, or four.",
            ),
            click.option(
                "--profile",
                is_eager=True,
                expose_value=False,
                callback=_take_profile,
                help="Defaults for a purpose: "
                + "; ".join(f"{name}, {each.purpose}" for name, each in PROFILES.items())
                + ". Other options override it.",
            ),
            click.option(
                "--config",
                is_eager=True,
                expose_value=False,
                callback=_configure,
                type=click.Path(path_type=Path),
                help="Design options from a file of `lst-hw quantize`; options override it.",
            ),
            click.option("--strict", is_flag=True, help="Refuse formats in which parameters saturate."),
        ]
    ):
        function = decorate(function)
    return function


def repeated(context: click.Context, without: Collection[str] = ()) -> str:
    """The command line that does the same again: arguments and options as given, except those ``without``.

    What a configuration file set is written out.
    """
    words = ["lst-hw", context.info_name or ""]
    if _PROFILE in context.meta:
        words += ["--profile", context.meta[_PROFILE]]
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in context.params or name in without or source not in _GIVEN:
            continue
        value = context.params[name]
        if isinstance(parameter, click.Argument):
            words.append(str(value))
        elif isinstance(parameter, click.Option) and parameter.is_flag:
            words.append(parameter.opts[0] if value else parameter.secondary_opts[0])
        else:
            for one in value if parameter.multiple else [value]:
                words += [parameter.opts[-1], *map(str, one if isinstance(one, tuple) else [one])]
    return shlex.join(words)


_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.DEFAULT_MAP)


@contextmanager
def progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, silent when that is not a terminal.

    Yields a function that takes how many are done.
    """
    bar = Progress(
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


def waiting(what: str) -> Status:
    """A spinner on standard error, silent when that is not a terminal."""
    return Console(stderr=True).status(what)


def first_images(network: Network, data_dir: Path | None, count: str, option: str = "images") -> Images:
    """The first test images; ``count`` and ``option`` as for :func:`image_count`.

    Raises
    ------
    InputError
        If there are no images, or they do not fit the network.
    """
    every = data.load("test", data_dir)
    every.check_fits(network)
    return every.first(image_count(count, len(every), option))


def image_count(value: str, available: int, option: str = "images") -> int:
    """``N`` or ``all`` as a number of images; a default is lowered to what there is, a user's number is not."""
    if value == "all":
        return available
    if click.get_current_context().get_parameter_source(option) is ParameterSource.DEFAULT:
        return min(int(value), available)
    if not value.isdecimal() or not 1 <= int(value) <= available:
        raise click.UsageError(f"--{option} {value}: choose 1 to {available}, or all")
    return int(value)


data_dir_option = click.option(
    "--data-dir",
    "--data",
    "data_dir",
    type=click.Path(readable=False, path_type=Path),
    help="Folder with the IDX files, or digits (8x8, scikit-learn).  [LST_DATA_DIR, cache, download]",
)
engine_option = click.option(
    "--engine", default="cxxrtl", show_default=True, help="cxxrtl, amaranth, verilator or icarus."
)
jobs_option = click.option("--jobs", type=click.IntRange(min=1), help="Batches at the same time.  [one per core]")
