# amaranth: UnusedElaboratable=no
"""Frames on the pixel stream, as they begin and end."""

from __future__ import annotations

from typing import Any

import pytest
from drivers.bench import assert_repeatable, simulate

from lst_hw.frame_check import FrameCheck


def pulses(beats: int, *lengths: int, restart_before: int = -1) -> list[str]:
    """What the check says of frames of these lengths: one letter for each pulse, a bar behind each frame."""
    check, said = FrameCheck(beats=beats), []

    async def bench(ctx: Any) -> None:
        beat = 0
        for length in lengths:
            heard = ""
            for position in range(length):
                for transfer in (0, 1):
                    ctx.set(check.transfer, transfer)
                    ctx.set(check.last, position == length - 1)
                    ctx.set(check.restart, not transfer and beat == restart_before)
                    for letter, pulse in (("f", check.first), ("s", check.short), ("l", check.long)):
                        heard += letter if ctx.get(pulse) else ""
                    if transfer:
                        beat += 1
                    await ctx.tick()
            assert not ctx.get(check.receiving)
            said.append(heard)

    simulate(check, bench)
    return said


@pytest.mark.parametrize("beats", [1, 2, 4, 5])
def test_a_well_formed_frame_only_begins(beats: int) -> None:
    assert pulses(beats, beats, beats) == ["f", "f"]


@pytest.mark.parametrize("beats", [2, 4, 5])
def test_a_short_frame_is_told_at_its_end(beats: int) -> None:
    assert pulses(beats, 1, beats - 1, beats) == ["fs", "fs", "f"]


@pytest.mark.parametrize("beats", [1, 2, 4, 5])
def test_a_long_frame_is_told_once_however_long(beats: int) -> None:
    lengths = (beats + 1, 2 * beats, 2 * beats + 1, 3 * beats)
    assert pulses(beats, *(length for length in lengths if length != beats), beats) == ["fl", "fl", "fl", "fl", "f"]


def test_after_a_restart_the_next_beat_begins_a_frame() -> None:
    assert pulses(4, 4, 6, restart_before=6) == ["f", "ff"]
    assert pulses(4, 4, 5, restart_before=6) == ["f", "ffs"]
    assert pulses(4, 4, 12, restart_before=9) == ["f", "flfl"]


def test_a_frame_without_beats_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^A frame must have at least 1 beat, not 0$"):
        FrameCheck(beats=0)


def test_it_can_be_elaborated_any_number_of_times() -> None:
    assert_repeatable(FrameCheck(beats=4))
