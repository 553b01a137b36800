"""Simulation engines by name."""

from __future__ import annotations

from importlib import import_module

from lst_hw.design import Design
from lst_model.errors import InputError

from .base import Engine

ENGINES: dict[str, tuple[str, str]] = {
    "cxxrtl": ("cxxrtl", "CxxrtlEngine"),
    "amaranth": ("amaranth", "AmaranthEngine"),
    "verilator": ("verilog", "VerilatorEngine"),
    "icarus": ("verilog", "IcarusEngine"),
}
"""Module and class of each engine, imported when it is made."""

DEFAULT = "cxxrtl"
"""The fastest engine."""


def check(name: str) -> str:
    """The name, if it is one of :data:`ENGINES`."""
    if name not in ENGINES:
        raise InputError(f"engine {name!r} is unknown: choose one of {', '.join(ENGINES)}")
    return name


def make(name: str, design: Design) -> Engine:
    """An engine that simulates a design.

    Raises
    ------
    InputError
        If there is no engine of that name, or a tool it needs is not installed.
    """
    module, kind = ENGINES[check(name)]
    engine: Engine = getattr(import_module(f".{module}", __name__), kind)(design)
    return engine
