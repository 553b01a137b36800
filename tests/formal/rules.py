"""The rules of AXI4-Stream and AXI4-Lite as assertions about signals, cycle by cycle.

Requests and pauses are left to the solver, without any rule: what is proven holds for every master.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Assert, Cover, Module, ResetSignal, Signal, Value

SOON = 2
"""Cycles within which an accepted access is answered, unless an earlier answer is not taken."""


def previous(m: Module, value: Any, init: int = 0, name: str = "previous") -> Signal:
    """A value in the cycle before, resets or not."""
    before = Signal(len(Value.cast(value)), init=init, reset_less=True, name=name)
    m.d.sync += before.eq(value)
    return before


def source_rules(m: Module, name: str, valid: Value, ready: Value, payload: Value) -> None:
    """VALID is low right after a reset; an offer stays as it is until it is taken."""
    waiting = previous(m, valid & ~ready & ~ResetSignal(), name=f"{name}_waiting")
    after_reset = previous(m, ResetSignal(), init=1, name=f"{name}_after_reset")
    offered = previous(m, payload, name=f"{name}_offered")
    with m.If(waiting & ~ResetSignal()):
        m.d.comb += Assert(valid, f"{name}: an offer is withdrawn")
        m.d.comb += Assert(payload == offered, f"{name}: an offer changes")
    with m.If(after_reset):
        m.d.comb += Assert(~valid, f"{name}: an offer right after a reset")
    m.d.comb += Cover(waiting & valid & ready, f"{name}: an offer is taken late")


def sink_rules(m: Module, name: str, ready: Value) -> None:
    """READY is low during a reset."""
    with m.If(ResetSignal()):
        m.d.comb += Assert(~ready, f"{name}: ready during reset")
    m.d.comb += Cover(ready, f"{name}: ready")


def axi_lite_rules(m: Module, bus: Any) -> None:
    """Every access is answered once and soon, nothing else is answered, and a slave that owes nothing accepts."""
    source_rules(m, "b", bus.bvalid, bus.bready, bus.bresp)
    source_rules(m, "r", bus.rvalid, bus.rready, Value.cast(bus.rdata) + (Value.cast(bus.rresp) << 32))
    owed = {}
    for request, answer in (("aw", "b"), ("w", "b"), ("ar", "r")):
        accepts, answers = getattr(bus, f"{request}ready"), getattr(bus, f"{answer}valid")
        sink_rules(m, request, accepts)
        owed[request] = count = Signal(2, name=f"{request}_owed")
        accepted = accepts & getattr(bus, f"{request}valid")
        m.d.sync += count.eq(count + accepted - (answers & getattr(bus, f"{answer}ready")))
        with m.If(~ResetSignal()):
            m.d.comb += Assert((count != 0) | ~answers, f"{answer}: an answer that nobody asked for")
            m.d.comb += Assert((count != 0) | accepts, f"{request}: a free slave does not accept")
            # What is owed is held back or being answered; without this, induction would begin anywhere.
            held = ~accepts if answer == "b" else 0
            m.d.comb += Assert(count == held + answers, f"{request}: a request is lost")
    for answer, pending in (("b", (owed["aw"] != 0) & (owed["w"] != 0)), ("r", owed["ar"] != 0)):
        late = Signal(range(SOON + 2), name=f"{answer}_late")
        m.d.sync += late.eq(Value.cast(pending & ~getattr(bus, f"{answer}valid")).replicate(2) & (late + 1))
        m.d.comb += Assert(late <= SOON, f"{answer}: no answer")
    m.d.comb += Cover((owed["aw"] == 2) & (owed["w"] == 1), "an address waits for its data behind an answer")
    m.d.comb += Cover(bus.bvalid & bus.rvalid & bus.bready & bus.rready, "both answers at once")
