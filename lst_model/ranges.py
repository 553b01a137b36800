"""Value ranges and widths of everything inside the accelerator, derived from the quantised weights.

All ranges are closed intervals of integer codes that contain 0. ``docs/arithmetic.md``, "Widths", proves
that no value can leave them; tests reach both ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np

from .layers import Output, Stage
from .pixels import pixel_codes
from .quantize import QuantizedNetwork


@dataclass(frozen=True)
class Range:
    """Closed interval of integers, ``low <= 0 <= high``."""

    low: int
    high: int

    def __or__(self, other: Range) -> Range:
        return Range(min(self.low, other.low), max(self.high, other.high))

    @property
    def bits(self) -> int:
        """Width of the narrowest two's complement number that holds the interval."""
        return 1 + max(self.high.bit_length(), (-self.low - 1).bit_length() if self.low < 0 else 0)


@dataclass(frozen=True)
class StageRanges:
    """Ranges in one stage.

    Attributes
    ----------
    operand : Range
        What the stage reads: quantised input or embedding.
    sums : tuple of Range
        Sum of products, every partial sum included, for each output.
    biased : Range
        Accumulator plus aligned bias, plus the rounding constant in front of an activation.
    result : Range
        Embedding, skip connection included, or logit.
    """

    operand: Range
    sums: tuple[Range, ...]
    biased: Range
    result: Range

    @property
    def accumulator(self) -> Range:
        """Range of the sums of all outputs."""
        return Range(min(each.low for each in self.sums), max(each.high for each in self.sums))


@dataclass(frozen=True)
class NetworkRanges:
    """Ranges of a whole network: one :class:`StageRanges` per stage and the widths the hardware needs."""

    stages: tuple[StageRanges, ...]
    weight: Range

    @property
    def weight_bits(self) -> int:
        """Stored width of a weight: the widest code that occurs, which may be narrower than its format."""
        return self.weight.bits

    @property
    def operand(self) -> Range:
        """What the array multiplies with weights, in any stage."""
        return reduce(or_, (stage.operand for stage in self.stages))

    @property
    def operand_bits(self) -> int:
        """Width of the RAM and of the operand chain."""
        return self.operand.bits

    @property
    def accumulator_bits(self) -> int:
        """Width of every accumulator."""
        return max(stage.accumulator.bits for stage in self.stages)

    @property
    def biased_bits(self) -> int:
        """Width behind the bias adder."""
        return max((stage.accumulator | stage.biased).bits for stage in self.stages)

    @property
    def logit_bits(self) -> int:
        """Width of a logit."""
        return self.stages[-1].result.bits


def aligned_biases(quantized: QuantizedNetwork, index: int) -> list[int]:
    """What is added to the accumulators of stage ``index``: bias codes shifted to the accumulator's fraction.

    In front of an activation half a step of the activation format is included, which turns the following
    truncation into rounding to nearest.
    """
    stage = quantized.network.stages[index]
    shift = quantized.accumulator_fraction(stage) - quantized.formats.bias.fraction_bits
    half = 0 if isinstance(stage.layer, Output) else (1 << quantized.formats.weight.fraction_bits) >> 1
    return [(code << shift) + half for code in quantized.biases[index].tolist()]


def network_ranges(quantized: QuantizedNetwork) -> NetworkRanges:
    """Propagate ranges from the pixel to the logits."""
    activation = quantized.formats.activation
    pixels = pixel_codes(np.arange(256), activation)
    operand = Range(min(0, int(pixels.min())), max(0, int(pixels.max())))
    saved = Range(0, 0)
    stages = []
    for index, stage in enumerate(quantized.network.stages):
        weight = quantized.weights[index]
        ends = np.stack([weight * operand.low, weight * operand.high])
        lows, highs = ends.min(0).sum(1), ends.max(0).sum(1)
        biases = np.array(aligned_biases(quantized, index), dtype=np.int64)
        sums = tuple(Range(*ends) for ends in zip(lows.tolist(), highs.tolist(), strict=True))
        biased = Range(min(0, int((lows + biases).min())), max(0, int((highs + biases).max())))
        result = biased if stage.name == "logits" else _activated(quantized, stage)
        if stage.adds_skip:
            result = Range(
                max(result.low + saved.low, activation.lowest),
                min(result.high + saved.high, activation.highest),
            )
        if stage.saves_skip:
            saved = result
        stages.append(StageRanges(operand, sums, biased, result))
        operand = result
    low = min(int(weight.min()) for weight in quantized.weights)
    high = max(int(weight.max()) for weight in quantized.weights)
    return NetworkRanges(tuple(stages), Range(min(0, low), max(0, high)))


def _activated(quantized: QuantizedNetwork, stage: Stage) -> Range:
    """All that the activation unit of a stage can answer."""
    table = quantized.activation_codes(stage)
    return Range(min(0, int(table.min())), max(0, int(table.max())))
