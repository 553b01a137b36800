"""The register map, and the texts that are made from it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from drivers.tools import require_tool

from lst_hw.register_texts import COPIES, c_header, markdown, python_constants, updated
from lst_hw.registers import ADDRESS_BITS, REGISTERS, WORD_BITS, Access, Field, Register, fields
from lst_hw.result import result_layout

ROOT = Path(__file__).parents[2]


def test_offsets_are_words_without_gap_and_names_are_unique() -> None:
    assert [register.offset for register in REGISTERS] == [4 * number for number in range(len(REGISTERS))]
    names = [name for _, _, name in fields()]
    assert len(set(names)) == len(names)


def test_the_last_result_is_laid_out_as_the_beat() -> None:
    layout = result_layout()
    register = next(register for register in REGISTERS if register.name == "LAST_RESULT")
    assert [(field.lsb, field.bits) for field in register.fields] == [
        (part.offset, part.width) for part in (layout[name] for name in ("winner", "logit", "dropped"))
    ]


@pytest.mark.parametrize(
    ("offset", "places", "message"),
    [
        (2, [(0, 1)], "Offset of R must be a word address below 4096, not 2"),
        (1 << ADDRESS_BITS, [(0, 1)], "Offset of R must be a word address below 4096, not 4096"),
        (0, [(0, 8), (7, 2)], "Field f1 of R overlaps another, or does not fit 32 bits"),
        (0, [(31, 2)], "Field f0 of R overlaps another, or does not fit 32 bits"),
    ],
)
def test_a_register_that_cannot_be_is_refused(offset: int, places: Any, message: str) -> None:
    parts = tuple(Field(f"f{k}", lsb, bits, Access.RW, "") for k, (lsb, bits) in enumerate(places))
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Register(offset, "R", "", parts)


def test_the_reset_value_of_a_register_comes_from_its_fields() -> None:
    low, high = Field("low", 0, 4, Access.RW, "", 5), Field("high", 8, 8, Access.RW, "", 0xA1)
    assert Register(0, "R", "", (low, high)).reset == 0xA105
    assert Register(0, "R", "", (low, Field("high", 8, 8, Access.RO, "", None))).reset is None


@pytest.mark.parametrize("path", COPIES)
def test_what_the_repository_holds_is_current(path: str) -> None:
    text = (ROOT / path).read_text()
    assert updated(path, text) == text, f"run tools/update-registers, {path} is not of this map"


def test_a_file_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^docs/registers.md: lines '<!-- registers -->' and .* expected$"):
        updated("docs/registers.md", "nothing")


def test_the_table_has_a_line_for_every_register_and_field() -> None:
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown().splitlines()[2:]]
    assert {len(row) for row in cells} == {7}
    assert {row[1] for row in cells} - {""} == {f"`{register.name}`" for register in REGISTERS}
    assert sum(row[2] != "" for row in cells) == len(list(fields()))


def test_a_c_compiler_reads_the_header_and_agrees_on_every_number(tmp_path: Path) -> None:
    compiler = require_tool("cc")
    checks = []
    for register in REGISTERS:
        checks.append(f"LST_ACCEL_{register.name}_OFFSET == {register.offset}")
        for field in register.fields:
            if field.name != "value":
                name = f"LST_ACCEL_{register.name}_{field.name.upper()}"
                checks.append(f"{name}_MASK == {field.mask}u && {name}_MASK >> {name}_SHIFT == {2**field.bits - 1}u")
    (tmp_path / "lst_accel.h").write_text(c_header())
    asserts = "".join(f'_Static_assert({check}, "");\n' for check in checks)
    (tmp_path / "check.c").write_text(f'#include "lst_accel.h"\n#include "lst_accel.h"\n{asserts}')
    subprocess.run([compiler, "-std=c11", "-Wall", "-Werror", "-fsyntax-only", "check.c"], cwd=tmp_path, check=True)


def test_the_python_constants_describe_the_same_map() -> None:
    constants: dict[str, Any] = {}
    exec(python_constants(), constants)
    assert constants["OFFSETS"] == {register.name: register.offset for register in REGISTERS}
    assert constants["IDENTITY"].to_bytes(4, "big") == b"LSTA"
    for register in REGISTERS:
        for field in register.fields:
            if (field.lsb, field.bits) != (0, WORD_BITS):
                assert constants["FIELDS"][register.name, field.name] == (field.lsb, field.bits)
