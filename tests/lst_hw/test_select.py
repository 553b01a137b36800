"""Numbers that depend on a counter, and the counters."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.hdl import Const, Module, Signal
from drivers.bench import evaluate

from lst_hw.select import by_index, counter


@pytest.mark.parametrize(("limit", "bits"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (256, 8), (257, 9)])
def test_a_counter_holds_every_number_below_its_limit_and_has_at_least_one_bit(limit: int, bits: int) -> None:
    signal = counter(limit, "n")
    assert (len(signal), signal.name) == (bits, "n")


@pytest.mark.parametrize("numbers", [[4, 0, 7], [1, 1, 1, 2], [0, 255], [3]])
def test_by_index_selects(numbers: list[int]) -> None:
    m, index, selected = Module(), counter(len(numbers), "index"), Signal(8)
    m.d.comb += selected.eq(by_index(m, index, numbers, "number"))
    assert evaluate(m, index, selected, range(len(numbers))) == numbers


@pytest.mark.parametrize("numbers", [[5], [0, 0], [True, True]])
def test_equal_numbers_cost_no_logic(numbers: list[Any]) -> None:
    m, index, signal = Module(), counter(2, "index"), Signal(8)
    selected = by_index(m, index, numbers, "number")
    m.d.comb += signal.eq(selected)
    assert isinstance(selected, Const)
    assert evaluate(m, signal, signal, []) == []
    assert selected.value == numbers[0]
