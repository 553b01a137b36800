"""Random whole networks: the accelerator equals the integer model in every value, and takes the scheduled cycles."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import torch
from drivers.networks import images, quantized
from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from lst_hw.array import MULTIPLIERS
from lst_hw.design import Design
from lst_hw.schedule import widest_layer
from lst_model.activations import ACTIVATIONS, MAX_TABLE_FRACTION
from lst_model.bases import next_power_of_two
from lst_model.fixed import Formats, QFormat
from lst_model.functions import PLAIN, THRESHOLDED
from lst_model.integer import IntegerLST
from lst_model.layers import ColumnTransform, Layer, Output, RowTransform, SkipAdd, SkipSave
from lst_model.network import Network
from lst_model.structure import BASES, Transform
from sim.engines.amaranth import AmaranthEngine

NIGHTLY = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
FRAMES = 2
THRESHOLDS = (0, 0.25, 0.5)
SIGNS = ("walsh", "hadamard")
# What the interpreting simulator does in a few seconds.
MOST_CYCLES = 30_000 if NIGHTLY else 3_000


@dataclass(frozen=True)
class Case:
    network: Network
    formats: Formats
    activation: str
    pes: int
    extremes: float
    seed: int
    multiplier: str = "dsp"
    lanes: int = 1
    stream_bits: int = 8


def sizes() -> st.SearchStrategy[int]:
    small = st.integers(1, 12)
    return st.one_of(small, small, st.integers(1, 40)) if NIGHTLY else small


def classes() -> st.SearchStrategy[int]:
    few = st.integers(2, 12)
    return st.one_of(few, few, st.integers(2, 256)) if NIGHTLY else few


@st.composite
def functions(draw: st.DrawFn) -> str:
    """Thresholds are powers of two; formats that do not reach them are not drawn with them."""
    name = draw(st.sampled_from([*PLAIN, *THRESHOLDED]))
    return f"{name}:{draw(st.sampled_from(THRESHOLDS))}" if name in THRESHOLDED else name


@st.composite
def weights(draw: st.DrawFn, outputs: int, inputs: int, kinds: tuple[str, ...], divisor: int) -> str:
    """Dense, or a fixed transform where there is one with these sizes."""
    kind = draw(st.sampled_from(kinds))
    if kind == "dense":
        return kind
    padded = kind != "dct" and inputs != next_power_of_two(inputs)
    size = next_power_of_two(inputs) if padded else inputs
    return str(Transform(kind, divisor, padded)) if outputs <= size else "dense"


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """One to three blocks; a block of the size of an open skip connection's may close it, and open the next.

    All of tanh and learned weights, or each layer with its own function and structure, or Walsh-Hadamard transforms.
    """
    layers: list[Layer] = []
    saved: tuple[int, int] | None = None
    rows, columns = first = draw(sizes()), draw(sizes())
    kinds = draw(st.sampled_from([("dense",), ("dense", *BASES), SIGNS]))
    divisor = draw(st.sampled_from([1, 2, 8]))
    blocks = draw(st.integers(1, 3))
    for block in range(1, blocks + 1):
        size = (draw(sizes()), draw(sizes()))
        closes = saved is not None and (block == blocks or draw(st.booleans()))
        if closes and saved is not None:
            size, saved = saved, None
        names = functions() if len(kinds) > 1 else st.just("tanh")
        row = (draw(weights(size[0], columns, kinds, divisor)), draw(names))
        column = (draw(weights(size[1], rows, kinds, divisor)), draw(names))
        layers += [RowTransform(size[0], *row), ColumnTransform(size[1], *column), *([SkipAdd()] if closes else [])]
        columns, rows = size
        if saved is None and block < blocks and draw(st.booleans()):
            saved = size
            layers.append(SkipSave())
    # PEs without multiplier are those that have no part in the output layer.
    return Network(*first, (*layers, Output(2 if kinds == SIGNS else draw(classes()))))


@st.composite
def qformats(draw: st.DrawFn, finest: int = 12) -> QFormat:
    fraction = draw(st.integers(0, finest))
    return QFormat(draw(st.integers(1 if fraction else 2, 5)), fraction)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    activation = draw(st.sampled_from(list(ACTIVATIONS)))
    result = draw(qformats(finest=8 if activation == "table" else MAX_TABLE_FRACTION))
    weight = draw(qformats())
    output = draw(st.one_of(st.just(weight), qformats()))
    bias = draw(qformats(finest=min(12, *(q.fraction_bits + result.fraction_bits for q in (weight, output)))))
    network = draw(networks())
    tau = max(stage.function.tau for stage in network.stages)
    assume(tau * result.scale <= result.highest)
    widest = widest_layer(network)
    return Case(
        network,
        Formats(weight, bias, result, output),
        activation,
        draw(st.one_of(st.just(widest), st.integers(1, widest))),
        draw(st.sampled_from([0.0, 0.2, 1.0])),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.sampled_from(MULTIPLIERS)),
        draw(st.sampled_from([1, 1, 2, 3])),
        32 if network.rows * network.columns % 4 == 0 and draw(st.booleans()) else 8,
    )


ONE_PIXEL = Network(1, 1, (RowTransform(1), ColumnTransform(1), Output(2)))
FOUR_PIXELS = Network(2, 2, (RowTransform(3), ColumnTransform(2), Output(2)))
TRANSFORMED = Network(
    5,
    8,
    (
        *(RowTransform(7, "walsh/2", "relu"), ColumnTransform(8, "hadamard:pad/2", "soft:0.25")),
        *(RowTransform(4, "dct", "identity"), ColumnTransform(2, "dense", "st-relu:0.25")),
        Output(3),
    ),
)
CHAINED = Network(
    2,
    3,
    (
        *(RowTransform(3), ColumnTransform(2), SkipSave()),
        *(RowTransform(3), ColumnTransform(2), SkipAdd(), SkipSave()),
        *(RowTransform(3), ColumnTransform(2), SkipAdd()),
        Output(3),
    ),
)


@given(case=cases())
@example(case=Case(ONE_PIXEL, Formats.parse("Q1.1"), "hard", 1, 1.0, 0))
@example(case=Case(CHAINED, Formats.parse("Q1.5"), "second-order", 3, 1.0, 0))
@example(case=Case(CHAINED, Formats.parse("Q5.7"), "table", 2, 0.2, 0))
@example(case=Case(CHAINED, Formats.parse("Q1.5"), "second-order", 2, 1.0, 0, "lut", 3))
@example(case=Case(CHAINED, Formats.parse("Q1.3", "Q3.3", "Q1.6", "Q5.0"), "second-order", 2, 1.0, 0, "lut"))
@example(case=Case(CHAINED, Formats.parse("Q3.1", "Q3.4", "Q1.6", "Q2.9"), "table", 3, 0.5, 0, "dsp", 2))
@example(case=Case(TRANSFORMED, Formats.parse("Q5.7"), "second-order", 8, 0.2, 0))
@example(case=Case(TRANSFORMED, Formats.parse("Q5.7"), "table", 5, 0.2, 0, "lut", 2))
@example(case=Case(TRANSFORMED, Formats.parse("Q4.4"), "hard", 7, 0.2, 0, "dsp", 3))
@example(case=Case(FOUR_PIXELS, Formats.parse("Q2.6"), "second-order", 1, 1.0, 0, "dsp", 2, 32))
def test_every_value_of_every_stage_equals_the_integer_model_s(case: Case) -> None:
    quantised = quantized(case.network, case.formats, case.activation, seed=case.seed, extremes=case.extremes)
    pes = case.pes
    options = {"multiplier": case.multiplier, "lanes": case.lanes, "stream_bits": case.stream_bits}
    while (design := Design.of(quantised, pes=pes, **options)).schedule.cycles_per_frame > MOST_CYCLES:
        assert pes < widest_layer(case.network), "too large for this simulator"
        pes += 1
    event(f"folded: {design.schedule.folded}, image stored first: {design.schedule.loads}")
    event(f"PEs without multiplier: {design.signs is not None}, functions: {len(design.units)}")
    event(f"skip: {case.network.has_skip}")
    event(f"multiplier: {case.multiplier}, lanes: {case.lanes}")

    pixels = images(case.network, FRAMES + (case.lanes > 1), seed=case.seed)
    expected = IntegerLST(quantised)(torch.from_numpy(pixels))
    trace = AmaranthEngine(design).run(pixels)
    for slot in trace.layout.slots:
        np.testing.assert_array_equal(trace.stage(slot.name), expected[slot.name].numpy(), err_msg=slot.name)
        assert (trace.cycles[:, slot.slice] >= 0).all(), f"{slot.name} was not computed"
    assert ((trace.results & 0xFF) == expected["class"].numpy()).all()
    assert (trace.periods == design.cycles_per_batch).all()
    lane = np.arange(len(trace.latencies)) % case.lanes
    assert (trace.latencies == design.schedule.latency + lane).all()
