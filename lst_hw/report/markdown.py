"""The report as Markdown."""

from __future__ import annotations

from pathlib import PurePath

from .content import Section, Table
from .facts import ReportData
from .sections import headline, sections


def to_markdown(data: ReportData, figures: PurePath | None = None) -> str:
    """The same sections and tables as the page's.

    Parameters
    ----------
    data : ReportData
    figures : path, optional
        Folder of the pictures, relative to the Markdown file; without it they are left out.
    """
    numbers = "".join(f"- {_escaped(figure.label)}: **{figure.value}**\n" for figure in headline(data))
    parts = [f"# {data.title} accelerator\n", numbers]
    for section in sections(data):
        parts += _section(section, figures)
    return "\n".join(parts)


def _section(section: Section, figures: PurePath | None) -> list[str]:
    parts = [f"## {section.title}\n"]
    parts += [f"{_escaped(paragraph)}\n" for paragraph in section.paragraphs]
    if figures is not None:
        parts += [
            f"{picture.caption}:\n\n![{_escaped(picture.alt)}]({(figures / picture.name).as_posix()}.png)\n"
            for picture in section.pictures
        ]
    return [*parts, *map(_table, section.tables)]


def _table(table: Table) -> str:
    rule = ["---" if column < table.texts else "---:" for column in range(len(table.header))]
    rows = [table.header, rule, *([_escaped(str(cell)) for cell in row] for row in table.rows)]
    return f"{table.caption}:\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _escaped(text: str) -> str:
    """Text whose characters Markdown would otherwise take for markup."""
    for character in "\\|*_<>":
        text = text.replace(character, f"\\{character}")
    return text
