"""Usage: python -m bench.walsh [NAME ...] --runs DIR [--images 20]."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click

from lst_hw.cli.options import progress
from lst_model import checkpoint, data
from lst_model.errors import InputError

from . import report
from .designs import VARIANTS, measure

RESULTS = Path(__file__).parent / "results.json"
RECIPE = (
    *("--epochs", "60", "--seed", "1", "--batch", "200", "--lr", "0.01", "--augment", "0.5", "--versions", "8"),
    *("--teacher", "reslst-3-28", "--threads", "1"),
)


@click.command()
@click.argument("names", metavar="NAME", nargs=-1)
@click.option("--runs", type=click.Path(path_type=Path), required=True, help="Folder of the trained networks.")
@click.option("--images", type=click.IntRange(min=1), default=20, show_default=True, help="For the activity.")
def main(names: tuple[str, ...], runs: Path, images: int) -> None:
    """Measure the designs of networks, all by default, after training those that are not in the folder."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    test = data.load("test", None, demo_ok=False)
    chosen = [variant for variant in VARIANTS if not names or variant.network in names]
    with progress("measuring", len(chosen)) as bar:
        for number, variant in enumerate(chosen, 1):
            model = checkpoint.load(_trained(variant.network, runs))
            results[variant.key] = measure(variant, model, test, images)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n")
            bar(number)
    report.write(results)


def _trained(network: str, runs: Path) -> Path:
    """The checkpoint of a network; trained first if need be."""
    if ":" not in network:
        return checkpoint.resolve(network)
    path = runs / network / "best.pt"
    if not path.exists():
        program = [sys.executable, "-c", "from lst_hw.cli import main; main()", "train", "--layers", network, *RECIPE]
        subprocess.run([*program, "-o", str(path.parent)], check=True)
    return path


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"walsh: {error}") from None
