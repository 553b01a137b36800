"""Usage: python -m bench.ablations NAME ... [--epochs 20] [--seeds 3] [--data-dir DIR]."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import torch

from lst_hw.cli.options import progress
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
        started = time.perf_counter()
        rows = []
        with progress(name, 0) as bar:
            for row in STUDIES[name](Recipe(epochs, seeds), data_dir):
                rows.append(row)
                bar(len(rows))
        result = {
            "epochs": epochs,
            "seeds": seeds,
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
        raise SystemExit(f"ablations: {error}") from None
