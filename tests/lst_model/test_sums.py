"""Product-of-sums weights as text: what is accepted, counted and refused."""

from __future__ import annotations

import pytest

from lst_model.errors import InputError
from lst_model.sums import Factor, ProductOfSums


@pytest.mark.parametrize("text", ["gaussian:64*rank:2@1", "dct:650", "outer:3@0", "rank:1*rank:2*permutation:9@7"])
def test_text_comes_back(text: str) -> None:
    assert str(ProductOfSums.parse(text)) == text


def test_the_seed_is_0_unless_given_and_only_written_where_it_matters() -> None:
    assert str(ProductOfSums.parse(" gaussian:4 ")) == "gaussian:4@0"
    assert str(ProductOfSums.parse("rank:4@0")) == "rank:4"


def test_inner_factors_are_square_and_do_not_limit_the_rank() -> None:
    sums = ProductOfSums.parse("rank:1*rank:1*rank:1")
    assert sums.shapes(10, 784) == [(10, 10), (10, 10), (10, 784)]
    assert sums.shapes(28, 8) == [(28, 8), (8, 8), (8, 8)]
    assert ProductOfSums.parse("rank:1").shapes(10, 784) == [(10, 784)]


def test_a_fixed_matrix_has_one_trained_number_a_rank_both_its_vectors_and_each_output_a_bias() -> None:
    assert ProductOfSums.parse("gaussian:64*dct:5*outer:7*permutation:2").parameters(28, 28) == 64 + 5 + 7 + 2 + 28
    assert ProductOfSums.parse("rank:2").parameters(10, 784) == 2 * (10 + 784) + 10
    assert ProductOfSums.parse("gaussian:64*rank:2").parameters(10, 784) == 64 + 2 * (10 + 784) + 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fourier:4", "unknown basis 'fourier', choose one of gaussian, outer, permutation, dct, rank"),
        ("gaussian:0", "a sum of 0 terms, choose 1 or more"),
        ("gaussian", "write it as BASIS:TERMS"),
        ("gaussian:4*", "write it as BASIS:TERMS"),
        ("gaussian:-4", "write it as BASIS:TERMS"),
        ("gaussian:4@x", "write it as BASIS:TERMS"),
        ("", "write it as BASIS:TERMS"),
        ("gaussian:4@4294967296", "choose 0 to 4294967295"),
        ("dct:4@5", "nothing in them is random, leave out @5"),
        ("*".join(["rank:1"] * 9), "product of 9 sums: choose 1 to 8"),
    ],
)
def test_text_that_means_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ProductOfSums.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rank:11", "rank:11 is too large for 10x784 weights, choose 1 to 10"),
        ("gaussian:101*rank:1", "gaussian:101 is too large for 10x10 weights, choose 1 to 100"),
        ("dct:7841", "choose 1 to 7840"),
    ],
)
def test_more_than_a_layer_can_hold_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ProductOfSums.parse(text).parameters(10, 784)
    assert ProductOfSums((Factor("rank", 10),)).parameters(10, 784) == 7950


def test_matrices_that_would_fill_the_memory_are_refused() -> None:
    with pytest.raises(InputError, match="gaussian:513 is too large for 256x256 weights, choose 1 to 512"):
        ProductOfSums.parse("gaussian:513@1").check(256, 256)
    ProductOfSums.parse("outer:513@1").check(256, 256)
