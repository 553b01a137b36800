# amaranth: UnusedElaboratable=no
"""AXI4-Stream rules, up to a number of cycles: of the control block around any core, and of a small accelerator.

Together: the accelerator without control registers keeps the rules, and around a core that keeps them so does Control.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from amaranth.hdl import Assert, Assume, ClockSignal, Cover, DomainRenamer, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In
from drivers.networks import network, quantized
from formal.prove import planted, solve
from formal.rules import previous, sink_rules, source_rules

import lst_hw.control
import lst_hw.core
from lst_hw.control import Control
from lst_hw.design import Design
from lst_hw.result_keeper import ResultKeeper
from lst_hw.results import ResultRegister
from lst_hw.top import LSTAccel
from lst_model.fixed import Formats

SMALL = quantized(network(1, 1, (1, 1), classes=2), Formats.parse("Q1.1"))
CONTROL_DEPTH = 12
ACCELERATOR_DEPTH = Design.of(SMALL).schedule.latency + 8
RESULT = "argmax.winner*"
"""Class and logit may be anything: that leaves out the arithmetic, which has no say in the rules."""


class AroundAnyCore(wiring.Component):
    """The control block; the solver plays streams, registers' master and core, which keeps the rules itself."""

    def __init__(self, control: type = Control) -> None:
        self._control = control(design=Design.of(SMALL, axi_lite=True))
        members = self._control.signature.members
        super().__init__({name: member for name, member in members.items() if name not in ("irq", "core_reset")})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.control = control = self._control
        for name in self.signature.members:
            wiring.connect(m, wiring.flipped(getattr(self, name)), getattr(control, name))
        results, core = self.results, self.core_results
        reset = ResetSignal() | control.core_reset
        waiting = previous(m, core.valid & ~core.ready & ~reset, name="core_waiting")
        offered = previous(m, core.payload.as_value(), name="core_offered")
        after_reset = previous(m, reset, init=1, name="core_after_reset")
        m.d.comb += Assume(~waiting | (core.valid & (core.payload.as_value() == offered)))
        m.d.comb += Assume(~after_reset | ~core.valid)

        source_rules(m, "m_axis", results.valid, results.ready, results.payload.as_value())
        was_reset = previous(m, control.core_reset & ~ResetSignal(), name="was_soft_reset")
        m.d.comb += Assert(~control.core_reset | ~self.pixels.ready, "s_axis: a pixel is lost in a soft reset")
        m.d.comb += Cover(was_reset & results.valid & results.ready, "a result outlives a soft reset")
        m.d.comb += Cover(was_reset & results.valid & ~core.valid & ~results.ready, "and goes on waiting")
        return m


class Accelerator(wiring.Component):
    """The top module after a reset, between a source of well-formed frames that never pauses and the solver as sink."""

    def __init__(self) -> None:
        self._top = LSTAccel(design=Design.of(SMALL))
        super().__init__({"s_axis_tdata": In(8), "m_axis_tready": In(1)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.top = top = self._top
        m.d.comb += [
            *(top.aclk.eq(ClockSignal("outer")), top.aresetn.eq(~ResetSignal("outer"))),
            *(top.s_axis_tvalid.eq(1), top.s_axis_tlast.eq(1), top.s_axis_tdata.eq(self.s_axis_tdata)),
            top.m_axis_tready.eq(self.m_axis_tready),
        ]
        rules = Module()
        begun = previous(rules, 1, name="begun")
        rules.d.comb += Assume(begun != ResetSignal())
        sink_rules(rules, "s_axis", top.s_axis_tready)
        source_rules(rules, "m_axis", top.m_axis_tvalid, top.m_axis_tready, top.m_axis_tdata)
        rules.d.comb += Assert(top.m_axis_tlast | ~top.m_axis_tvalid, "m_axis: no TLAST")
        # The top module has a domain of its own, named sync.
        m.submodules.rules = DomainRenamer("outer")(rules)
        return m


def test_control_keeps_the_rules_around_any_core(tmp_path: Path) -> None:
    outcome = solve(AroundAnyCore(), "bmc", CONTROL_DEPTH, tmp_path)
    assert outcome.passed, outcome.log


def test_a_result_can_outlive_a_soft_reset(tmp_path: Path) -> None:
    outcome = solve(AroundAnyCore(), "cover", CONTROL_DEPTH, tmp_path)
    assert outcome.passed, outcome.log


@pytest.mark.parametrize(
    ("kind", "good", "bad", "rule"),
    [
        (ResultKeeper, "& (self.reset | kept)", "& kept", "m_axis: an offer is withdrawn"),
        (ResultKeeper, "Mux(kept, self.last, self.i.payload)", "self.i.payload", "m_axis: an offer changes"),
        (Control, "| receiving) & ~reset", "| receiving)", "s_axis: a pixel is lost in a soft reset"),
    ],
)
def test_a_bug_planted_in_control_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type, good: str, bad: str, rule: str
) -> None:
    changed = planted(kind, good, bad)
    if kind is Control:
        harness = AroundAnyCore(changed)
    else:
        monkeypatch.setattr(lst_hw.control, kind.__name__, changed)
        harness = AroundAnyCore()
    outcome = solve(harness, "bmc", CONTROL_DEPTH, tmp_path)
    assert not outcome.passed
    assert rule in outcome.broken


@pytest.mark.parametrize("mode", ["bmc", "cover"])
def test_the_accelerator_keeps_the_rules_until_a_result_is_taken_late(tmp_path: Path, mode: str) -> None:
    outcome = solve(Accelerator(), mode, ACCELERATOR_DEPTH, tmp_path, free=RESULT)
    assert outcome.passed, outcome.log


def test_a_bug_planted_in_the_core_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bad: Any = planted(ResultRegister, "with m.If(self.o.valid & self.o.ready):", "with m.If(self.o.valid):")
    monkeypatch.setattr(lst_hw.core, "ResultRegister", bad)
    outcome = solve(Accelerator(), "bmc", ACCELERATOR_DEPTH, tmp_path, free=RESULT)
    assert not outcome.passed
    assert "m_axis: an offer is withdrawn" in outcome.broken
