# amaranth: UnusedElaboratable=no
"""The accelerator between two Amaranth streams."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import torch
from drivers.bench import assert_repeatable, simulate
from drivers.networks import images, network, quantized
from drivers.streams import stream_frames

from lst_hw.core import LSTCore, result_layout, trace_signature
from lst_hw.design import Design
from lst_model.blocks import parse_blocks
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.network import Network

CASES = [
    (network(3, 4, (5, 2), classes=4), 5),
    (network(3, 4, (5, 2), classes=4), 2),
    (network(1, 1, (1, 1), classes=2), 1),
    (network(2, 3, (4, 4), (4, 4), skips=((1, 2),)), 4),
]


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_frames_take_exactly_the_scheduled_cycles_and_give_the_model_s_class(described: Network, pes: int) -> None:
    case = quantized(described)
    core, pixels = LSTCore(design=Design.of(case, pes=pes)), images(described, 3)
    schedule = core.design.schedule
    stages = IntegerLST(case)(torch.from_numpy(pixels))
    winners = stages["class"].tolist()
    first_pixels: list[int] = []
    results: list[tuple[int, int, int]] = []

    async def feed(ctx: Any) -> None:
        cycle = 0
        ctx.set(core.pixels.valid, 1)
        for frame in [*pixels.reshape(3, -1).tolist(), [0]]:
            for position, pixel in enumerate(frame):
                ctx.set(core.pixels.payload, {"value": pixel, "last": position == len(frame) - 1})
                while not ctx.get(core.pixels.ready):
                    await ctx.tick()
                    cycle += 1
                if position == 0:
                    first_pixels.append(cycle)
                await ctx.tick()
                cycle += 1

    async def watch(ctx: Any) -> None:
        cycle = 0
        ctx.set(core.results.ready, 1)
        while len(results) < 3:
            if ctx.get(core.results.valid):
                payload = core.results.payload
                results.append((cycle, ctx.get(payload.winner), ctx.get(payload.logit)))
            await ctx.tick()
            cycle += 1

    simulate(core, watch, feed)
    assert [winner for _, winner, _ in results] == winners
    assert [logit for _, _, logit in results] == [logits.max() for logits in stages["logits"]]
    # The pixel register takes one pixel ahead: only from the second frame on is the first one's cycle the frame's.
    assert results[0][0] - first_pixels[0] == schedule.latency
    assert {b[0] - a[0] for a, b in pairwise(results)} == {schedule.cycles_per_frame}


@pytest.mark.parametrize(
    "options", [{}, {"pes": 5}, {"multiplier": "lut"}, {"lanes": 2}, {"lanes": 3, "pes": 7}], ids=str
)
def test_pes_that_only_add_bear_stalls_and_malformed_frames(options: dict[str, Any]) -> None:
    case = quantized(parse_blocks("walsh:8,hadamard:6", 6, classes=3), Formats.parse("Q5.7"))
    design = Design.of(case, **options)
    assert design.multiplying_pes == 3 < design.pes
    pixels = images(case.network, 5)
    stages = IntegerLST(case)(torch.from_numpy(pixels))
    expected = [
        (int(best), int(logits[best]) >> design.result_logit_shift)
        for best, logits in zip(stages["class"], stages["logits"], strict=True)
    ]
    frames = [[7] * 20, *pixels.reshape(5, -1).tolist()]
    run = stream_frames(design, frames, 5, source_stalls=0.5, sink_stalls=0.9, seed=1)
    assert [(beat.winner, beat.logit) for beat in run.beats] == expected


def test_the_result_beat_has_its_documented_fields() -> None:
    layout = result_layout()
    assert {name: (field.offset, field.width) for name, field in layout} == {
        "winner": (0, 8),
        "logit": (8, 23),
        "dropped": (31, 1),
    }


def test_the_trace_shows_pixels_writes_and_logits() -> None:
    design = Design.of(quantized(network(3, 4, (5, 2))))
    members = trace_signature(design).members
    assert members["pixel_code"].shape.elem_shape.width == design.ranges.operand_bits
    assert members["logit"].shape.elem_shape.width == design.biased_bits


@pytest.mark.parametrize("design", [None, "lst-1"])
def test_a_design_of_another_type_is_refused(design: Any) -> None:
    with pytest.raises(TypeError, match=f"Design must be a Design object, not {design!r}"):
        LSTCore(design=design)


@pytest.mark.parametrize(("described", "pes"), CASES)
def test_elaboration_is_repeatable(described: Network, pes: int) -> None:
    assert_repeatable(LSTCore(design=Design.of(quantized(described), pes=pes)))
