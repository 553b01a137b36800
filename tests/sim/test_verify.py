"""Verification as a whole: it passes what is right and catches a single flipped bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from drivers.networks import images, network

from lst_hw.design import Design
from lst_hw.rom import RomBank
from lst_model.data import Images
from lst_model.errors import InputError
from lst_model.fixed import Formats
from lst_model.integer import IntegerLST
from lst_model.module import LST
from lst_model.quantize import quantize
from sim.verify import Report, verify

NETWORK = network(4, 5, (6, 6), classes=3)
torch.manual_seed(0)
MODEL = LST(NETWORK)
QUANTIZED = quantize(MODEL, Formats.parse("Q2.6"))
DESIGN = Design.of(QUANTIZED)
IMAGES = Images(images(NETWORK, 8), np.arange(8) % 3, "made up", False)


def run(design: Design = DESIGN, engine: str = "amaranth", jobs: int = 1) -> Report:
    return verify(MODEL, QUANTIZED, design, IMAGES, engine=engine, jobs=jobs)


def flipped(design: Design, bank: int, address: int, pe: int, bit: int) -> Design:
    """The design with one bit of one ROM word inverted."""
    chosen = design.banks[bank]
    words = [list(word) for word in chosen.words]
    width = design.ranges.weight_bits
    raw = (words[address][pe] & ((1 << width) - 1)) ^ (1 << bit)
    words[address][pe] = raw - ((raw >> (width - 1)) << width)
    banks = list(design.banks)
    banks[bank] = RomBank(chosen.first_pe, chosen.pes, tuple(map(tuple, words)))
    return replace(design, banks=tuple(banks))


def test_a_faithful_design_has_no_mismatch() -> None:
    report = run()
    assert report.mismatches == 0
    assert report.first is None
    assert report.images == 8
    assert report.cycles_per_batch == DESIGN.cycles_per_batch
    assert report.latency == DESIGN.schedule.latency


def test_engines_and_jobs_do_not_change_the_outcome() -> None:
    reports = [run(), run(jobs=2), run(engine="cxxrtl", jobs=2)]
    plain = [{**report.as_dict(), "engine": 0, "seconds": 0, "cycles_per_second": 0} for report in reports]
    assert plain[0] == plain[1] == plain[2]


def test_every_image_has_its_class_in_order() -> None:
    expected = IntegerLST(QUANTIZED)(torch.from_numpy(IMAGES.pixels))["class"].tolist()
    assert len(set(expected)) > 1
    assert run(jobs=2).classes.tolist() == expected


def test_one_flipped_rom_bit_is_found_and_its_place_named() -> None:
    # Region of the row transform: the word at ring address (operand + PE) holds PE's weight for that operand.
    pe, operand = 4, 2
    step = DESIGN.schedule.steps[0]
    bank = next(i for i, b in enumerate(DESIGN.banks) if b.first_pe <= pe < b.first_pe + b.pes)
    address = step.rom_base + (operand + pe) % step.rom_words
    top_bit = DESIGN.ranges.weight_bits - 1
    report = run(flipped(DESIGN, bank, address, pe - DESIGN.banks[bank].first_pe, top_bit))
    assert report.mismatches > 0
    assert report.stages["input"] == 0
    assert report.stages["row_embedding"] > 0
    assert report.first is not None
    assert report.first.stage == "row_embedding"
    assert report.first.column == pe
    assert report.first.cycle is not None


def test_the_json_has_the_documented_keys() -> None:
    keys = set(run().as_dict())
    assert keys >= {
        *("images", "engine", "mismatches", "stages", "accuracy_rtl", "accuracy_integer", "accuracy_float"),
        *("float_error", "lanes", "cycles_per_batch", "cycles_per_image", "cycles_per_second", "seconds"),
    }


def test_an_unknown_engine_is_refused_with_the_names() -> None:
    with pytest.raises(InputError, match=r"spice.*cxxrtl.*amaranth.*verilator.*icarus"):
        run(engine="spice")


def test_images_of_another_size_are_refused() -> None:
    wrong = Images(np.zeros((1, 5, 5), np.uint8), np.zeros(1, np.int64), "made up", False)
    with pytest.raises(InputError, match="5x5"):
        verify(MODEL, QUANTIZED, DESIGN, wrong, engine="amaranth")


def test_progress_reaches_the_number_of_images() -> None:
    done: list[int] = []
    verify(MODEL, QUANTIZED, DESIGN, IMAGES, engine="amaranth", jobs=1, on_progress=done.append)
    assert done == sorted(done)
    assert done[-1] == 8
