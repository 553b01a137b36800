"""Waveform of one image, with a GTKWave save file that shows what matters."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from vcd.gtkw import GTKWSave

from lst_hw.files import write_bytes, write_text

from .engines.base import Engine, Pixels

GROUPS = {
    "pixel stream": ("s_axis_tdata", "s_axis_tvalid", "s_axis_tready", "s_axis_tlast"),
    "controller": ("controller.phase", "controller.index", "controller.outer", "controller.inner", "rom_address"),
    "frame memory": (
        "trace__write_enable",
        "trace__write_loop",
        "trace__write_row",
        "trace__write_column",
        "trace__write_data",
    ),
    "logits": ("trace__logit_valid", "trace__logit"),
    "result stream": ("m_axis_tdata", "m_axis_tvalid", "m_axis_tready", "m_axis_tlast"),
}
"""Signals by group, as ends of their hierarchical names."""

SIGNED = {"trace__write_data", "trace__logit"}


def write_waves(engine: Engine, pixels: Pixels, vcd: Path) -> Path:
    """Simulate one image and write its waveform.

    Parameters
    ----------
    engine : Engine
    pixels : uint8 [1, rows, columns]
    vcd : Path
        Written at once; the save file beside it ends in ``.gtkw``.

    Returns
    -------
    Path
        The save file.

    Raises
    ------
    InputError
        If a file cannot be written.
    """
    save = vcd.with_suffix(".gtkw")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / "waves.vcd"
        engine.run(pixels, vcd=scratch)
        content = scratch.read_bytes()
    write_bytes(vcd, content)
    write_text(save, _save_file(content.decode(), vcd))
    return save


def _save_file(content: str, vcd: Path) -> str:
    names = _signals(content)
    with tempfile.TemporaryFile("w+") as file:
        gtkw = GTKWSave(file)
        gtkw.dumpfile(os.path.abspath(vcd))
        gtkw.treeopen("lst_accel")
        for group, signals in GROUPS.items():
            with gtkw.group(group):
                for ending in signals:
                    if full := next((name for name in names if name == ending or name.endswith(f".{ending}")), None):
                        gtkw.trace(f"{full}{names[full]}", datafmt="signed" if ending in SIGNED else "dec")
        file.seek(0)
        return file.read()


def _signals(content: str) -> dict[str, str]:
    """Hierarchical name to bit range, from the header of a VCD file."""
    scopes: list[str] = []
    names: dict[str, str] = {}
    header, _, _ = content.partition("$enddefinitions")
    pattern = r"\$scope\s+\S+\s+(\S+)\s+\$end|\$(upscope)|\$var\s+\S+\s+(\d+)\s+\S+\s+(\S+)(?:\s+(\[[^\]]*\]))?\s+\$end"
    for scope, upscope, width, name, bits in re.findall(pattern, header):
        if scope:
            scopes.append(scope)
        elif upscope:
            scopes.pop()
        else:
            names[".".join([*scopes, name])] = bits or (f"[{int(width) - 1}:0]" if int(width) > 1 else "")
    return names
