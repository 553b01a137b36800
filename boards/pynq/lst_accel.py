"""PYNQ driver of the LST accelerator: copy this file to the board, beside the .bit, the .hwh and manifest.json.

    from lst_accel import LSTClassifier

    classifier = LSTClassifier("lst_accel.bit", "manifest.json")
    classes = classifier.predict(images)        # uint8 [n, rows, columns]
    print(classifier.last_run)
    classifier.check_vectors("vectors/vectors.npz")

Needs PYNQ 3.0 and NumPy, nothing else of lst-hw. docs/registers.md explains the registers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pynq

# <registers>
IDENTITY = 0x4C535441
MAP_MAJOR = 1
OFFSETS = {
    "ID": 0x000,
    "VERSION": 0x004,
    "WEIGHTS_HASH": 0x008,
    "INPUT_SIZE": 0x00C,
    "CLASSES": 0x010,
    "STREAM_BITS": 0x014,
    "CONTROL": 0x018,
    "STATUS": 0x01C,
    "ERRORS": 0x020,
    "IRQ_ENABLE": 0x024,
    "IRQ_STATUS": 0x028,
    "FRAMES": 0x02C,
    "CYCLES": 0x030,
    "SHORT_FRAMES": 0x034,
    "LONG_FRAMES": 0x038,
    "DROPPED_FRAMES": 0x03C,
    "LAST_RESULT": 0x040,
}
FIELDS = {
    ("VERSION", "minor"): (0, 16),
    ("VERSION", "major"): (16, 16),
    ("INPUT_SIZE", "rows"): (0, 16),
    ("INPUT_SIZE", "columns"): (16, 16),
    ("CONTROL", "enable"): (0, 1),
    ("CONTROL", "soft_reset"): (1, 1),
    ("CONTROL", "clear_counters"): (2, 1),
    ("STATUS", "busy"): (0, 1),
    ("STATUS", "receiving"): (1, 1),
    ("STATUS", "result"): (2, 1),
    ("ERRORS", "short_frame"): (0, 1),
    ("ERRORS", "long_frame"): (1, 1),
    ("ERRORS", "bad_access"): (2, 1),
    ("IRQ_ENABLE", "frame_done"): (0, 1),
    ("IRQ_ENABLE", "frame_dropped"): (1, 1),
    ("IRQ_STATUS", "frame_done"): (0, 1),
    ("IRQ_STATUS", "frame_dropped"): (1, 1),
    ("LAST_RESULT", "class"): (0, 8),
    ("LAST_RESULT", "logit"): (8, 23),
    ("LAST_RESULT", "dropped"): (31, 1),
}
# </registers>

DMA_CONTROL, DMA_RESET = 0x00, 0x04
"""Register of the AXI DMA that resets both its channels, and the bit."""

RESULT_BYTES = 4


class AcceleratorError(RuntimeError):
    """Something is wrong with the accelerator or its DMA."""


class WrongBitstreamError(AcceleratorError):
    """The bitstream is not the one of the manifest."""


class FrameError(AcceleratorError):
    """The accelerator dropped frames."""


class StuckError(AcceleratorError):
    """A transfer did not end in time."""


class LSTAccelerator(pynq.DefaultIP):
    """The accelerator's registers, by name.

    ``accelerator.get("STATUS")`` is a word, ``accelerator.get("STATUS", "busy")`` one of its fields.
    """

    bindto = ["lst-hw:user:lst_accel:1.0"]  # noqa: RUF012 (as PYNQ wants it)

    def __init__(self, description: dict[str, Any]) -> None:
        super().__init__(description=description)

    def get(self, register: str, field: str = "") -> int:
        """A register, or an unsigned field of it."""
        word = int(self.read(OFFSETS[register]))
        if not field:
            return word
        lsb, bits = FIELDS[register, field]
        return word >> lsb & ((1 << bits) - 1)

    def set(self, register: str, *flags: str) -> None:
        """Write 1 to these one-bit fields of a register, 0 to its others."""
        self.write(OFFSETS[register], sum(1 << FIELDS[register, flag][0] for flag in flags))

    def soft_reset(self) -> None:
        """Forget all frames under way; a result on offer stays."""
        self.set("CONTROL", "enable", "soft_reset")

    def errors(self) -> list[str]:
        """Names of the error flags that are set; they stay set."""
        word = self.get("ERRORS")
        return [name for (register, name), (lsb, _) in FIELDS.items() if register == "ERRORS" and word >> lsb & 1]

    def clear_errors(self) -> None:
        """Clear all error flags."""
        self.set("ERRORS", *(name for register, name in FIELDS if register == "ERRORS"))

    def check(self, manifest: dict[str, Any]) -> None:
        """Make sure that the bitstream is that of a manifest.

        Raises
        ------
        WrongBitstreamError
            Saying what differs.
        """
        identity, major = self.get("ID"), self.get("VERSION", "major")
        if identity != IDENTITY:
            raise WrongBitstreamError(
                f"the ID register reads {identity:#010x}, not {IDENTITY:#010x}: no lst_accel at this address; "
                "load the bitstream that belongs to this .hwh"
            )
        if major != MAP_MAJOR:
            raise WrongBitstreamError(
                f"the bitstream has register map {major}, this driver is for {MAP_MAJOR}: "
                "take lst_accel.py from the lst-hw that generated the bitstream"
            )
        found, expected = self.get("WEIGHTS_HASH"), int(manifest["weights_hash"], 16)
        if found != expected:
            raise WrongBitstreamError(
                f"the bitstream was built for the weights {found:#010x}, the manifest is of {expected:#010x}: "
                "copy .bit, .hwh and manifest.json of the same `lst-hw generate`"
            )


@dataclass(frozen=True)
class Run:
    """What one call of :meth:`LSTClassifier.predict` did.

    Attributes
    ----------
    beats : uint32 [n]
        Result beats as they came.
    seconds : float
        From the first transfer to the last result, Python included.
    cycles : int
        Clock cycles from the last image's first pixel to its result.
    clock_mhz : float
        Clock of the accelerator.
    """

    beats: np.ndarray[Any, np.dtype[np.uint32]]
    seconds: float
    cycles: int
    clock_mhz: float

    @property
    def images_per_second(self) -> float:
        """Throughput."""
        return len(self.beats) / self.seconds

    @property
    def latency_us(self) -> float:
        """Latency of the last image inside the accelerator, in microseconds."""
        return self.cycles / self.clock_mhz

    def __str__(self) -> str:
        return (
            f"{len(self.beats):,} images in {self.seconds:.3f} s, {self.images_per_second:,.0f} per second; "
            f"latency {self.cycles:,} cycles, {self.latency_us:.1f} us at {self.clock_mhz:g} MHz"
        )


class LSTClassifier:
    """Classifies images through an AXI DMA in simple mode: one transfer for an image, one for its result.

    The next image is on its way while the accelerator computes.

    Parameters
    ----------
    overlay : str, Path or pynq.Overlay
        A .bit file to load, or what is loaded already.
    manifest : str or Path
        ``manifest.json`` of the same ``lst-hw generate``.
    timeout : float
        Seconds that a single transfer may take.
    batch : int
        Images in the buffer at a time.
    accelerator, dma : str
        Names of the two in the block design.

    Raises
    ------
    WrongBitstreamError
        If the bitstream is not the manifest's.
    """

    def __init__(
        self,
        overlay: str | Path | Any,
        manifest: str | Path,
        *,
        timeout: float = 2.0,
        batch: int = 256,
        accelerator: str = "lst_accel",
        dma: str = "axi_dma",
    ) -> None:
        self.manifest: dict[str, Any] = json.loads(Path(manifest).read_text())
        self.overlay = pynq.Overlay(str(overlay)) if isinstance(overlay, str | Path) else overlay
        self.accelerator: LSTAccelerator = getattr(self.overlay, accelerator)
        self.last_run: Run | None = None
        self._dma = getattr(self.overlay, dma)
        self._timeout = timeout
        self.accelerator.check(self.manifest)
        network = self.manifest["network"]
        self._shape = (network["rows"], network["columns"])
        self._pixels = pynq.allocate(shape=(batch, *self._shape), dtype=np.uint8)
        self._results = pynq.allocate(shape=(batch,), dtype=np.uint32)

    def predict(self, images: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.int64]]:
        """Classes of images; what else is known of them is in ``last_run``.

        Parameters
        ----------
        images : uint8 [n, rows, columns] or [rows, columns]
            Raw pixels.

        Returns
        -------
        int64 [n]

        Raises
        ------
        ValueError
            If the images are not of the network's size.
        FrameError
            If the accelerator dropped a frame.
        StuckError
            If a transfer fails or takes longer than the time-out. DMA and accelerator were reset then, so that the
            next call may succeed.
        """
        images = np.asarray(images)
        if images.ndim == 2:
            images = images[None]
        if images.shape[1:] != self._shape or images.dtype != np.uint8:
            raise ValueError(
                f"images are {images.dtype} {images.shape[1:]}, the network takes uint8 {self._shape}: "
                "scale them to 0..255 and to this size"
            )
        if self.accelerator.get("STATUS") and not self._recover():
            raise StuckError("a result of an earlier run is not taken: check that m_axis is connected to the DMA")
        self.accelerator.clear_errors()
        beats = np.zeros(len(images), np.uint32)
        started = time.perf_counter()
        for first in range(0, len(images), len(self._pixels)):
            chunk = images[first : first + len(self._pixels)]
            self._pixels[: len(chunk)] = chunk
            self._classify(len(chunk))
            beats[first : first + len(chunk)] = self._results[: len(chunk)]
        seconds = time.perf_counter() - started
        self._raise_errors()
        clock_mhz = float(pynq.Clocks.fclk0_mhz)
        self.last_run = Run(beats, seconds, self.accelerator.get("CYCLES"), clock_mhz)
        lsb, bits = FIELDS["LAST_RESULT", "class"]
        return (beats >> lsb & ((1 << bits) - 1)).astype(np.int64)

    def logits(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """The winning logits of the last run, ``[n]``; before the first run there are none."""
        beats = np.zeros(0, np.uint32) if self.last_run is None else self.last_run.beats
        lsb, bits = FIELDS["LAST_RESULT", "logit"]
        codes = (beats.astype(np.int64) >> lsb) & ((1 << bits) - 1)
        codes -= (codes >> (bits - 1)) << bits
        _, _, fraction = self.manifest["formats"]["result_logit"].partition(".")
        return codes / 2.0 ** int(fraction)

    def check_vectors(self, archive: str | Path) -> int:
        """Compare all results with the test vectors of ``lst-hw generate``.

        Returns
        -------
        int
            Number of images, all with the expected class and logit.

        Raises
        ------
        AcceleratorError
            Naming the first result that differs.
        """
        with np.load(archive) as vectors:
            pixels, expected = vectors["pixels"], vectors["results"].astype(np.uint32)
        self.predict(pixels)
        assert self.last_run is not None
        (different,) = np.nonzero(self.last_run.beats != expected)
        if len(different):
            index = int(different[0])
            raise AcceleratorError(
                f"{len(different)} of {len(expected)} results differ from {archive}; the first is image {index}: "
                f"expected {expected[index]:#010x}, got {self.last_run.beats[index]:#010x}"
            )
        return len(expected)

    def _classify(self, count: int) -> None:
        """Send images of the buffer, receive their results, one image ahead."""
        size = self._pixels[0].nbytes
        send, receive = self._dma.sendchannel, self._dma.recvchannel
        receive.transfer(self._results, start=0, nbytes=RESULT_BYTES)
        send.transfer(self._pixels, start=0, nbytes=size)
        for index in range(1, count + 1):
            self._wait(send, "send", index - 1)
            if index < count:
                send.transfer(self._pixels, start=index * size, nbytes=size)
            self._wait(receive, "receive", index - 1)
            if index < count:
                receive.transfer(self._results, start=index * RESULT_BYTES, nbytes=RESULT_BYTES)

    def _wait(self, channel: Any, direction: str, image: int) -> None:
        """Let a transfer end; its own ``wait`` would wait for ever."""
        if not self._within(lambda: channel.error or channel.idle) or channel.error:
            status, errors = self.accelerator.get("STATUS"), self.accelerator.errors()
            cause = "failed" if channel.error else f"did not end within {self._timeout:g} s"
            self._recover()
            if errors:
                raise FrameError(self._describe(errors))
            raise StuckError(
                f"the DMA's {direction} channel {cause} at image {image} of the batch (status {status:#x}): DMA and "
                "accelerator were reset, try again; if it happens again, check that the DMA is in simple mode and "
                "connected to s_axis and m_axis"
            )
        # Returns at once, and makes the data visible to the processor.
        channel.wait()

    def _recover(self) -> bool:
        """Reset DMA and accelerator, take a result that is still on offer; is nothing left of earlier images?"""
        self._dma.write(DMA_CONTROL, DMA_RESET)
        if not self._within(lambda: not self._dma.read(DMA_CONTROL) & DMA_RESET):
            raise StuckError("the DMA does not come out of its reset: load the bitstream again")
        self.accelerator.soft_reset()
        self._dma.sendchannel.start()
        self._dma.recvchannel.start()
        if self.accelerator.get("STATUS", "result"):
            self._dma.recvchannel.transfer(self._results, start=0, nbytes=RESULT_BYTES)
            return self._within(lambda: self._dma.recvchannel.idle)
        return True

    def _within(self, condition: Callable[[], Any]) -> bool:
        """Does the condition come true before the time is over?"""
        deadline = time.monotonic() + self._timeout
        while not condition():
            if time.monotonic() > deadline:
                return bool(condition())
        return True

    def _raise_errors(self) -> None:
        errors = self.accelerator.errors()
        if errors:
            raise FrameError(self._describe(errors))

    def _describe(self, errors: list[str]) -> str:
        counts = {name: self.accelerator.get(name) for name in ("SHORT_FRAMES", "LONG_FRAMES")}
        return (
            f"the accelerator reports {', '.join(errors)} ({counts['SHORT_FRAMES']} short and {counts['LONG_FRAMES']} "
            f"long frames so far); a frame is one transfer of {self._shape[0]}x{self._shape[1]} bytes"
        )
