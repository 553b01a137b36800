"""What a report is made of: sections of paragraphs, pictures and tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """A table cell that is part of a whole; ``value`` is 0 to 1 when it fits."""

    value: float
    whole: str = ""

    def __str__(self) -> str:
        return f"{self.value:.1%}" + (f" of {self.whole}" if self.whole else "")


Cell = str | Share


@dataclass(frozen=True)
class Table:
    """Rows of cells below a header; the first ``texts`` columns are text, the others numbers."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    texts: int = 1


@dataclass(frozen=True)
class Picture:
    """A picture by name, and what it shows: ``alt`` for those who cannot see it."""

    name: str
    caption: str
    alt: str


@dataclass(frozen=True)
class Section:
    """A part of the report: paragraphs, pictures, tables, in this order."""

    key: str
    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class Headline:
    """A headline number."""

    value: str
    label: str
    good: bool | None = None
