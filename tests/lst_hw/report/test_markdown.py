"""The Markdown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath

from drivers import reports

from lst_hw.report.facts import Timing, speeds
from lst_hw.report.markdown import to_markdown
from lst_hw.report.sections import sections
from lst_model.blocks import parse_blocks


def test_it_has_the_sections_and_tables_of_the_page(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path).report()
    text = to_markdown(data)
    for section in sections(data):
        assert f"## {section.title}\n" in text
        for table in section.tables:
            assert f"{table.caption}:\n\n| " in text
    assert "| DSP48 | 100 | 0 | 125.0% of 80 | 45.5% of 220 |\n" in text
    assert "![" not in text


def test_every_row_has_as_many_cells_as_its_header(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path).report()
    for block in to_markdown(data).split("\n\n"):
        lines = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.replace("\\|", "").count("|") for line in lines}) <= 1


def test_images_that_go_together_are_said_to(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path).report()
    assert "Images follow each other every " in to_markdown(data)
    text = to_markdown(replace(data, timing=Timing(images=4, cycles=50, latency=70)))
    assert "4 images at a time follow each other every 50 cycles, 12.5 per image; the result of one " in text
    assert "is valid 70 cycles after" in text


def test_it_says_where_the_clock_comes_from(tmp_path: Path) -> None:
    subject = reports.subject(tmp_path)
    assert "No clock was measured; times are stated at 100 MHz." in to_markdown(subject.report()[0])
    data, _ = subject.report(area=None)
    measured = to_markdown(replace(data, speeds=speeds(data.timing, 123.4)))
    assert "nextpnr's after routing for an ECP5" in measured
    assert "| 123.4 MHz, post-route on an ECP5 | " in measured


def test_it_shows_the_pictures_of_a_folder(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path).report()
    text = to_markdown(data, PurePath("the/figures"))
    assert "](the/figures/timeline.png)" in text
    assert "](the/figures/mistakes.png)" in text


def test_markup_in_values_is_escaped(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path).report(configuration={"a|b": "*<i>*"})
    assert "| --a\\|b | \\*\\<i\\>\\* |" in to_markdown(data)


def test_layers_say_what_they_are_made_of_and_pes_what_they_do(tmp_path: Path) -> None:
    data, _ = reports.subject(tmp_path, parse_blocks("walsh:6,lst:5", 6, classes=3, function="soft:0.25")).report()
    text = to_markdown(data)
    assert "| processing elements | 6, 1 of which only add and subtract |" in text
    assert "| row embedding 1 | walsh:pad/2 | identity | 6 | 0 |" in text
    assert "| column embedding 2 | dense | soft:0.25 | 5 | 35 |" in text
    assert "| logits | dense |  | 3 | 78 |" in text
