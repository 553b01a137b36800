"""The pictures: functions of plain values and arrays that return matplotlib figures, ``width`` CSS pixels wide.

Call them within :func:`~lst_hw.report.style.style`, as :func:`draw` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .facts import Phase, ReportData, TensorFacts, spoken
from .gather import Samples
from .style import ACCENT, BAND, GRID, MUTED, WARM, canvas, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDE, NARROW = 768, 330
"""Widths for a laptop and for a phone."""

NUMBERED_CLASSES = 12
"""With more classes a confusion matrix has no room for numbers."""


def draw(data: ReportData, samples: Samples, width: float) -> dict[str, Figure]:
    """Every picture of a report, by name."""
    counted = data.timing
    # With several images at a time, the latency of one begins long before the array's work on them.
    marks = {"next image": counted.cycles, "result": counted.latency} if counted.images == 1 else {}
    with style():
        figures = {
            "timeline": timeline(data.phases, marks or {"next images": counted.cycles}, width),
            "magnitudes": magnitudes(data.tensors, width),
            "embeddings": embeddings(samples.stages, samples.labels, width),
            "confusion": confusion(np.array(data.confusion), width),
        }
        if len(samples.mistakes):
            pairs = [(mistake.label, mistake.winner) for mistake in data.mistakes]
            figures["mistakes"] = mistakes(samples.mistakes, pairs, width)
        if data.training is not None:
            figures["training"] = training(data.training, width)
    return figures


def timeline(phases: Sequence[Phase], marks: Mapping[str, int], width: float) -> Figure:
    """One bar per phase, idle cycles in another colour; lines at named cycles."""
    end = max(marks.values())
    figure = canvas(width, 44 * len(phases) + 76)
    axes = figure.subplots()
    for row, phase in enumerate(phases):
        axes.barh(row, phase.cycles, left=phase.start, height=0.36, color=ACCENT)
        axes.barh(row, phase.gap, left=phase.start + phase.cycles, height=0.36, color=WARM)
        idle = f" + {phase.gap:,} idle" if phase.gap else ""
        late = phase.start > end / 2
        axes.text(
            phase.start + phase.cycles + phase.gap if late else phase.start,
            row - 0.28,
            f"{phase.name}: {phase.cycles:,}{idle}",
            ha="right" if late else "left",
            va="bottom",
        )
    for cycle in marks.values():
        axes.axvline(cycle, color=MUTED, linewidth=1)
    named = ", ".join(f"{name} {cycle:,}" for name, cycle in marks.items())
    axes.text(end, -0.88, f"{named} ", ha="right", va="bottom", color=MUTED)
    axes.set(xlim=(0, end), ylim=(len(phases) - 0.5, -1.35), xlabel="cycle")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.locator_params(axis="x", nbins=max(3, int(width // 110)))
    return figure


def magnitudes(tensors: Sequence[TensorFacts], width: float) -> Figure:
    """Histograms of magnitudes by octave, one row per tensor, over the band that its format covers."""
    figure = canvas(width, 46 * len(tensors) + 50)
    axes = figure.subplots()
    for row, tensor in enumerate(tensors):
        axes.barh(row + 0.1, tensor.msb - tensor.lsb, left=tensor.lsb, height=0.56, color=BAND)
        top = max(tensor.octaves.values())
        for octave, count in tensor.octaves.items():
            height = 0.56 * count / top if top else 0
            inside = tensor.lsb - 1 <= octave < tensor.msb
            axes.bar(octave + 0.5, -height, 0.9, bottom=row + 0.38, color=ACCENT if inside else WARM)
        name = f"{spoken(tensor.name)}, {tensor.format}"
        axes.text(0, row - 0.2, name, va="bottom", transform=axes.get_yaxis_transform())
    axes.set_xlim(min(min(t.lsb, *t.octaves) for t in tensors), max(max(t.msb, *t.octaves) + 1 for t in tensors))
    axes.set(ylim=(len(tensors) - 0.5, -0.75), xlabel="magnitude")
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", integer=True, nbins=max(4, int(width // 60)))
    axes.xaxis.set_major_formatter(lambda value, _: _power(round(value)))
    return figure


def _power(exponent: int) -> str:
    """A power of two, with the superscript in plain characters."""
    digits = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
    return f"2{str(exponent).translate(digits)}"


def embeddings(stages: Mapping[str, npt.NDArray[np.float64]], labels: npt.NDArray[np.int64], width: float) -> Figure:
    """Sample digits, one per column, after every stage, one per row.

    Parameters
    ----------
    stages : mapping of float arrays ``[k, rows, columns]``
        By stage name; -1 is drawn black, 1 white.
    labels : int64 [k]
        Label of each digit.
    width : float
    """
    count = min(len(labels), max(1, int(width // 62)))
    side = width / count
    figure = canvas(width, len(stages) * (side + 22) + 4)
    grid = figure.subplots(len(stages), count, squeeze=False)
    for row, (name, values) in zip(grid, stages.items(), strict=True):
        row[0].set_title(spoken(name), loc="left", pad=5)
        for axes, value in zip(row, values, strict=False):
            _image(axes, value, -1, 1)
    return figure


def confusion(matrix: npt.NDArray[np.int64], width: float) -> Figure:
    """Images by label (row) and class (column), errors in their own colour."""
    size = len(matrix)
    side = min(width, 460)
    figure = canvas(side, side)
    axes = figure.subplots()
    most = max(1, int((matrix - np.diag(np.diag(matrix))).max()))
    for label, winner in np.argwhere(matrix):
        count = matrix[label, winner]
        right = label == winner
        share = count / max(1, matrix[label].sum()) if right else count / most
        colour, weight = (ACCENT, 0.35 * share) if right else (WARM, 0.12 + 0.5 * share)
        axes.bar(winner, 1, 1, bottom=label - 0.5, color=colour, alpha=weight)
        if size <= NUMBERED_CLASSES:
            axes.text(winner, label, f"{count:,}", ha="center", va="center", fontsize=10)
    axes.set(xlim=(-0.5, size - 0.5), ylim=(size - 0.5, -0.5), xlabel="class", ylabel="label", aspect="equal")
    if size <= NUMBERED_CLASSES:
        axes.set_xticks(range(size))
        axes.set_yticks(range(size))
    axes.tick_params(length=0)
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure


def mistakes(pixels: npt.NDArray[np.uint8], pairs: Sequence[tuple[int, int]], width: float) -> Figure:
    """Misclassified images with label and class.

    Parameters
    ----------
    pixels : uint8 [n, rows, columns]
    pairs : sequence of (int, int)
        Label and class of each.
    width : float
    """
    across = max(1, int(width // 62))
    down = -(-len(pixels) // across)
    figure = canvas(width, down * (width / across + 22) + 4)
    for axes in (grid := figure.subplots(down, across, squeeze=False)).flat:
        axes.set_axis_off()
    for axes, image, (label, winner) in zip(grid.flat, pixels, pairs, strict=False):
        axes.set_axis_on()
        _image(axes, image, 0, 255)
        axes.set_title(f"{label} → {winner}", pad=5)
    return figure


def training(epochs: Sequence[Mapping[str, float]], width: float) -> Figure:
    """Loss and validation error over the epochs."""
    beside = width > NARROW
    figure = canvas(width, 260 if beside else 460)
    loss, error = figure.subplots(1, 2) if beside else figure.subplots(2, 1)
    number = [epoch["epoch"] for epoch in epochs]
    marker = "o" if len(epochs) == 1 else None
    loss.plot(number, [epoch["loss"] for epoch in epochs], color=MUTED, marker=marker, label="training")
    loss.plot(number, [epoch["validation_loss"] for epoch in epochs], color=ACCENT, marker=marker, label="validation")
    loss.set(title="loss", xlabel="epoch", yscale="log")
    loss.legend(frameon=False)
    wrong = [100 * (1 - epoch["validation_accuracy"]) for epoch in epochs]
    error.plot(number, wrong, color=ACCENT, marker=marker)
    error.set(title="held-out images in the wrong class, %", xlabel="epoch", ylim=(0, None))
    for axes in (loss, error):
        axes.grid(axis="y", color=GRID, linewidth=0.5)
        axes.locator_params(axis="x", integer=True)
    return figure


def _image(axes: Axes, values: npt.NDArray[np.float64] | npt.NDArray[np.uint8], low: float, high: float) -> None:
    axes.imshow(values, cmap="gray", vmin=low, vmax=high, interpolation="none")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
