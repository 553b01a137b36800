"""Usage: python -m bench.structures NAME ... [--epochs 12] [--seeds 3] [--data-dir DIR]."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import torch

from bench.ablations.fit import Recipe
from lst_hw.cli.options import progress
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
        started = time.perf_counter()
        rows = []
        with progress(name, 0) as bar:
            for row in STUDIES[name](Recipe(epochs, seeds), train, test):
                rows.append(row)
                bar(len(rows))
        result = {
            "epochs": epochs,
            "seeds": seeds,
            "images": test.source,
            "torch": torch.__version__,
            "seconds": round(time.perf_counter() - started),
            "rows": rows,
        }
        (HERE / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    report.write({path.stem: json.loads(path.read_text()) for path in sorted(HERE.glob("*.json"))})


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"structures: {error}") from None
