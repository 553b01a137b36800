"""Usage: python -m bench.ablations NAME ... [--epochs 20] [--seeds 3] [--data-dir DIR]."""

from __future__ import annotations

from pathlib import Path

import click
import torch

from bench.record import record, recorded
from lst_model.errors import InputError

from . import report
from .fit import Recipe
from .studies import STUDIES

HERE = Path(__file__).parent


@click.command()
@click.argument("names", metavar="NAME", nargs=-1, required=True, type=click.Choice([*STUDIES, "report"]))
@click.option("--epochs", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--data-dir", help="Folder with IDX files: MNIST's by default, Fashion-MNIST's for data-sets.")
def main(names: tuple[str, ...], epochs: int, seeds: int, data_dir: str | None) -> None:
    """Run ablations and write their tables and figures; ``report`` only writes those of what was run."""
    torch.set_num_threads(1)
    for name in names:
        if name == "report":
            continue
        rows = STUDIES[name](Recipe(epochs, seeds), data_dir)
        record(HERE / f"{name}.json", rows, epochs=epochs, seeds=seeds)
    report.write(recorded(HERE))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"ablations: {error}") from None
