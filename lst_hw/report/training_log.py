"""The epochs that ``lst-hw train`` logged beside a checkpoint."""

from __future__ import annotations

import json
import math
from pathlib import Path

from lst_model.errors import InputError
from lst_model.network import Network

CURVES = ("epoch", "learning_rate", "loss", "validation_loss", "validation_accuracy")
"""What a report draws of each epoch."""


def read(path: Path, network: Network) -> tuple[dict[str, float], ...] | None:
    """The epochs in a training log; None where there is no such file, or none is finished.

    Raises
    ------
    InputError
        If it cannot be read or is damaged, or belongs to another network.
    """
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text())
        epochs = tuple({key: float(epoch[key]) for key in CURVES} for epoch in content["epochs"])
        title = content["network"]
    except (OSError, ValueError, KeyError, TypeError):
        raise InputError(f"{path}: not a training log of `lst-hw train`; remove it or repair it") from None
    if title != network.title:
        raise InputError(f"{path}: a log of {title}, but the checkpoint holds {network.title}; keep them apart")
    if not all(math.isfinite(value) for epoch in epochs for value in epoch.values()):
        raise InputError(f"{path}: holds values that are not finite; remove it or repair it")
    return epochs or None
