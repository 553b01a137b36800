"""Usage: python -m bench.structures NAME ... [--epochs 12] [--seeds 3] [--data-dir DIR]."""

from __future__ import annotations

from pathlib import Path

import click
import torch

from bench.ablations.fit import Recipe
from bench.record import record, recorded
from lst_model import data
from lst_model.errors import InputError

from . import report
from .studies import STUDIES

HERE = Path(__file__).parent


@click.command()
@click.argument("names", metavar="NAME", nargs=-1, required=True, type=click.Choice([*STUDIES, "report"]))
@click.option("--epochs", type=click.IntRange(min=1), default=12, show_default=True)
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option("--data-dir", help="Folder with the IDX files of MNIST.")
def main(names: tuple[str, ...], epochs: int, seeds: int, data_dir: str | None) -> None:
    """Run studies and write their tables and figures; ``report`` only writes those of what was run."""
    torch.set_num_threads(1)
    folder = Path(data_dir) if data_dir else None
    for name in names:
        if name == "report":
            continue
        train, test = data.load("train", folder), data.load("test", folder, demo_ok=False)
        rows = STUDIES[name](Recipe(epochs, seeds), train, test)
        record(HERE / f"{name}.json", rows, epochs=epochs, seeds=seeds, images=test.source)
    report.write(recorded(HERE))


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"structures: {error}") from None
