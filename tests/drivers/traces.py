"""Designs for tests of the simulation engines, and comparison of their traces."""

from __future__ import annotations

import numpy as np
import torch

from lst_hw.design import Design
from lst_model.integer import IntegerLST
from lst_model.quantize import QuantizedNetwork
from sim.trace import Trace

from .networks import Pixels, network, quantized

SMALL = {
    "streamed": (quantized(network(3, 4, (5, 2), classes=4), seed=1), 5),
    "folded, with skip": (quantized(network(2, 3, (4, 3), (4, 3), skips=((1, 2),)), seed=2), 2),
    "one pixel": (quantized(network(1, 1, (1, 1), classes=2), seed=3), 1),
}
"""Quantised network and number of PEs by what they exercise."""


def assert_is_the_model_s(trace: Trace, case: QuantizedNetwork, design: Design, pixels: Pixels) -> None:
    """The trace is complete, has the integer model's values, and the schedule's cycles."""
    expected = IntegerLST(case)(torch.from_numpy(pixels))
    for slot in trace.layout.slots:
        np.testing.assert_array_equal(trace.stage(slot.name), expected[slot.name].numpy(), err_msg=slot.name)
    assert (trace.cycles >= 0).all()
    assert (trace.results & 0xFF).tolist() == expected["class"].tolist()
    assert set(trace.periods.tolist()) == {design.schedule.cycles_per_frame}
    assert set(trace.latencies.tolist()) == {design.schedule.latency}


def assert_same(one: Trace, other: Trace) -> None:
    """Two engines saw the same values in the same cycles."""
    for name in ("values", "cycles", "results", "latencies", "periods"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
