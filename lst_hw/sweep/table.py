"""The table of a sweep, written anew from all finished points."""

from __future__ import annotations

import csv
import importlib.util
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lst_model.errors import InputError

from ..files import write_bytes

Row = dict[str, Any]

SUFFIXES = (".csv", ".parquet")

_ORDER = (
    *("network", "seed", "parameter_bits", "weight_format", "output_format", "activation"),
    *("retrained_epochs", "pes", "multiplier", "lanes"),
)


def check(path: Path) -> None:
    """Refuse a table whose kind, which its name's ending says, is not one of :data:`SUFFIXES` or needs pyarrow.

    Raises
    ------
    InputError
    """
    if path.suffix not in SUFFIXES:
        raise InputError(f"table {path.name}: end its name in {' or '.join(SUFFIXES)}")
    if path.suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise InputError("a Parquet table needs pyarrow: pip install lst-hw[sweep], or choose a name in .csv")


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Rows with the same columns, sorted by what was chosen; padded, so that 8 comes before 16.

    Points of an earlier version have None in columns that it did not know.
    """
    columns = dict.fromkeys(name for row in sorted(rows, key=len, reverse=True) for name in row)
    complete = [{name: row.get(name) for name in columns} for row in rows]
    return sorted(complete, key=lambda row: [str(row[name]).zfill(12) for name in _ORDER])


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write rows of :func:`in_order`; a missing value is an empty field.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    write_bytes(path, _parquet(rows) if path.suffix == ".parquet" else _csv(rows))


def _csv(rows: Sequence[Row]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow
    import pyarrow.parquet

    buffer = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(list(rows)), buffer)
    return buffer.getvalue()
