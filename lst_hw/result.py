"""The result beat: class in bits 7..0, winning logit in 30..8, dropped-frame flag in 31."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from amaranth.hdl import signed, unsigned
from amaranth.lib import data

from .design import RESULT_CLASS_BITS, RESULT_LOGIT_BITS, Design

Int64 = npt.NDArray[np.int64]


def result_layout() -> data.StructLayout:
    """Layout of ``m_axis_tdata``."""
    return data.StructLayout(
        {
            "winner": unsigned(RESULT_CLASS_BITS),
            "logit": signed(RESULT_LOGIT_BITS),
            "dropped": unsigned(1),
        }
    )


def result_beats(design: Design, logits: Int64, classes: Int64) -> Int64:
    """The beats that well-formed frames give when no frame was dropped.

    Parameters
    ----------
    design : Design
    logits : int64 [n, classes]
    classes : int64 [n]

    Returns
    -------
    int64 [n]
        Unsigned 32-bit numbers.
    """
    winning = np.take_along_axis(logits, classes[:, None], 1)[:, 0] >> design.result_logit_shift
    return classes | (winning & ((1 << RESULT_LOGIT_BITS) - 1)) << RESULT_CLASS_BITS


def result_classes(beats: Int64) -> Int64:
    """The class field of result beats; -1, a missing beat, stays -1."""
    return np.where(beats < 0, -1, beats & ((1 << RESULT_CLASS_BITS) - 1))


def result_logits(beats: Int64) -> Int64:
    """The logit field of result beats, sign extended."""
    field = (beats >> RESULT_CLASS_BITS) & ((1 << RESULT_LOGIT_BITS) - 1)
    return field - ((field >> (RESULT_LOGIT_BITS - 1)) << RESULT_LOGIT_BITS)
