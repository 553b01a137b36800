"""Activation functions of layers, in text."""

from __future__ import annotations

import pytest

from lst_model.errors import InputError
from lst_model.functions import Function


@pytest.mark.parametrize("text", ["tanh", "identity", "relu", "soft:0.25", "soft:0", "st-relu:0.1"])
def test_the_text_form_goes_both_ways(text: str) -> None:
    assert str(Function.parse(text)) == text


def test_a_threshold_is_a_number() -> None:
    assert Function.parse("st-relu:1e-1") == Function("st-relu", 0.1)


@pytest.mark.parametrize("text", ["", "sigmoid", "soft", "relu:1", "tanh:"])
def test_an_unknown_function_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(InputError) as raised:
        Function.parse(text)
    choices = "tanh, identity, relu, or soft:TAU or st-relu:TAU"
    assert str(raised.value) == f"unknown function {text!r}: choose {choices}"


def test_a_threshold_that_is_no_number_is_refused() -> None:
    with pytest.raises(InputError, match=r"function 'soft:x': 'x' is no number; write it as soft:0\.25"):
        Function.parse("soft:x")


@pytest.mark.parametrize("text", ["soft:-0.1", "st-relu:inf", "soft:nan"])
def test_a_threshold_that_is_negative_or_not_finite_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=rf"function {text}: its threshold must be 0 or more"):
        Function.parse(text)
