"""The measurements: each returns plain values for the JSON file."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from lst_hw.design import Design
from lst_hw.emit import to_verilog
from lst_hw.synthesis import ecp5_clock, xilinx_area
from lst_model import checkpoint, data
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.quantize import QuantizedNetwork, quantize
from sim.engines import make

CHECKPOINTS = ("lst-1-28", "lst-1-8", "lst-2-28", "reslst-3-28")
ENGINE_IMAGES = {"cxxrtl": 500, "verilator": 100, "icarus": 3, "amaranth": 3}
AREA = (
    ("lst-1-28", "Q5.7", None),
    ("lst-1-28", "Q2.6", None),
    ("lst-1-28", "Q5.7", 14),
    ("lst-1-28", "Q5.7", 1),
    ("lst-1-8", "Q5.7", None),
    ("lst-2-28", "Q5.7", None),
    ("reslst-3-28", "Q5.7", None),
)


def machine() -> dict[str, Any]:
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }


def verification() -> list[dict[str, Any]]:
    """``lst-hw generate`` and ``lst-hw verify --images all``, cold: nothing in the cache of compiled simulators."""
    rows = []
    for name in _shipped():
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "XDG_CACHE_HOME": folder}
            if "LST_DATA_DIR" not in environment:
                shutil.copytree(Path.home() / ".cache" / "lst-hw" / "mnist", f"{folder}/lst-hw/mnist")
            out = str(Path(folder) / "out")
            generation = _timed(["generate", name, "-o", out], environment)
            seconds = _timed(["verify", name, "--images", "all", "--json", f"{folder}/report.json"], environment)
            report = json.loads(Path(folder, "report.json").read_text())
        rows.append(
            {
                "checkpoint": name,
                "parameters": _quantized(name).network.parameters,
                **{key: report[key] for key in ("images", "mismatches", "cycles_per_frame", "latency")},
                **{key: report[key] for key in ("accuracy_float", "accuracy_integer", "accuracy_rtl")},
                "verify_seconds": seconds,
                "generate_seconds": generation,
                "integer_model_seconds": _integer_model_seconds(name),
            }
        )
    return rows


def engines() -> list[dict[str, Any]]:
    """Cycles per second of each installed engine in one thread, on the same design and images."""
    design = Design.of(_quantized("lst-1-28"))
    pixels = data.load("test").pixels
    rows = []
    for name, count in ENGINE_IMAGES.items():
        if name in ("icarus", "verilator") and shutil.which({"icarus": "iverilog"}.get(name, name)) is None:
            continue
        engine = make(name, design)
        engine.run(pixels[:1])
        trace = engine.timed_run(pixels[:count])
        rows.append({"engine": name, "images": count, "cycles_per_second": int(trace.periods.sum()) / trace.seconds})
    return rows


def area() -> list[dict[str, Any]]:
    """Cells after ``synth_xilinx``."""
    rows = []
    for name, formats, pes in AREA:
        if name not in checkpoint.shipped():
            continue
        design = Design.of(_quantized(name, formats), pes=pes)
        cells = xilinx_area(to_verilog(design))
        rows.append(
            {
                "checkpoint": name,
                "format": formats,
                "pes": design.pes,
                "cycles_per_frame": design.schedule.cycles_per_frame,
                **{key: getattr(cells, key) for key in ("lut", "ff", "ramb18", "dsp", "yosys")},
            }
        )
    return rows


def clock() -> list[dict[str, Any]]:
    """Post-route clock on an ECP5."""
    design = Design.of(_quantized("lst-1-28"))
    mhz = ecp5_clock(to_verilog(design))
    schedule = design.schedule
    return [
        {
            "checkpoint": "lst-1-28",
            "mhz": mhz,
            "images_per_second": mhz * 1e6 / schedule.cycles_per_frame,
            "latency_us": schedule.latency / mhz,
        }
    ]


def _shipped() -> list[str]:
    return [name for name in CHECKPOINTS if name in checkpoint.shipped()]


def _quantized(name: str, formats: str = "Q5.7") -> QuantizedNetwork:
    return quantize(checkpoint.load(name), Formats.parse(formats))


def _timed(words: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    command = [sys.executable, "-c", "from lst_hw.cli import main; main()", *words]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _integer_model_seconds(name: str) -> float:
    model = IntegerLST(_quantized(name))
    pixels = torch.from_numpy(data.load("test").pixels)
    started = time.perf_counter()
    for batch in pixels.split(1000):
        model(batch)
    return time.perf_counter() - started
