"""The host's end of the serial line of ``lst_serial``."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from lst_model.errors import InputError

from .build import PATIENCE_SECONDS
from .uart import FRAME_BITS

RESULT_BYTES = 4
ANSWER_SECONDS = 2.0
"""How long an answer may take after the last byte; the accelerator needs milliseconds at most."""


class SerialBoard:
    """A board with ``lst_serial`` on a serial port.

    Parameters
    ----------
    port : str
        Such as ``/dev/ttyUSB0`` or ``COM3``.
    baud : int
        As the bitstream was built for.

    Raises
    ------
    InputError
        If pyserial is not installed, or the port cannot be opened.
    """

    def __init__(self, port: str, baud: int) -> None:
        try:
            import serial
            from serial.tools import list_ports
        except ModuleNotFoundError:
            raise InputError("a serial port needs pyserial: pip install lst-hw[serial]") from None
        self._port = port
        self._baud = baud
        self._errors = serial.SerialException
        try:
            self._line = serial.Serial(port, baud, timeout=ANSWER_SECONDS)
        except (serial.SerialException, ValueError, OSError) as error:
            number = getattr(error, "errno", None)
            reason = error if number is None else os.strerror(number)
            there = ", ".join(each.device for each in list_ports.comports()) or "none"
            raise InputError(f"{port}: cannot be opened ({reason}); ports here: {there}") from None
        # The board gives up on what an earlier run left unfinished.
        time.sleep(2 * PATIENCE_SECONDS)
        self._line.reset_input_buffer()

    def __enter__(self) -> SerialBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.close()

    def classify(self, pixels: npt.NDArray[np.uint8]) -> int:
        """The result beat of one image, as an unsigned 32-bit number.

        Parameters
        ----------
        pixels : uint8 [rows, columns]

        Raises
        ------
        InputError
            If the board does not answer in time, or goes away.
        """
        try:
            self._line.timeout = ANSWER_SECONDS + pixels.size * FRAME_BITS / self._baud
            self._line.write(pixels.tobytes())
            answer: Any = self._line.read(RESULT_BYTES)
        except (self._errors, OSError) as error:
            raise InputError(f"{self._port}: {error}; is the board still connected?") from None
        if len(answer) < RESULT_BYTES:
            size = f"{pixels.shape[0]}x{pixels.shape[1]} pixels"
            raise InputError(
                f"{self._port}: {len(answer)} of {RESULT_BYTES} bytes of an answer within {self._line.timeout:.1f} s; "
                f"is lst_serial on the board, for images of {size} and {self._baud} baud?"
            )
        return int.from_bytes(answer, "little")
