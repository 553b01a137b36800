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
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from lst_hw.design import Design
from lst_hw.emit import to_verilog
from lst_hw.profiles import PROFILES
from lst_hw.synthesis import place_ecp5, place_ice40
from lst_model import checkpoint, data
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.module import LST
from lst_model.quantization import Quantization, trained_for
from lst_model.quantize import QuantizedNetwork, quantize
from sim.engines import make
from sim.netlist import run_netlist
from sim.verify import verify

CHECKPOINTS = ("lst-1-28", "lst-1-8", "lst-2-28", "reslst-3-28")
ENGINE_IMAGES = {"cxxrtl": 500, "verilator": 100, "icarus": 3, "amaranth": 3}
DESIGNS = (
    ("lst-1-28", "dsp", {}),
    ("lst-1-28-q8", "dsp", {}),
    ("lst-1-28", "lut", {}),
    ("lst-1-28-q8", "lut", {}),
    ("lst-1-28-q8", "fast", {}),
    ("lst-1-28-q8", "fast", {"multiplier": "lut"}),
    ("lst-1-28", "tiny", {}),
    ("lst-1-28-q8", "tiny", {}),
    ("lst-1-8", "dsp", {}),
    ("lst-2-28", "dsp", {}),
    ("reslst-3-28", "dsp", {}),
)
"""Checkpoint, profile, and options that differ from it."""

STRUCTURES = ("lst-1-28", "wht-32-lst-1-16", "lst-1-16", "reslst-3-19-dct-9", "wht-16-lst-1-16", "lst-1-8", "dct-9")
"""Shipped networks that differ in what their weights are made of, by falling number of parameters."""

BITS = (
    ("lst-1-28", {}),
    ("lst-1-28", {"format": "Q2.6"}),
    ("lst-1-28-q8", {}),
    ("lst-1-28-q6", {}),
    ("lst-1-28-q4", {}),
    ("lst-1-28-q2", {}),
)
"""The same network in fewer and fewer bits: rounded to a format, or trained in its own."""

CLOCKS = (
    ("lst-1-28", "dsp", {}, place_ecp5, 5),
    ("lst-1-28-q8", "fast", {}, place_ecp5, 1),
    ("lst-1-28-q8", "fast", {"multiplier": "lut"}, place_ecp5, 3),
    ("lst-1-28-q8", "tiny", {}, place_ice40, 5),
)
"""Designs that are placed and routed, how, and with how many seeds at most; one of `fast` takes minutes."""

NETLIST_IMAGES = 50


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
                **{key: report[key] for key in ("images", "mismatches", "cycles_per_image", "latency")},
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
    pixels = data.load("test", None, demo_ok=False).pixels
    rows = []
    for name, count in ENGINE_IMAGES.items():
        if name in ("icarus", "verilator") and shutil.which({"icarus": "iverilog"}.get(name, name)) is None:
            continue
        engine = make(name, design)
        engine.run(pixels[:1])
        trace = engine.timed_run(pixels[:count])
        rows.append({"engine": name, "images": count, "cycles_per_second": int(trace.periods.sum()) / trace.seconds})
    return rows


def profiles() -> list[dict[str, Any]]:
    """Cells after ``synth_xilinx``, every test image through the RTL, some through the netlist."""
    return [profile(*design) for design in DESIGNS if design[0] in checkpoint.shipped()]


def structures() -> list[dict[str, Any]]:
    """The same for networks of different structures in the default profile."""
    return [profile(name, next(iter(PROFILES)), {}) for name in STRUCTURES]


def bits() -> list[dict[str, Any]]:
    """The same for one network in fewer and fewer bits, with DSP blocks and without."""
    return [profile(name, kind, options) for name, options in BITS for kind in ("dsp", "lut")]


def profile(name: str, profile: str, options: dict[str, Any]) -> dict[str, Any]:
    """One of :func:`profiles`, measured once however many tables show it."""
    key = json.dumps([name, profile, options])
    if key not in _MEASURED:
        _MEASURED[key] = _profile(name, profile, options)
    return _MEASURED[key]


_MEASURED: dict[str, dict[str, Any]] = {}


def _profile(name: str, profile: str, options: dict[str, Any]) -> dict[str, Any]:
    images = data.load("test", None, demo_ok=False)
    model, quantized, design = _configured(name, profile, options)
    report = verify(model, quantized, design, images, engine="cxxrtl")
    netlist = run_netlist(quantized, design, images.first(NETLIST_IMAGES))
    return {
        "checkpoint": name,
        "profile": profile,
        "options": options,
        "format": str(design.formats.weight),
        "formats": design.formats.as_dict(),
        "weight_bits": design.ranges.weight_bits,
        "parameters": design.network.parameters,
        "pes": design.pes,
        "multiplying_pes": design.multiplying_pes,
        "cycles_per_image": design.cycles_per_image,
        "latency": design.latency,
        **asdict(netlist.netlist.area),
        "accuracy_float": report.accuracy_float,
        "accuracy_rtl": report.accuracy_rtl,
        "images": report.images,
        "mismatches": report.mismatches,
        "netlist_images": netlist.images,
        "netlist_wrong": netlist.wrong,
    }


def clock() -> list[dict[str, Any]]:
    """Post-route clocks."""
    rows = []
    for name, profile, options, place, seeds in CLOCKS:
        _, _, design = _configured(name, profile, options)
        placed = place(to_verilog(design), seeds=seeds)
        rows.append(
            {
                "checkpoint": name,
                "profile": profile,
                "options": options,
                "format": str(design.formats.weight),
                "part": placed.part,
                "cells": placed.cells,
                "mhz": placed.mhz,
                "images_per_second": placed.mhz * 1e6 / design.cycles_per_image,
                "latency_us": design.latency / placed.mhz,
            }
        )
    return rows


def _configured(name: str, profile: str, options: dict[str, Any]) -> tuple[LST, QuantizedNetwork, Design]:
    """A shipped network with the design options of a profile."""
    chosen = {**PROFILES[profile].options, **options}
    model = checkpoint.load(name)
    usual = Quantization(Formats.parse(chosen.pop("format", str(Formats().weight))))
    trained = trained_for(name) or usual
    formats = usual.formats if "format" in options else trained.formats
    quantized = quantize(model, formats, trained.activation)
    return model, quantized, Design.of(quantized, **{key.replace("-", "_"): value for key, value in chosen.items()})


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
    pixels = torch.from_numpy(data.load("test", None, demo_ok=False).pixels)
    started = time.perf_counter()
    for batch in pixels.split(1000):
        model(batch)
    return time.perf_counter() - started
