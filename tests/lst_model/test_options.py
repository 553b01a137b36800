"""Training options out of range are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from drivers.training import OPTIONS, QUANTISED

from lst_model.errors import InputError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("batch", 0),
        ("peak_lr", 0.0),
        ("peak_lr", float("nan")),
        ("peak_lr", float("inf")),
        ("warmup", 0.0),
        ("warmup", 1.0),
        ("weight_decay", -1.0),
        ("weight_decay", float("nan")),
        ("seed", -1),
        ("seed", 2**63),
        ("holdout", 0),
        ("average", 1.0),
        ("distillation", 1.1),
        ("temperature", 0.0),
        ("polish", -1),
    ],
)
def test_options_out_of_range_are_refused(name: str, value: object) -> None:
    with pytest.raises(InputError, match=f"training option {name} is .*: choose "):
        replace(OPTIONS, **{name: value})  # type: ignore[arg-type]


def test_integers_cannot_be_polished() -> None:
    with pytest.raises(InputError, match="training option polish is 1: choose 0 with quantization"):
        replace(QUANTISED, polish=1)
