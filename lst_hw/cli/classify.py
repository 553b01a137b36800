"""``lst-hw classify``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch

from boards.serial_host import SerialBoard
from lst_hw.files import check_writable, write_text
from lst_hw.result import result_beats, result_classes, result_logits
from lst_model.integer import IntegerLST

from .chosen import choose
from .options import data_dir_option, design_options, first_images, progress

SHOWN = 20
"""Most images listed one by one."""

WITHOUT_FLAG = 0x7FFFFFFF
"""A result beat less the flag, which tells of bytes that were lost before this image."""

_EXAMPLES = """\b
Examples:
  lst-hw classify --port /dev/ttyUSB0
  lst-hw classify my.pt --format Q2.6 --port COM3 --baud 1000000 --images all

\b
Exit code: 0 all answers are the integer model's, 1 one is not, 2 bad input.
"""


@click.command(epilog=_EXAMPLES)
@design_options
@click.option("--port", required=True, help="Serial port of a board with the bitstream of `lst-hw build`.")
@click.option("--baud", default=115_200, show_default=True, help="As given to `lst-hw build`.")
@click.option("--images", default="10", show_default=True, help="How many test images, or all.")
@data_dir_option
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the results here; - is stdout.")
def command(
    checkpoint: str,
    port: str,
    baud: int,
    images: str,
    data_dir: Path | None,
    json_file: Path | None,
    **design: Any,
) -> int:
    """Send test images to a board, and compare its answers with the integer model.

    CHECKPOINT and the options are those that the bitstream was built with.
    """
    check_writable(json_file)
    chosen = choose(checkpoint, **design)
    sent = first_images(chosen.design.network, data_dir, images)
    model = IntegerLST(chosen.quantized)(torch.from_numpy(sent.pixels))
    expected = result_beats(chosen.design, model["logits"].numpy(), model["class"].numpy())

    answers = []
    with SerialBoard(port, baud) as board, progress("classify", len(sent)) as bar:
        for image in sent.pixels:
            answers.append(board.classify(image) & WITHOUT_FLAG)
            bar(len(answers))
    beats = np.array(answers, np.int64)
    results = [
        {"label": label, "class": answer, "logit": logit, "equal": equal}
        for label, answer, logit, equal in zip(
            sent.labels.tolist(),
            result_classes(beats).tolist(),
            result_logits(beats).tolist(),
            (beats == expected).tolist(),
            strict=True,
        )
    ]
    right = sum(result["class"] == result["label"] for result in results)
    different = sum(not result["equal"] for result in results)
    if json_file is not None:
        summary = {"images": len(results), "right": right, "different": different, "results": results}
        write_text(json_file, json.dumps(summary, indent=2) + "\n")
    if str(json_file) != "-":
        _print(results, right, sent.source)
    if different:
        click.echo(
            f"{different:,} of {len(results):,} answers are not the integer model's: was the bitstream built from "
            f"{checkpoint} with these options?",
            err=True,
        )
    return 1 if different else 0


def _print(results: list[dict[str, Any]], right: int, source: str) -> None:
    click.echo(f"{'image':>5}  {'label':>5}  {'class':>5}  {'logit':>9}")
    for index, result in enumerate(results[:SHOWN]):
        mark = "" if result["class"] == result["label"] else "  wrong"
        mark += "" if result["equal"] else "  not the model's"
        click.echo(f"{index:>5}  {result['label']:>5}  {result['class']:>5}  {result['logit']:>9}{mark}")
    if len(results) > SHOWN:
        click.echo(f"  ... {len(results) - SHOWN:,} more")
    click.echo(f"{right:,} of {len(results):,} right ({right / len(results):.2%}), {source}")
