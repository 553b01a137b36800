"""The HTML page, also in a browser."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from drivers import reports
from drivers.tools import require_tool

from lst_hw.report.page import to_html
from lst_hw.report.sections import sections

pytest.importorskip("matplotlib")

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Balanced(HTMLParser):
    """Checks that every element is closed where it should be, and collects ids, links and what is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href" and tag == "a":
                self.links.append(value or "")
            elif name in ("src", "href", "xlink:href", "data", "srcset"):
                self.loaded.append(value or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return to_html(*reports.subject(tmp_path_factory.mktemp("page")).report())


@pytest.fixture(scope="module")
def parsed(page: str) -> Balanced:
    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    return parser


def test_it_loads_nothing_and_names_no_other_place(page: str, parsed: Balanced) -> None:
    text = re.sub(r"base64,[^\"]*", "", page)
    assert not re.findall(r"https?:|//\w|@import|<script|<iframe", text)
    assert all(address.startswith(("#", "data:")) for address in parsed.loaded)


def test_every_link_has_its_target_and_every_id_is_unique(parsed: Balanced) -> None:
    assert parsed.links
    assert {link.removeprefix("#") for link in parsed.links} <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))


def test_pictures_have_a_description_and_tables_a_caption(page: str) -> None:
    assert page.count("<svg ") == len(re.findall(r'<svg role="img" aria-label="[^"]{10,}"', page)) == 12
    assert page.count("<table>") == page.count("<caption>")


def test_text_is_escaped(page: str) -> None:
    assert "<b>" not in page
    assert "--&lt;b&gt;" in page
    assert "&amp;" in page


def test_what_does_not_fit_the_part_is_told_from_what_does(page: str) -> None:
    assert "XC7Z010 (Zybo Z7-10) is too small; XC7Z020 (Zybo Z7-20) is large enough." in page
    assert page.count('class="share over"') == 1


def test_sections_without_content_are_left_out(tmp_path: Path) -> None:
    page = to_html(*reports.subject(tmp_path).report(area=None, training=None))
    assert 'id="area"' not in page
    assert 'id="training"' not in page


def test_a_browser_renders_every_section_without_a_complaint(page: str, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(page)
    flags = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    more = "--disable-component-update --disable-sync --enable-logging=stderr"
    done = subprocess.run(
        [
            require_tool("chromium"),
            *flags.split(),
            *more.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    # The page's content security policy makes a complaint of everything loaded from elsewhere.
    assert "CONSOLE" not in done.stderr
    for section in sections(reports.subject(tmp_path).report()[0]):
        assert f'<h2 id="{section.key}-title">{section.title}</h2>' in done.stdout
    assert done.stdout.count("<svg ") == 12
