"""The output folder of ``lst-hw generate``: Verilog, manifest, test vectors."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from amaranth.hdl import Shape
from amaranth.lib.wiring import In

from lst_model.data import Images
from lst_model.quantize import QuantizedNetwork

from .design import Design
from .emit import to_verilog
from .files import output_folder
from .register_texts import c_header
from .top import NAME, ports
from .vectors import write_vectors

VERILOG = f"{NAME}.v"
MANIFEST = "manifest.json"
C_HEADER = f"{NAME}.h"
VECTORS = "vectors"


class Project(Protocol):
    """What surrounds an accelerator on a board."""

    def check(self, design: Design, verilog: str) -> None:
        """Raise InputError for an accelerator that does not suit the board."""

    def write(self, folder: Path, manifest: dict[str, Any]) -> None:
        """Add files to the accelerator's own."""


def generate(
    folder: Path,
    checkpoint: Path,
    quantized: QuantizedNetwork,
    design: Design,
    images: Images,
    project: Project | None = None,
) -> dict[str, Any]:
    """Write everything a Verilog user needs; after an error the folder is as it was.

    Parameters
    ----------
    folder : Path
        Created when missing. Files of the same name are replaced.
    checkpoint : Path
        Where the weights came from, for the manifest.
    quantized : QuantizedNetwork
    design : Design
    images : Images
        For the test vectors; a handful is enough.
    project : Project, optional
        Checks the accelerator before anything is written, and adds its own files.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    InputError
        If the folder cannot be written, or the project refuses the accelerator.
    """
    verilog = to_verilog(design)
    if project is not None:
        project.check(design, verilog)
    with output_folder(folder) as scratch:
        (scratch / VERILOG).write_text(verilog)
        if design.axi_lite:
            (scratch / C_HEADER).write_text(c_header())
        vectors = scratch / VECTORS
        vectors.mkdir()
        files = write_vectors(vectors, quantized, design, images)
        contents = manifest(design, checkpoint, verilog)
        contents["vectors"] = {
            "images": len(images),
            "source": images.source,
            "files": {f"{VECTORS}/{path.name}": sha256(path.read_bytes()) for path in files},
        }
        (scratch / MANIFEST).write_text(json.dumps(contents, indent=2) + "\n")
        if project is not None:
            project.write(scratch, contents)
    return contents


def manifest(design: Design, checkpoint: Path, verilog: str) -> dict[str, Any]:
    """What was generated, from what, and how fast it is; plain values."""
    schedule, ranges = design.schedule, design.ranges
    return {
        "generator": f"lst-hw {version('lst-hw')}",
        "top": NAME,
        "title": design.network.title,
        "network": design.network.as_dict(),
        "parameters": design.network.parameters,
        "formats": {
            **design.formats.as_dict(),
            "preactivation": str(design.preactivation),
            "result_logit": design.result_logit_format,
        },
        "activation": design.activation,
        "weights_hash": f"{design.weights_hash:#010x}",
        "pes": design.pes,
        "multiplying_pes": design.multiplying_pes,
        "multiplier": design.multiplier,
        "lanes": design.lanes,
        "stream_bits": design.stream_bits,
        "cycles_per_image": design.cycles_per_image,
        "cycles_per_batch": design.cycles_per_batch,
        "latency": design.latency,
        "schedule": [
            {
                "stage": step.stage.name,
                "lines": step.lines,
                "passes": step.passes,
                "period": step.period,
                "gap": step.gap,
            }
            for step in schedule.steps
        ],
        "widths": {
            "weight": ranges.weight_bits,
            "operand": ranges.operand_bits,
            "accumulator": max(design.accumulator_bits),
            "biased": design.biased_bits,
            "logit": ranges.logit_bits,
        },
        "ports": port_list(design),
        "checkpoint": {"name": checkpoint.name, "sha256": sha256(checkpoint.read_bytes())},
        "verilog": {"file": VERILOG, "sha256": sha256(verilog.encode())},
    }


def port_list(design: Design) -> list[dict[str, Any]]:
    """Name, direction and width of each port of the top module."""
    return [
        {
            "name": name,
            "direction": "input" if member.flow is In else "output",
            "width": Shape.cast(member.shape).width,
        }
        for name, member in ports(design).items()
    ]


def sha256(content: bytes) -> str:
    """Hexadecimal digest."""
    return hashlib.sha256(content).hexdigest()
