"""The Zybo's pins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from amaranth.build import Pins, Subsignal
from amaranth.build.dsl import DiffPairs
from amaranth_boards.test.blinky import Blinky

from boards.zybo_z7 import ZyboZ710Platform, ZyboZ720Platform

PLATFORMS = [ZyboZ710Platform, ZyboZ720Platform]

BANK_13 = {"T5", "U7", "V6", "V7", "V8", "W6", "W8", "Y6", "Y7", "Y8", "Y11", "Y12", "Y13"}
"""Of the pins in use, those that the smaller part does not have in this package."""


def pins_of(ios: Any) -> Iterator[str]:
    for io in ios:
        match io:
            case Subsignal():
                yield from pins_of(io.ios)
            case DiffPairs():
                yield from (*io.p.names, *io.n.names)
            case Pins():
                yield from io.names


def all_pins(platform: type) -> list[str]:
    used = [pin for resource in platform.resources for pin in pins_of(resource.ios)]  # type: ignore[attr-defined]
    for connector in platform.connectors:  # type: ignore[attr-defined]
        used += connector.mapping.values()
    return used


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_pin_has_two_uses(platform: type) -> None:
    used = all_pins(platform)
    assert sorted(used) == sorted(set(used))


def test_the_larger_board_adds_the_pins_of_bank_13_and_no_others() -> None:
    assert set(all_pins(ZyboZ720Platform)) - set(all_pins(ZyboZ710Platform)) == BANK_13


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize(
    ("name", "number", "pin"),
    [("clk125", 0, "K17"), ("switch", 2, "W13"), ("button", 3, "Y16"), ("led", 1, "M15")],
)
def test_the_pins_are_those_of_the_board_s_manual(platform: type, name: str, number: int, pin: str) -> None:
    port = platform().request(name, number, dir="-")
    assert [each.name for each in port.io.metadata] == [pin]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_phy_that_makes_the_clock_is_never_reset_by_default(platform: type) -> None:
    """Its reset is active low, so a design that requests the pin without driving it leaves it released."""
    port = platform().request("eth_phy", 0, dir="-").rst
    assert port.invert == (True,)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_blinky_of_amaranth_boards_builds(platform: type) -> None:
    plan = platform().build(Blinky(), do_build=False)
    assert "create_clock -name clk125_0__io -period 8.0" in plan.files["top.xdc"]
    assert f"-part {platform.device}clg400-1" in plan.files["top.tcl"]  # type: ignore[attr-defined]
