"""Everything the hardware needs to know, resolved and validated before any hardware exists.

A :class:`Design` holds plain Python integers only; ``elaborate`` methods read it and compute nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lst_model.errors import InputError
from lst_model.fixed import Formats, QFormat
from lst_model.network import Network
from lst_model.quantize import QuantizedNetwork
from lst_model.ranges import NetworkRanges, Range, aligned_biases, network_ranges

from .activation_select import latency
from .array import MULTIPLIERS, PEArray
from .batch import PATIENCE, START_LATENCY
from .booth import shortfall
from .rom import RomBank, rom_banks
from .schedule import Schedule, widest_layer
from .signs import Signs, find_signs

STREAM_BITS = (8, 32)
"""Widths of the pixel stream: one pixel or four in a beat."""

MAX_LANES = 16
"""Most images at a time."""

RESULT_CLASS_BITS = 8
RESULT_LOGIT_BITS = 23
"""Fields of the result beat: class in bits 7..0, winning logit in 30..8, dropped-frame flag in 31."""


@dataclass(frozen=True)
class Design:
    """One accelerator.

    Attributes
    ----------
    network : Network
    formats : Formats
    preactivation : QFormat
        What the activation units read.
    units : tuple of str
        Names of the activation units (:func:`~lst_model.activations.unit_name`), in order of their first use.
    step_units : tuple of int
        Index of each step's unit; 0 for the output layer, which has none.
    schedule : Schedule
        What the array does in every cycle.
    ranges : NetworkRanges
        Value ranges; all widths come from here.
    signs : Signs or None
        The last PEs only add and subtract; None if all multiply.
    banks : tuple of RomBank
        Contents of the weight ROMs.
    biases : tuple of int
        What is added to the sums, one per sum, at the steps' ``bias_base``: aligned biases, and what LUT multipliers
        leave out.
    accumulator_bits : tuple of int
        Width of the sums, for each PE.
    multiplier : str
        What the array multiplies with.
    lanes : int
        Images that go through the schedule together.
    stream_bits : int
        Width of the pixel stream.
    weights_hash : int
        First 32 bits of :attr:`~lst_model.quantize.QuantizedNetwork.sha256`.
    axi_lite : bool
        With control registers on an AXI4-Lite port.
    """

    network: Network
    formats: Formats
    preactivation: QFormat
    units: tuple[str, ...]
    step_units: tuple[int, ...]
    schedule: Schedule
    ranges: NetworkRanges
    signs: Signs | None
    banks: tuple[RomBank, ...]
    biases: tuple[int, ...]
    accumulator_bits: tuple[int, ...]
    multiplier: str
    lanes: int
    stream_bits: int
    weights_hash: int
    axi_lite: bool = False

    @classmethod
    def of(
        cls,
        quantized: QuantizedNetwork,
        *,
        pes: int | None = None,
        multiplier: str = MULTIPLIERS[0],
        lanes: int = 1,
        stream_bits: int = STREAM_BITS[0],
        axi_lite: bool = False,
        sign_elements: bool = True,
    ) -> Design:
        """The accelerator of a quantised network.

        Parameters
        ----------
        quantized : QuantizedNetwork
        pes : int, optional
            Physical PEs, 1 to the widest layer's number of outputs; by default that number.
        multiplier : str
            One of :data:`~lst_hw.array.MULTIPLIERS`.
        lanes : int
            Images at a time, 1 to :data:`MAX_LANES`.
        stream_bits : int
            One of :data:`STREAM_BITS`.
        axi_lite : bool
            Add control registers.
        sign_elements : bool
            Let PEs add and subtract where weights are signs only; if not, all multiply.

        Raises
        ------
        InputError
            If one of them is out of range, or a frame is no whole number of beats.
        """
        network, ranges = quantized.network, network_ranges(quantized)
        _check(network, multiplier, lanes, stream_bits)
        count = widest_layer(network) if pes is None else pes
        digits = PEArray.weight_digits(ranges.weight, multiplier)
        packing = PEArray.operand_latency(ranges.operand, ranges.weight, lanes, multiplier)
        names = [quantized.unit(stage) for stage in network.stages[:-1]]
        units = tuple(dict.fromkeys(names))
        schedule = Schedule(network, count, latency(units), digits, packing)
        weights = [weight.tolist() for weight in quantized.weights]
        signs = find_signs(schedule, weights) if sign_elements else None
        multiplying = signs.first_pe if signs else count
        missing = [
            [
                shortfall(row, digits) if multiplier == "lut" and output % step.pes < multiplying else 0
                for output, row in enumerate(matrix)
            ]
            for step, matrix in zip(schedule.steps, weights, strict=True)
        ]
        biases = [
            bias + less
            for index, shortfalls in enumerate(missing)
            for bias, less in zip(aligned_biases(quantized, index), shortfalls, strict=True)
        ]
        return cls(
            network=network,
            formats=quantized.formats,
            preactivation=quantized.preactivation,
            units=units,
            step_units=(*map(units.index, names), 0),
            schedule=schedule,
            ranges=ranges,
            signs=signs,
            banks=rom_banks(schedule, weights, multiplying),
            biases=tuple(biases),
            accumulator_bits=_accumulator_bits(schedule, ranges, missing),
            multiplier=multiplier,
            lanes=lanes,
            stream_bits=stream_bits,
            weights_hash=int(quantized.sha256[:8], 16),
            axi_lite=axi_lite,
        )

    @property
    def activation(self) -> str:
        """The activation units in words."""
        return " and ".join(self.units)

    @property
    def pes(self) -> int:
        """Physical processing elements."""
        return self.schedule.pes

    @property
    def multiplying_pes(self) -> int:
        """PEs with a multiplier and weights in the ROM; the others only add and subtract."""
        return self.signs.first_pe if self.signs else self.pes

    @property
    def biased_bits(self) -> int:
        """Width behind the bias adder."""
        biases = Range(min(0, *self.biases), max(0, *self.biases))
        return max(self.ranges.biased_bits, *self.accumulator_bits, biases.bits)

    @property
    def stream_pixels(self) -> int:
        """Pixels in a beat."""
        return self.stream_bits // 8

    @property
    def beats_per_frame(self) -> int:
        """Beats that bring an image."""
        return self.network.rows * self.network.columns // self.stream_pixels

    @property
    def cycles_per_batch(self) -> int:
        """Cycles from one batch of ``lanes`` images to the next, when neither stream stalls."""
        return max(self.schedule.cycles_per_frame, self.lanes * self.beats_per_frame)

    @property
    def cycles_per_image(self) -> float:
        """Cycles per image, on average, when neither stream stalls."""
        return self.cycles_per_batch / self.lanes

    @property
    def latency(self) -> int:
        """Cycles from the transfer of an image's first beat to the first cycle with its result valid.

        For an image that comes alone, without a stall, to an idle accelerator.
        """
        if self.lanes == 1:
            return self.schedule.latency
        # The schedule counts from the cycle before the one that takes the first pixel.
        return self.beats_per_frame + PATIENCE + START_LATENCY - 1 + self.schedule.latency

    @cached_property
    def row_bits(self) -> int:
        """Width of a row address of the frame memory."""
        return max(1, max((stage.rows - 1).bit_length() for stage in self.network.stages))

    @cached_property
    def column_bits(self) -> int:
        """Width of a column address of the frame memory."""
        return max(1, max((stage.columns - 1).bit_length() for stage in self.network.stages))

    @property
    def rom_address_bits(self) -> int:
        """Width of the weight ROMs' common address."""
        return max(1, (max(bank.depth for bank in self.banks) - 1).bit_length())

    @property
    def logit_fraction(self) -> int:
        """Fractional bits of a logit."""
        return self.formats.output_weight.fraction_bits + self.formats.activation.fraction_bits

    @property
    def result_logit_shift(self) -> int:
        """Low bits of the winning logit that the result beat leaves out, rounding down; 0 when all fit."""
        return max(0, self.ranges.logit_bits - RESULT_LOGIT_BITS)

    @property
    def result_logit_format(self) -> str:
        """Format of the logit field of the result beat; its fraction may be negative for very wide logits."""
        fraction = self.logit_fraction - self.result_logit_shift
        return f"Q{RESULT_LOGIT_BITS - fraction}.{fraction}"


