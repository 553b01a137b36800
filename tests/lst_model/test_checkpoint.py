"""Checkpoints: what can be read, what is refused with which words, and that nothing in a file is executed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lst_model import checkpoint, data, training
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.module import LST, normalise
from lst_model.network import NAMED, Network, lst
from lst_model.qat import QuantizedLST
from lst_model.quantization import trained_for
from lst_model.quantize import quantize

SMALL = lst(rows=5, columns=6, embeddings=(3, 3), classes=4)


def published_names(key: str) -> str:
    """Our parameter name in the layout of the published several-block checkpoints."""
    key = key.replace(".row.", ".dense1.").replace(".column.", ".dense2.")
    return key.replace("block", "L2DST_").replace("output.", "W_o.")


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize("network", [*NAMED.values(), SMALL], ids=[*NAMED, "small"])
def test_own_checkpoints_come_back_equal(network: Network, tmp_path: Path) -> None:
    model = LST(network)
    checkpoint.save(tmp_path / "own.pt", model, seed=3, command="lst-hw train")
    loaded = checkpoint.load(tmp_path / "own.pt")
    assert loaded.network == network
    assert not loaded.training
    for key, value in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value)


def test_metadata_can_be_read_without_the_model(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "own.pt", LST(SMALL), seed=3)
    assert checkpoint.read(tmp_path / "own.pt")["seed"] == 3


def test_published_lst_1_has_its_published_accuracy(reference_checkpoint: Path, mnist_dir: Path) -> None:
    model = checkpoint.load(reference_checkpoint)
    assert model.network == NAMED["lst-1"]
    _, accuracy = training.evaluate(model, data.load("test", mnist_dir))
    assert accuracy == 0.9802


@pytest.mark.parametrize("name", ["lst-2", "reslst-3"])
def test_published_layout_of_several_blocks_is_recognised_by_its_keys(name: str, tmp_path: Path) -> None:
    model = LST(NAMED[name])
    state = {published_names(key): value for key, value in model.state_dict().items()}
    loaded = checkpoint.load(saved(tmp_path / "published.pth", state))
    assert loaded.network == NAMED[name]
    images = normalise(torch.randint(0, 256, (2, 28, 28)))
    assert torch.equal(loaded(images), model(images))


def test_bare_state_dict_with_our_names_is_recognised(tmp_path: Path) -> None:
    model = LST(SMALL)
    assert checkpoint.load(saved(tmp_path / "bare.pt", model.state_dict())).network == SMALL


def test_shipped_checkpoints_go_by_name() -> None:
    for name, path in checkpoint.shipped().items():
        assert checkpoint.resolve(name) == path
        assert path.stat().st_size < 100_000
        content = checkpoint.read(path)
        assert {"command", "seed", "data", "validation_accuracy"} <= set(content)
        title = checkpoint.load(name).network.title.lower().replace("+", "-")
        if "quantization" in content:
            bits = content["quantization"]["weight-bits"] or [
                Formats.parse(content["quantization"]["format"]).weight.bits
            ]
            title += f"-q{bits[0]}"
        assert name == title


PROMISED = {
    "lst-1-28": 0.99,
    "lst-1-28-q2": 0.975,
    "lst-1-28-q4": 0.987,
    "lst-1-28-q6": 0.99,
    "lst-1-28-q8": 0.99,
    "lst-1-8": 0.972,
    "lst-2-28": 0.992,
    "reslst-3-19-dct-9": 0.989,
    "lst-1-16": 0.983,
    "wht-16-lst-1-16": 0.979,
    "wht-32-lst-1-16": 0.979,
    "dct-9": 0.914,
    "reslst-3-28": 0.993,
}
"""Least accuracy on the MNIST test set; ``weights/README.md`` has the exact ones."""


def test_every_shipped_checkpoint_promises_an_accuracy() -> None:
    assert set(PROMISED) == set(checkpoint.shipped())


def in_its_arithmetic(name: str) -> LST:
    """A shipped model: in float, or in the integers that it was trained for, of which no format clips any."""
    model = checkpoint.load(name)
    arithmetic = trained_for(name)
    if arithmetic is None:
        return model
    assert not quantize(model, arithmetic.formats).saturated
    quantized = QuantizedLST(model.network, arithmetic)
    quantized.load_state_dict(model.state_dict())
    return quantized


@pytest.mark.parametrize("name", PROMISED)
def test_shipped_checkpoints_keep_their_promise(name: str, mnist_dir: Path) -> None:
    _, accuracy = training.evaluate(in_its_arithmetic(name), data.load("test", mnist_dir))
    assert accuracy >= PROMISED[name]


def test_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(InputError, match=r"no-such-file: no such checkpoint; .*lst-1-28"):
        checkpoint.load("no-such-file")


def test_truncated_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.pt"
    checkpoint.save(path, LST(SMALL))
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"cut\.pt: truncated or not a PyTorch checkpoint"):
        checkpoint.load(path)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x02garbage", b"PK\x03\x04"])
def test_files_that_are_no_checkpoint_are_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"odd\.pt: truncated or not a PyTorch checkpoint"):
        checkpoint.load(path)


class Malicious:
    """Runs a command when unpickled by an incautious reader."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_code_in_a_checkpoint_is_not_executed(tmp_path: Path) -> None:
    path = saved(tmp_path / "evil.pt", {"model": Malicious(tmp_path / "owned")})
    with pytest.raises(InputError, match=r"evil\.pt"):
        checkpoint.load(path)
    assert not (tmp_path / "owned").exists()


