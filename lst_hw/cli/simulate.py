"""``lst-hw simulate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from lst_hw.design import Design
from lst_hw.files import check_writable, write_text
from lst_hw.result import result_classes, result_logits
from lst_model import data
from lst_model.errors import InputError
from sim.engines import make
from sim.trace import Trace
from sim.waves import write_waves

from .chosen import choose
from .options import data_dir_option, design_options, engine_option, image_count, jobs_option, progress

SHOWN = 20
"""Most images listed one by one."""

_EXAMPLES = """\b
Examples:
  lst-hw simulate
  lst-hw simulate my.pt --images 100 --engine verilator
  lst-hw simulate --vcd digit.vcd --vcd-image 7
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("--images", default="10", show_default=True, help="How many test images, or all.")
@engine_option
@jobs_option
@data_dir_option
@click.option("--vcd", type=click.Path(path_type=Path), help="Write the waveform of one image, and a .gtkw beside it.")
@click.option("--vcd-image", type=int, default=0, show_default=True, help="Index of that image.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the results here; - is stdout.")
def command(
    checkpoint: str,
    images: str,
    engine: str,
    jobs: int | None,
    data_dir: Path | None,
    vcd: Path | None,
    vcd_image: int,
    json_file: Path | None,
    **design: Any,
) -> None:
    """Run test images through the RTL, cycle by cycle, back to back.

    CHECKPOINT is a file or the name of a shipped one.
    """
    check_writable(json_file, vcd)
    chosen = choose(checkpoint, **design)
    every = data.load("test", data_dir)
    every.check_fits(chosen.design.network)
    count = image_count(images, len(every))
    if not 0 <= vcd_image < len(every):
        raise InputError(f"--vcd-image {vcd_image}: choose 0 to {len(every) - 1}")
    simulator = make(engine, chosen.design)
    results: list[dict[str, int]] = []
    with progress("simulate", count) as bar:
        for start, trace in simulator.run_batches(every.pixels[:count], jobs):
            results += _results(trace, every.labels[start:].tolist())
            bar(len(results))
    right = sum(result["class"] == result["label"] for result in results)
    if json_file is not None:
        summary = {"engine": engine, "images": count, "right": right, "results": results}
        write_text(json_file, json.dumps(summary, indent=2) + "\n")
    if str(json_file) != "-":
        _print(results, right, chosen.design, every.source)
    if vcd is not None:
        save = write_waves(simulator, every.pixels[vcd_image : vcd_image + 1], vcd)
        click.echo(f"waveform of image {vcd_image} in {vcd}: gtkwave {save}")


def _results(trace: Trace, labels: list[int]) -> list[dict[str, int]]:
    """One plain record per image; ``zip`` ends with the shortest, the trace."""
    columns = (
        labels,
        result_classes(trace.results).tolist(),
        result_logits(trace.results).tolist(),
        trace.periods.tolist(),
        trace.latencies.tolist(),
    )
    names = ("label", "class", "logit", "cycles", "latency")
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=False)]


def _print(results: list[dict[str, int]], right: int, design: Design, source: str) -> None:
    scale = 2.0 ** -(design.logit_fraction - design.result_logit_shift)
    click.echo(f"{'image':>5}  {'label':>5}  {'class':>5}  {'logit':>9}  {'cycles':>6}  {'latency':>7}")
    shown = results if len(results) <= SHOWN else results[:SHOWN]
    for index, result in enumerate(shown):
        mark = "" if result["class"] == result["label"] else "  wrong"
        click.echo(
            f"{index:>5}  {result['label']:>5}  {result['class']:>5}  {result['logit'] * scale:>9.4f}  "
            f"{result['cycles']:>6}  {result['latency']:>7}{mark}"
        )
    if len(results) > len(shown):
        click.echo(f"  ... {len(results) - len(shown):,} more")
    click.echo(f"{right:,} of {len(results):,} right ({right / len(results):.2%}), {source}")
