"""Contents of the weight ROMs: at each address every PE finds the weight of the operand it works on."""

from __future__ import annotations

import numpy as np
import pytest
from drivers.networks import network, quantized

from lst_hw.rom import RomBank, rom_banks
from lst_hw.schedule import Schedule, widest_layer
from lst_model.network import Network

NETWORKS = [
    network(1, 1, (1, 1), classes=2),
    network(3, 5, (4, 6)),
    network(6, 2, (1, 7), (3, 3), classes=9),
    network(2, 4, (3, 5), (3, 5), skips=((1, 2),)),
]
CASES = [(described, pes) for described in NETWORKS for pes in range(1, widest_layer(described) + 1)]


def banks_of(described: Network, pes: int) -> tuple[Schedule, tuple[np.ndarray, ...], tuple[RomBank, ...]]:
    case, schedule = quantized(described), Schedule(described, pes, 3)
    return schedule, case.weights, rom_banks(schedule, [weight.tolist() for weight in case.weights])


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_pe_k_finds_the_weight_of_the_operand_of_k_cycles_ago(described: Network, pes: int) -> None:
    schedule, weights, banks = banks_of(described, pes)
    column = {bank.first_pe + k: [word[k] for word in bank.words] for bank in banks for k in range(bank.pes)}
    for step in schedule.steps:
        for k in range(step.pes):
            for chunk in range(step.passes):
                output = chunk * step.pes + k
                for slot in range(step.period):
                    issued = chunk * step.period + slot
                    address = step.rom_base + (issued + k) % step.rom_words
                    used = output < step.stage.outputs and slot < step.elements
                    assert column[k][address] == (weights[step.index][output, slot] if used else 0)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_banks_serve_all_pes_and_get_no_deeper(described: Network, pes: int) -> None:
    schedule, _, banks = banks_of(described, pes)
    assert [k for bank in banks for k in range(bank.first_pe, bank.first_pe + bank.pes)] == list(range(pes))
    depths = [bank.depth for bank in banks]
    assert depths == sorted(set(depths), reverse=True), "neighbours of equal depth share a bank"
    assert depths[0] == sum(step.rom_words for step in schedule.steps)
    assert all(len(word) == bank.pes for bank in banks for word in bank.words)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_the_last_pes_may_have_none(described: Network, pes: int) -> None:
    schedule, weights, banks = banks_of(described, pes)
    fewer = rom_banks(schedule, [weight.tolist() for weight in weights], (pes + 1) // 2)
    served = [k for bank in fewer for k in range(bank.first_pe, bank.first_pe + bank.pes)]
    assert served == list(range((pes + 1) // 2))
    for bank, whole in zip(fewer, banks, strict=False):
        assert bank.words == tuple(word[: bank.pes] for word in whole.words)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_a_pe_s_rom_ends_with_the_last_region_that_uses_it(described: Network, pes: int) -> None:
    schedule, _, banks = banks_of(described, pes)
    for bank in banks:
        regions = [step for step in schedule.steps if bank.first_pe < step.pes]
        assert bank.depth == max(step.rom_base + step.rom_words for step in regions)


def test_lst_1_has_the_paper_s_two_kinds_of_pes() -> None:
    """PErco hold row, column and output weights, PErc rows and columns only."""
    _, _, banks = banks_of(network(28, 28, (28, 28), classes=10), 28)
    assert [(bank.first_pe, bank.pes, bank.depth) for bank in banks] == [(0, 10, 28 + 28 + 784), (10, 18, 28 + 28)]