def change(key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(state: dict[str, Any]) -> None:
        state[key] = value

    return apply


def remove(key: str) -> Callable[[dict[str, Any]], None]:
    def apply(state: dict[str, Any]) -> None:
        del state[key]

    return apply


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove("output.bias"), r"key output\.bias is missing"),
        (remove("block2.row.weight"), r"key block2\.row\.weight is missing"),
        (change("fc.weight", torch.zeros(2)), r"unexpected key fc\.weight"),
        (change("block1.row.weight", torch.zeros(3, 7)), r"block1\.row\.weight has shape \[3, 7\], expected \[3, 6\]"),
        (change("output.bias", torch.zeros(4, dtype=torch.int64)), r"output\.bias holds torch\.int64"),
        (change("output.bias", torch.full((4,), float("nan"))), r"output\.bias contains NaN or infinity"),
        (change("block1.column.bias", torch.full((3,), float("inf"))), r"block1\.column\.bias contains NaN"),
        (change("output.bias", "text"), "not a state dict of tensors"),
    ],
)
def test_damaged_state_dicts_are_refused(
    damage: Callable[[dict[str, Any]], None], message: str, tmp_path: Path
) -> None:
    state: dict[str, Any] = dict(LST(SMALL).state_dict())
    damage(state)
    content = {"format": checkpoint.FORMAT, "network": SMALL.as_dict(), "model": state}
    with pytest.raises(InputError, match=message):
        checkpoint.load(saved(tmp_path / "damaged.pt", content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds a list, not a state dict"),
        ({}, "LST blocks are numbered"),
        ({"layer.weight": torch.zeros(2, 2)}, "LST blocks are numbered"),
        ({"L2DST_2.dense1.weight": torch.zeros(2, 2)}, r"LST blocks are numbered \[2\]"),
        ({"format": checkpoint.FORMAT}, "not a state dict"),
        ({"format": checkpoint.FORMAT, "model": {}, "network": {"rows": 3}}, "network description is damaged"),
    ],
)
def test_other_content_is_refused(content: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        checkpoint.load(saved(tmp_path / "other.pt", content))


def test_one_dimensional_weights_are_refused(tmp_path: Path) -> None:
    state = dict(LST(SMALL).state_dict())
    state["block1.row.weight"] = torch.zeros(18)
    with pytest.raises(InputError, match=r"block1\.row\.weight has shape \[18\], expected two dimensions"):
        checkpoint.load(saved(tmp_path / "flat.pt", state))


def test_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "own.pt"
    checkpoint.save(path, LST(SMALL))
    before = path.read_bytes()
    with pytest.raises(Exception, match="pickle"):
        checkpoint.write(path, {"model": lambda: None})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
