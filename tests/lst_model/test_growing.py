"""Networks whose sums grow."""

from __future__ import annotations

import pytest
import torch

from lst_model.blocks import parse_blocks
from lst_model.errors import InputError
from lst_model.growing import grown
from lst_model.module import LST


def _model(weights: str = "gaussian:5@1", output_weights: str = "rank:1") -> LST:
    torch.manual_seed(0)
    network = parse_blocks("dct:5,lst:4,save,lst:4,add", 6, 6, 3, weights=weights, output_weights=output_weights)
    return LST(network)


@pytest.mark.parametrize(
    ("weights", "output_weights"), [("gaussian:9@1", None), (None, "rank:3"), ("gaussian:9@1", "rank:3"), (None, None)]
)
def test_a_grown_network_has_more_parameters_and_computes_the_same(
    weights: str | None, output_weights: str | None
) -> None:
    model, images = _model(), torch.randn(4, 6, 6)
    larger = grown(model, weights, output_weights)
    assert torch.equal(larger(images), model(images))
    more = 4 * (9 - 5) * (weights is not None) + 2 * (3 + 16) * (output_weights is not None)
    assert larger.network.parameters == model.network.parameters + more
    assert sum(parameter.numel() for parameter in larger.parameters()) == larger.network.parameters


def test_what_is_new_follows_from_the_seed_and_leaves_the_callers_random_state() -> None:
    model = _model()
    state = torch.get_rng_state()
    first, again, other = (grown(model, None, "rank:3", seed=seed).output.factors[0].right for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize(
    ("weights", "output_weights", "message"),
    [
        ("gaussian:4@1", None, "gaussian:5@1 cannot grow to gaussian:4@1: keep bases and seed"),
        ("dense", None, "gaussian:5@1 weights cannot grow to dense: only products of sums can"),
        (None, "rank:11", "output: weights rank:11: rank:11 is too large for 3x16"),
    ],
)
def test_only_sums_grow(weights: str | None, output_weights: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        grown(_model(), weights, output_weights)


def test_dense_weights_do_not_grow() -> None:
    with pytest.raises(InputError, match="dense weights cannot grow to rank:2"):
        grown(_model(output_weights="dense"), None, "rank:2")
