"""What makes an interrupted run and its continuation the same: network, options, data and the models it starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .data import Images
from .module import LST
from .network import Network
from .options import TrainingOptions


def config(
    network: Network, images: Images, options: TrainingOptions, initial: LST | None, teachers: Sequence[LST]
) -> dict[str, dict[str, Any]]:
    """What must not change between a run and its resumption, in plain values."""
    chosen = asdict(options)
    # Polishing comes last: a finished run may be given more of it.
    del chosen["polish"]
    return {
        "network": network.as_dict(),
        "options": chosen,
        "data": {"digest": _digest([images.pixels, images.labels])},
        "initial weights": {"digests": [_digest_model(initial)] if initial is not None else []},
        "teachers": {"digests": [_digest_model(teacher) for teacher in teachers]},
    }


def _digest_model(model: LST) -> str:
    return _digest([parameter.detach().numpy() for parameter in model.parameters()])


def _digest(arrays: Sequence[Any]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def difference(stored: Any, wanted: dict[str, dict[str, Any]]) -> str:
    """What differs first between two configurations; empty when nothing does."""
    stored = stored if isinstance(stored, Mapping) else {}
    for part, values in wanted.items():
        before = stored.get(part)
        if before == values:
            continue
        if part == "options" and isinstance(before, Mapping):
            name = next((name for name in values if before.get(name) != values[name]), "options")
            return f"{name} was {before.get(name)} and is now {values.get(name)}"
        return f"the {part} changed"
    return ""
