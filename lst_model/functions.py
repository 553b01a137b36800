"""The activation function of a layer, in the text form that checkpoints store and the command line takes.

``tanh`` is what the accelerator approximates with the unit that ``--activation`` names. The others are exact:
``identity``, ``relu``, ``soft:TAU`` (soft threshold ``sgn(x) * max(|x| - tau, 0)``) and ``st-relu:TAU``, that is
``max(x - tau, 0)``, a soft threshold followed by a ReLU (LST-Net, ECCV 2020). Nothing in this module needs torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .errors import InputError

PLAIN = ("tanh", "identity", "relu")
THRESHOLDED = ("soft", "st-relu")


@dataclass(frozen=True)
class Function:
    """An activation function.

    Attributes
    ----------
    name : str
        One of :data:`PLAIN` and :data:`THRESHOLDED`.
    tau : float
        Threshold, 0 or more; 0 for those without one.

    Raises
    ------
    InputError
        If the name is unknown, or the threshold negative, infinite or missing.
    """

    name: str
    tau: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in PLAIN + THRESHOLDED:
            raise InputError(f"unknown function {self.name!r}: choose {_CHOICES}")
        if not 0 <= self.tau < math.inf:
            raise InputError(f"function {self}: its threshold must be 0 or more")

    @classmethod
    def parse(cls, text: str) -> Function:
        """The function that a text stands for; ``str`` gives the text back."""
        name, colon, threshold = text.partition(":")
        if bool(colon) != (name in THRESHOLDED):
            raise InputError(f"unknown function {text!r}: choose {_CHOICES}")
        try:
            return cls(name, float(threshold) if colon else 0.0)
        except ValueError:
            raise InputError(f"function {text!r}: {threshold!r} is no number; write it as {name}:0.25") from None

    def __str__(self) -> str:
        return f"{self.name}:{self.tau:.12g}" if self.name in THRESHOLDED else self.name


_CHOICES = f"{', '.join(PLAIN)}, or {' or '.join(f'{name}:TAU' for name in THRESHOLDED)}"
