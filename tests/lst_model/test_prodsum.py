"""Layers whose weights are a product of sums."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from lst_model.bases import dct_matrix
from lst_model.errors import InputError
from lst_model.prodsum import ProdSumLinear, fixed_matrices, grow
from lst_model.sums import FIXED, Factor, ProductOfSums

TEXTS = ["gaussian:9@3", "outer:9@3", "permutation:9@3", "dct:9", "rank:2", "gaussian:4*rank:2*permutation:5@1"]


def _layer(text: str, inputs: int = 12, outputs: int = 5) -> ProdSumLinear:
    torch.manual_seed(0)
    return ProdSumLinear(inputs, outputs, ProductOfSums.parse(text))


def _matrices(basis: str, terms: int, shape: tuple[int, int], seed: tuple[int, int] = (1, 0)) -> np.ndarray:
    parts = fixed_matrices(Factor(basis, terms), shape, seed)
    return parts[0] if len(parts) == 1 else np.einsum("tr,tc->trc", *parts)


@pytest.mark.parametrize("inputs", [3, 12])
def test_the_fold_is_the_product_of_the_sums(inputs: int) -> None:
    layer = _layer("gaussian:4*outer:3*rank:2@7", inputs)
    state = {name: value.double().numpy() for name, value in layer.state_dict().items()}
    shapes = layer.sums.shapes(5, inputs)
    first, second = (
        np.tensordot(state[f"factors.{number}.coefficients"], _matrices(basis, terms, shapes[number], (7, number)), 1)
        for number, (basis, terms) in enumerate([("gaussian", 4), ("outer", 3)])
    )
    expected = first @ second @ state["factors.2.left"] @ state["factors.2.right"]
    np.testing.assert_allclose(layer.weight.detach().numpy(), expected.astype(np.float32), rtol=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_it_computes_what_the_dense_layer_of_the_folded_weights_does(text: str) -> None:
    layer, x = _layer(text), torch.randn(2, 3, 12)
    torch.testing.assert_close(layer(x), functional.linear(x, layer.weight, layer.bias))
    assert layer.weight.dtype == torch.float32


@pytest.mark.parametrize("text", TEXTS)
def test_every_trained_number_learns_and_nothing_else_is_stored(text: str) -> None:
    layer = _layer(text)
    layer(torch.randn(20, 12)).square().sum().backward()
    assert all((parameter.grad != 0).all() for parameter in layer.parameters())
    count = sum(value.numel() for value in layer.state_dict().values())
    assert count == layer.sums.parameters(5, 12)


@pytest.mark.parametrize("text", TEXTS)
def test_the_state_dict_is_all_that_another_layer_needs(text: str) -> None:
    layer, other = _layer(text), ProdSumLinear(12, 5, ProductOfSums.parse(text))
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.weight, layer.weight)


@pytest.mark.parametrize("text", TEXTS)
def test_it_starts_like_a_xavier_layer(text: str) -> None:
    layer = _layer(text)
    assert float(layer.weight.detach().square().mean()) == pytest.approx(2 / (5 + 12), rel=1e-4)
    assert not layer.bias.any()


@pytest.mark.parametrize("basis", FIXED)
@pytest.mark.parametrize("shape", [(6, 6), (4, 9), (9, 4)])
def test_fixed_matrices_differ_have_norm_1_and_keep_their_order(basis: str, shape: tuple[int, int]) -> None:
    more, fewer = _matrices(basis, 20, shape), _matrices(basis, 7, shape)
    np.testing.assert_array_equal(more[:7], fewer)
    assert np.linalg.matrix_rank(fewer.reshape(7, -1)) == 7
    norms = np.square(more).sum((1, 2))
    if basis in ("dct", "permutation"):
        np.testing.assert_allclose(norms, 1)
    assert 0.5 < norms.mean() < 1.5


def test_random_matrices_depend_on_seed_and_place_alone() -> None:
    first = _matrices("gaussian", 3, (4, 5))
    np.testing.assert_array_equal(first, _matrices("gaussian", 3, (4, 5)))
    for seed in ((2, 0), (1, 1)):
        assert not np.isclose(first, _matrices("gaussian", 3, (4, 5), seed)).any()
    # The stream is NumPy's promise: this number is what every version of it gives.
    assert first[0, 0, 0] == pytest.approx(np.random.RandomState((1, 0)).standard_normal() / 20**0.5, rel=1e-12)


@pytest.mark.parametrize(("basis", "rank"), [("outer", 1), ("dct", 1), ("permutation", 4), ("gaussian", 4)])
def test_ranks_of_the_bases(basis: str, rank: int) -> None:
    assert {int(np.linalg.matrix_rank(matrix)) for matrix in _matrices(basis, 6, (4, 7))} == {rank}


def test_the_dct_basis_takes_low_frequencies_first() -> None:
    matrices = _matrices("dct", 4, (4, 5))
    rows, columns = dct_matrix(4), dct_matrix(5)
    for matrix, (k, n) in zip(matrices, [(0, 0), (0, 1), (1, 0), (0, 2)], strict=True):
        np.testing.assert_allclose(matrix, np.outer(rows[k], columns[n]), atol=1e-12)


def test_over_a_grid_each_class_has_the_lowest_2d_frequencies() -> None:
    left, right = fixed_matrices(Factor("dct", 7), (3, 20), (0, 0), grid=(4, 5))
    np.testing.assert_array_equal(left, np.eye(3)[[0, 1, 2, 0, 1, 2, 0]])
    rows, columns = dct_matrix(4), dct_matrix(5)
    for t, (k, n) in zip((0, 3, 6), [(0, 0), (0, 1), (1, 0)], strict=True):
        np.testing.assert_allclose(right[t].reshape(4, 5), np.outer(rows[k], columns[n]), atol=1e-12)


def test_a_grid_is_read_by_the_last_factor() -> None:
    torch.manual_seed(0)
    layer = ProdSumLinear(20, 3, ProductOfSums.parse("rank:2*dct:7"), grid=(4, 5))
    expected = fixed_matrices(Factor("dct", 7), (3, 20), (0, 1), grid=(4, 5))[1]
    assert torch.equal(layer.factors[1].right, torch.from_numpy(expected))


@pytest.mark.parametrize("text", TEXTS)
def test_a_grown_layer_computes_the_same_and_learns_the_new_terms(text: str) -> None:
    layer = _layer(text)
    with torch.no_grad():
        layer.bias.add_(1)
    factors = tuple(Factor(factor.basis, factor.terms + 1) for factor in layer.sums.factors)
    grown = grow(layer, ProductOfSums(factors, layer.sums.seed))
    assert torch.equal(grown.weight, layer.weight)
    assert torch.equal(grown.bias, layer.bias)
    optimizer = torch.optim.SGD(grown.parameters(), 0.1)
    grown(torch.randn(20, 12)).square().mean().backward()
    optimizer.step()
    for factor in grown.factors:
        new = factor.coefficients[-1:] if hasattr(factor, "coefficients") else factor.left[:, -1]
        assert (new != 0).all()


@pytest.mark.parametrize("text", ["gaussian:3@3", "outer:9@3", "gaussian:9@4", "gaussian:9*rank:2@3"])
def test_a_layer_grows_by_terms_only(text: str) -> None:
    with pytest.raises(InputError, match=r"gaussian:9@3 cannot grow to .*keep bases and seed"):
        grow(_layer("gaussian:9@3"), ProductOfSums.parse(text))


def test_sums_that_do_not_fit_the_layer_are_refused() -> None:
    with pytest.raises(InputError, match="rank:6 is too large for 5x12"):
        _layer("rank:6")
