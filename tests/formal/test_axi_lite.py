# amaranth: UnusedElaboratable=no
"""AXI4-Lite rules, proven for all time, of the slave with the accelerator's registers."""

from __future__ import annotations

from pathlib import Path

import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from formal.prove import planted, solve
from formal.rules import axi_lite_rules

from lst_hw.axi_lite import AXILiteSlave, axi_lite_signature
from lst_hw.register_bank import RegisterBank
from lst_hw.registers import REGISTERS

DEPTH = 6


class Harness(wiring.Component):
    """Slave and registers; the solver plays the master."""

    def __init__(self, slave: type = AXILiteSlave) -> None:
        self._slave = slave
        super().__init__({"bus": In(axi_lite_signature())})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.slave = slave = self._slave()
        m.submodules.bank = bank = RegisterBank(registers=REGISTERS)
        wiring.connect(m, wiring.flipped(self.bus), slave.bus)
        wiring.connect(m, slave.access, bank.access)
        axi_lite_rules(m, self.bus)
        return m


def test_the_slave_keeps_the_rules_for_ever(tmp_path: Path) -> None:
    outcome = solve(Harness(), "prove", DEPTH, tmp_path)
    assert outcome.passed, outcome.log


def test_all_kinds_of_accesses_are_reached(tmp_path: Path) -> None:
    outcome = solve(Harness(), "cover", 2 * DEPTH, tmp_path)
    assert outcome.passed, outcome.log


@pytest.mark.parametrize(
    ("good", "bad", "rule"),
    [
        ("with m.If(bus.bvalid & bus.bready):", "with m.If(bus.bvalid):", "b: an offer is withdrawn"),
        ("bus.arready.eq(~bus.rvalid &", "bus.arready.eq(", "r: an offer changes"),
        ("has_address & has_data & ~bus.bvalid", "has_address & ~bus.bvalid", "b: an answer that nobody asked for"),
        ("bus.awready.eq(~has_address & ~ResetSignal())", "bus.awready.eq(~has_address)", "aw: ready during reset"),
        ("has_data.eq(0), bus.bvalid.eq(1)", "has_data.eq(0)", "aw: a request is lost"),
        ("has_data & ~bus.bvalid", "has_data & ~bus.bvalid & bus.bready", "b: no answer"),
    ],
)
def test_a_planted_bug_is_found(tmp_path: Path, good: str, bad: str, rule: str) -> None:
    outcome = solve(Harness(planted(AXILiteSlave, good, bad)), "bmc", 2 * DEPTH, tmp_path)
    assert not outcome.passed
    assert rule in outcome.broken
