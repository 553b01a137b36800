"""Everything the hardware needs to know, resolved and validated before any hardware exists.

A :class:`Design` holds plain Python integers only; ``elaborate`` methods read it and compute nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from lst_model.fixed import Formats
from lst_model.network import Network
from lst_model.quantize import QuantizedNetwork
from lst_model.ranges import NetworkRanges, aligned_biases, network_ranges

from .activation import UNITS
from .rom import RomBank, rom_banks
from .schedule import Schedule, widest_layer

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
    activation : str
        Name of the activation unit.
    schedule : Schedule
        What the array does in every cycle.
    ranges : NetworkRanges
        Value ranges; all widths come from here.
    banks : tuple of RomBank
        Contents of the weight ROMs.
    biases : tuple of int
        Aligned biases, one per sum, at the steps' ``bias_base``.
    weights_hash : int
        First 32 bits of :attr:`~lst_model.quantize.QuantizedNetwork.sha256`.
    axi_lite : bool
        With control registers on an AXI4-Lite port.
    """

    network: Network
    formats: Formats
    activation: str
    schedule: Schedule
    ranges: NetworkRanges
    banks: tuple[RomBank, ...]
    biases: tuple[int, ...]
    weights_hash: int
    axi_lite: bool = False

    @classmethod
    def of(cls, quantized: QuantizedNetwork, *, pes: int | None = None, axi_lite: bool = False) -> Design:
        """The accelerator of a quantised network.

        Parameters
        ----------
        quantized : QuantizedNetwork
        pes : int, optional
            Physical PEs, 1 to the widest layer's number of outputs; by default that number.
        axi_lite : bool

        Raises
        ------
        InputError
            If ``pes`` is out of range.
        """
        network = quantized.network
        count = widest_layer(network) if pes is None else pes
        schedule = Schedule(network, count, UNITS[quantized.activation].LATENCY)
        weights = [weight.tolist() for weight in quantized.weights]
        biases = [bias for index in range(len(weights)) for bias in aligned_biases(quantized, index)]
        return cls(
            network=network,
            formats=quantized.formats,
            activation=quantized.activation,
            schedule=schedule,
            ranges=network_ranges(quantized),
            banks=rom_banks(schedule, weights),
            biases=tuple(biases),
            weights_hash=int(quantized.sha256[:8], 16),
            axi_lite=axi_lite,
        )

    @property
    def pes(self) -> int:
        """Physical processing elements."""
        return self.schedule.pes

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
        return self.formats.weight.fraction_bits + self.formats.activation.fraction_bits

    @property
    def result_logit_shift(self) -> int:
        """Low bits of the winning logit that the result beat leaves out, rounding down; 0 when all fit."""
        return max(0, self.ranges.logit_bits - RESULT_LOGIT_BITS)

    @property
    def result_logit_format(self) -> str:
        """Format of the logit field of the result beat; its fraction may be negative for very wide logits."""
        fraction = self.logit_fraction - self.result_logit_shift
        return f"Q{RESULT_LOGIT_BITS - fraction}.{fraction}"