def _check(network: Network, multiplier: str, lanes: int, stream_bits: int) -> None:
    if multiplier not in MULTIPLIERS:
        raise InputError(f"multiplier {multiplier!r}: choose from {', '.join(MULTIPLIERS)}")
    if not 1 <= lanes <= MAX_LANES:
        raise InputError(f"{lanes} lanes: choose 1 to {MAX_LANES}")
    if stream_bits not in STREAM_BITS:
        raise InputError(f"pixel stream of {stream_bits} bits: choose {' or '.join(map(str, STREAM_BITS))}")
    pixels = network.rows * network.columns
    if pixels % (stream_bits // 8):
        raise InputError(
            f"{network.rows}x{network.columns} images are no whole number of {stream_bits} bit beats: "
            f"choose a pixel stream of {STREAM_BITS[0]} bits"
        )


def _accumulator_bits(schedule: Schedule, ranges: NetworkRanges, missing: list[list[int]]) -> tuple[int, ...]:
    """Width of each PE's sum: it holds the sums of the outputs that the PE serves, less what is missing."""
    bits = [1] * schedule.pes
    for step, stage, shortfalls in zip(schedule.steps, ranges.stages, missing, strict=True):
        for output, (full, less) in enumerate(zip(stage.sums, shortfalls, strict=True)):
            pe = output % step.pes
            bits[pe] = max(bits[pe], Range(min(0, full.low - less), max(0, full.high - less)).bits)
    return tuple(bits)
