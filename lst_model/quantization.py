"""The arithmetic that a network is trained for, and its record in a checkpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from . import checkpoint
from .activations import DEFAULT, check
from .errors import InputError
from .fixed import Formats
from .network import Network
from .quantize import weight_format


@dataclass(frozen=True)
class Quantization:
    """The arithmetic that a network is trained for.

    Attributes
    ----------
    formats : Formats
    activation : str
        Name of the activation unit.
    weight_bits : tuple of int
        Bits of the weights of each layer, or one number for all: codes then stay within
        ``+-(2**(bits-1) - 1)``, so that 2 bits are the ternary weights -1, 0 and 1 times ``2**-n``. Empty
        for the whole range of the weight formats.

    Raises
    ------
    InputError
        If the activation is unknown, or bits are below 2 or above the weight format's.
    """

    formats: Formats = field(default_factory=Formats)
    activation: str = DEFAULT
    weight_bits: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check(self.activation)
        widest = max(self.formats.weight, self.formats.output_weight, key=lambda q: q.bits)
        for bits in self.weight_bits:
            if not 2 <= bits <= widest.bits:
                raise InputError(f"weights of {bits} bits: choose 2 to {widest.bits}, all that {widest} has")

    def weight_ranges(self, network: Network) -> tuple[tuple[int, int], ...]:
        """Lowest and highest weight code of each layer.

        Raises
        ------
        InputError
            If the number of :attr:`weight_bits` is neither 0, 1 nor that of the layers, or one is more
            than its layer's format has.
        """
        layers, given = len(network.stages), len(self.weight_bits)
        formats = [weight_format(stage, self.formats) for stage in network.stages]
        if given == 0:
            return tuple((q.lowest, q.highest) for q in formats)
        if given not in (1, layers):
            names = ", ".join(stage.key for stage in network.stages)
            raise InputError(f"weight bits of {given} layers: give one number for all, or {layers}, for {names}")
        chosen = self.weight_bits * layers if given == 1 else self.weight_bits
        for stage, q, bits in zip(network.stages, formats, chosen, strict=True):
            if bits > q.bits:
                raise InputError(f"weights of {bits} bits in {stage.key}: choose 2 to {q.bits}, all that {q} has")
        return tuple((1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in chosen)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for a checkpoint, keyed like the options of ``lst-hw``."""
        return {
            **self.formats.as_options(),
            "activation": self.activation,
            "weight-bits": list(self.weight_bits),
        }

    @classmethod
    def recorded(cls, content: Mapping[str, Any]) -> Quantization | None:
        """What :meth:`as_dict` put into a checkpoint under ``quantization``; None if the network is a float one.

        Raises
        ------
        InputError
            If the record is damaged.
        """
        values = content.get("quantization")
        if values is None:
            return None
        try:
            formats = Formats.parse(
                values["format"], values["bias-format"], values["activation-format"], values.get("output-format")
            )
            return cls(formats, values["activation"], tuple(values["weight-bits"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"its record of the formats it was trained in is damaged near {error}") from None


def trained_for(name: str | os.PathLike[str]) -> Quantization | None:
    """The arithmetic that a checkpoint was trained for, None for floating point.

    Parameters
    ----------
    name : path
        As for :func:`~lst_model.checkpoint.load`.

    Raises
    ------
    InputError
        If the file is no checkpoint, or its record is damaged.
    """
    path = checkpoint.resolve(name)
    content = checkpoint.read(path)
    try:
        return Quantization.recorded(content)
    except InputError as error:
        raise InputError(f"{path}: {error}; train it again") from None
