"""The schedule: its formula, and proof by simulation that no gap could be shorter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from drivers.networks import images, network, quantized
from drivers.streams import stream_frames

from lst_hw.activation import UNITS
from lst_hw.design import Design
from lst_hw.schedule import Loop, Schedule, widest_layer
from lst_model.errors import InputError
from lst_model.integer import IntegerLST
from lst_model.layers import Output
from lst_model.network import NAMED, Network
from lst_model.quantize import QuantizedNetwork
from sim.engines.amaranth import AmaranthEngine

ACTIVATION_LATENCY = UNITS["second-order"].LATENCY

SMALL = [
    network(1, 1, (1, 1), classes=2),
    network(3, 5, (4, 6)),
    network(6, 2, (1, 7), (3, 3), classes=9),
    network(2, 4, (3, 5), (3, 5), skips=((1, 2),)),
]
EVERY = [(described, pes) for described in [*SMALL, *NAMED.values()] for pes in range(1, widest_layer(described) + 1)]


def schedule_of(described: Network, pes: int | None = None, digits: int = 1) -> Schedule:
    return Schedule(described, widest_layer(described) if pes is None else pes, ACTIVATION_LATENCY, digits)


def documented_cycles(described: Network, pes: int, digits: int) -> int:
    """The formula of ``docs/architecture.md``, from the layer list alone."""
    folded = any(pes < stage.outputs for stage in described.stages[:-1])
    latency = 8 + digits + ACTIVATION_LATENCY + folded
    # Lines, operands per line, outputs, the cycle that reads the first result of the last line; per layer.
    layers = []
    for stage in described.stages:
        is_output, by_row = isinstance(stage.layer, Output), stage.name.startswith("row")
        lines = 1 if is_output else stage.rows if by_row else stage.columns
        used = min(pes, stage.outputs)
        passes = -(-stage.outputs // used)
        period = max(stage.inputs, used, stage.outputs if stage.adds_skip else 0)
        if is_output:
            period = stage.columns * -(-period // stage.columns)
        first_read = (stage.columns if is_output else stage.inputs) - 1
        layers.append((lines, passes, period, stage.outputs, stage.outputs - (passes - 1) * used, first_read))
    total = described.rows * described.columns + 3 if pes < described.stages[0].outputs else 0
    for (lines, passes, period, outputs, last, _), following in zip(layers, [*layers[1:], None], strict=True):
        gap = 3 + digits + last - 1
        if following is not None:
            _, next_passes, next_period, _, _, first_read = following
            gap = max(last + digits - 2, latency - 1 - first_read, outputs - next_passes * next_period)
        total += lines * passes * period + gap
    return total


@pytest.mark.parametrize("digits", [1, 2, 5])
@pytest.mark.parametrize(("described", "pes"), EVERY)
def test_cycles_follow_the_documented_formula(described: Network, pes: int, digits: int) -> None:
    assert schedule_of(described, pes, digits).cycles_per_frame == documented_cycles(described, pes, digits)


@pytest.mark.parametrize(
    ("name", "cycles", "limit"), [("lst-1", 2419, 2450), ("lst-2", 4041, 4100), ("reslst-3", 5663, 5750)]
)
def test_the_published_networks_take_these_cycles_with_28_pes(name: str, cycles: int, limit: int) -> None:
    assert schedule_of(NAMED[name]).cycles_per_frame == cycles <= limit


def test_the_result_comes_four_cycles_after_the_next_frame_could_begin() -> None:
    schedule = schedule_of(NAMED["lst-1"])
    assert schedule.latency == schedule.cycles_per_frame + 4


@pytest.mark.parametrize(("described", "pes"), EVERY)
def test_regions_of_the_rom_and_of_the_biases_follow_each_other(described: Network, pes: int) -> None:
    steps = schedule_of(described, pes).steps
    by_rom = sorted(steps, key=lambda step: step.rom_base)
    assert [step.pes for step in by_rom] == sorted((step.pes for step in steps), reverse=True)
    assert [step.rom_base for step in by_rom] == starts([step.rom_words for step in by_rom])
    assert [step.bias_base for step in steps] == starts([step.stage.outputs for step in steps])


@pytest.mark.parametrize(("described", "pes"), EVERY)
def test_every_pass_has_time_for_its_operands_and_its_results(described: Network, pes: int) -> None:
    for step in schedule_of(described, pes).steps:
        assert step.period >= step.elements
        assert step.period >= step.pes
        assert step.passes * step.pes >= step.stage.outputs > (step.passes - 1) * step.pes
        assert 1 <= step.last_pass_pes <= step.pes <= pes


def test_pixels_stream_unless_the_first_layer_is_folded() -> None:
    described = network(3, 3, (4, 6))
    assert [schedule_of(described, pes).loads for pes in (3, 4, 6)] == [True, False, False]
    assert [schedule_of(described, pes).folded for pes in (3, 4, 6)] == [True, True, False]
    assert schedule_of(described, 3).loops[0].step is None
    assert schedule_of(described, 4).loops[0].step == schedule_of(described, 4).steps[0]


@pytest.mark.parametrize("pes", [0, -1, 29])
def test_a_number_of_pes_without_use_is_refused(pes: int) -> None:
    with pytest.raises(InputError, match=f"{pes} PEs for LST-1-28: choose 1 to 28, its widest layer"):
        schedule_of(NAMED["lst-1"], pes)


# One network per reason for a gap: the loop whose gap it decides, and what goes wrong first with one cycle less.
TIGHT = [
    pytest.param(network(1, 1, (3, 1)), 1, "hard", 0, "row_embedding", id="the image settles"),
    pytest.param(network(3, 4, (4, 3)), 4, "hard", 0, "column_embedding", id="rows written, columns read"),
    pytest.param(network(3, 3, (3, 3)), 3, "second-order", 1, "logits", id="columns written, grid read"),
    pytest.param(network(2, 2, (2, 2), (2, 2)), 2, "table", 1, "row_embedding_2", id="columns written, rows read"),
    pytest.param(network(1, 4, (4, 4)), 2, "hard", 1, "column_embedding", id="the same through the queue"),
    pytest.param(network(4, 12, (12, 12)), 12, "hard", 0, "row_embedding", id="the last PE's tail of a row region"),
    pytest.param(
        network(12, 3, (4, 12), classes=12),
        12,
        "hard",
        1,
        "column_embedding",
        id="the last PE's tail of a column region",
    ),
    pytest.param(network(13, 9, (9, 13), classes=7), 7, "hard", 2, "column_embedding", id="the tail of a last pass"),
]


def shortened(index: int) -> Callable[[Schedule], tuple[Loop, ...]]:
    """``Schedule.loops`` with one idle cycle less in one of them."""
    whole = Schedule.loops.func

    def loops(self: Schedule) -> tuple[Loop, ...]:
        each = list(whole(self))
        each[index] = replace(each[index], gap=each[index].gap - 1)
        return tuple(each)

    return loops


def wrong_stages(design: Design, case: QuantizedNetwork) -> list[str]:
    pixels = images(design.network, 4)
    expected, trace = IntegerLST(case)(torch.from_numpy(pixels)), AmaranthEngine(design).run(pixels)
    return [
        slot.name
        for slot in trace.layout.slots
        if (trace.stage(slot.name) != expected[slot.name].numpy()).any() or (trace.cycles[:, slot.slice] < 0).any()
    ]


@pytest.mark.parametrize(("described", "pes", "unit", "index", "stage"), TIGHT)
def test_one_idle_cycle_less_would_be_too_few(
    monkeypatch: pytest.MonkeyPatch, described: Network, pes: int, unit: str, index: int, stage: str
) -> None:
    cases = [quantized(described, activation=unit, seed=seed) for seed in range(6)]
    assert wrong_stages(Design.of(cases[0], pes=pes), cases[0]) == []
    monkeypatch.setattr(Schedule, "loops", property(shortened(index)))
    # Saturation may hide a wrong sum: not all weights show it.
    wrong = (wrong_stages(Design.of(case, pes=pes), case) for case in cases)
    assert next(filter(None, wrong), [""])[0] == stage


@pytest.mark.parametrize("pes", [1, 3])
def test_one_idle_cycle_less_after_the_logits_would_make_a_result_wait_for_another_frame(
    monkeypatch: pytest.MonkeyPatch, pes: int
) -> None:
    case, frame = quantized(network(2, 2, (3, 2))), [1, 2, 3, 4]
    assert len(stream_frames(Design.of(case, pes=pes), [frame], 1).beats) == 1
    monkeypatch.setattr(Schedule, "loops", property(shortened(-1)))
    with pytest.raises(AssertionError, match="0 of 1 results"):
        stream_frames(Design.of(case, pes=pes), [frame], 1)


def starts(sizes: list[int]) -> list[int]:
    return [sum(sizes[:k]) for k in range(len(sizes))]
