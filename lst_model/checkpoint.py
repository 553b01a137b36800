"""Reading and writing checkpoints, our own and the published ones.

Files are read with ``weights_only=True``: nothing in a checkpoint is executed.
"""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .errors import InputError
from .layers import ColumnTransform, Layer, Output, RowTransform, SkipAdd, SkipSave
from .module import LST
from .network import Network

FORMAT = "lst-checkpoint-1"
SHIPPED = Path(__file__).parent / "weights"
_REMEDY = "give a file written by `lst-hw train` or a published LST state dict"

State = dict[str, Tensor]


def shipped() -> dict[str, Path]:
    """The checkpoints that come with the package, by name."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.pt"))}


def resolve(name: str | os.PathLike[str]) -> Path:
    """A path, or the path of the shipped checkpoint of that name."""
    return shipped().get(str(name), Path(name))


def load(path: str | os.PathLike[str]) -> LST:
    """A float model, in evaluation mode, from a checkpoint.

    Parameters
    ----------
    path : path
        Our own checkpoint, a state dict with our own names, one in the published layout
        (``L2DST.dense1.weight`` ... ``W_o.bias``, or ``L2DST_1`` ... ``L2DST_3`` for several blocks), or
        the name of a shipped checkpoint.

    Raises
    ------
    InputError
        If the file is missing, truncated or no checkpoint; if keys are missing or extra; if a shape does
        not fit; if a value is NaN or infinite.
    """
    path = resolve(path)
    content = read(path)
    try:
        return _model_of(content).eval()
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def read(path: Path) -> Mapping[str, Any]:
    """The mapping stored in a checkpoint file, without executing code from it."""
    if not path.is_file():
        names = ", ".join(shipped())
        raise InputError(f"{path}: no such checkpoint; give a file, or one of the shipped ones: {names}")
    try:
        stored = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error}); check its permissions") from None
    try:
        content = torch.load(io.BytesIO(stored), map_location="cpu", weights_only=True)
    except Exception:  # torch raises half a dozen unrelated types for a damaged or foreign file
        raise InputError(f"{path}: truncated or not a PyTorch checkpoint; {_REMEDY}") from None
    if not isinstance(content, Mapping):
        raise InputError(f"{path}: holds a {type(content).__name__}, not a state dict; {_REMEDY}")
    return content


def save(path: Path, model: LST, **metadata: Any) -> None:
    """Write our own checkpoint: format, network description, state dict and the given metadata."""
    write(path, {"format": FORMAT, "network": model.network.as_dict(), "model": model.state_dict(), **metadata})


def write(path: Path, content: Mapping[str, Any]) -> None:
    """``torch.save`` through a temporary file, so that an interruption leaves the old file whole."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(dict(content), file)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _model_of(content: Mapping[str, Any]) -> LST:
    own = content.get("format") == FORMAT
    stored = content.get("model") if own else content
    if not isinstance(stored, Mapping) or not all(isinstance(value, Tensor) for value in stored.values()):
        raise InputError(f"not a state dict of tensors; {_REMEDY}")
    state = _own_names({str(key): value for key, value in stored.items()})
    model = LST(Network.from_dict(content.get("network")) if own else _network_of(state))
    _check_tensors(model.state_dict(), state)
    model.load_state_dict(state)
    return model


def _own_names(state: State) -> State:
    """Published key names to ours; names that are neither pass through and are reported as extra."""

    def rename(key: str) -> str:
        if match := re.fullmatch(r"L2DST(?:_(\d+))?\.dense([12])\.(weight|bias)", key):
            part = "row" if match[2] == "1" else "column"
            return f"block{match[1] or 1}.{part}.{match[3]}"
        return re.sub(r"^W_o\.", "output.", key)

    return {rename(key): value for key, value in state.items()}


def _network_of(state: State) -> Network:
    """The network that a state dict without a description belongs to."""
    blocks = sorted({int(match[1]) for key in state if (match := re.match(r"block(\d+)\.", key))})
    if blocks != list(range(1, len(blocks) + 1)) or not blocks:
        raise InputError(f"LST blocks are numbered {blocks}, not 1, 2, ...; {_REMEDY}")
    keys = [f"block{number}.{part}" for number in blocks for part in ("row", "column")] + ["output"]
    _check_keys([f"{key}.{kind}" for key in keys for kind in ("weight", "bias")], state)
    sizes = {}
    for key in keys:
        weight = state[f"{key}.weight"]
        if weight.dim() != 2:
            raise InputError(f"{key}.weight has shape {list(weight.shape)}, expected two dimensions; {_REMEDY}")
        sizes[key] = tuple(weight.shape)
    layers: list[Layer] = []
    # A state dict does not tell a skip connection: three blocks are the published ResLST-3.
    residual = len(blocks) == 3
    for number in blocks:
        layers += [RowTransform(sizes[f"block{number}.row"][0]), ColumnTransform(sizes[f"block{number}.column"][0])]
        if residual and number == 1:
            layers.append(SkipSave())
        if residual and number == 3:
            layers.append(SkipAdd())
    rows, columns = sizes["block1.column"][1], sizes["block1.row"][1]
    return Network(rows, columns, (*layers, Output(sizes["output"][0])))


def _check_keys(expected: Iterable[str], state: State) -> None:
    missing = [key for key in expected if key not in state]
    if missing:
        raise InputError(f"key {missing[0]} is missing ({len(missing)} in all); {_REMEDY}")
    extra = [key for key in state if key not in set(expected)]
    if extra:
        raise InputError(f"unexpected key {extra[0]} ({len(extra)} in all); {_REMEDY}")


def _check_tensors(expected: Mapping[str, Tensor], state: State) -> None:
    _check_keys(list(expected), state)
    for key, tensor in state.items():
        if tensor.shape != expected[key].shape:
            want, got = list(expected[key].shape), list(tensor.shape)
            raise InputError(f"{key} has shape {got}, expected {want}; check the layer sizes")
        if not tensor.is_floating_point():
            raise InputError(f"{key} holds {tensor.dtype}, expected floating point; {_REMEDY}")
        if not bool(torch.isfinite(tensor).all()):
            raise InputError(f"{key} contains NaN or infinity; retrain or repair the checkpoint")
