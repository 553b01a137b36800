"""Output files: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from lst_hw.files import check_folder, check_writable, output_folder, write_text
from lst_model.errors import InputError


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_a_file_replaces_the_old_one(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "old")
    write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "new"
    assert names(tmp_path) == {"a"}


def test_a_dash_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    write_text(Path("-"), "text\n")
    assert capsys.readouterr().out == "text\n"


def test_a_file_that_cannot_be_written_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "a", "text")
    with pytest.raises(InputError, match="cannot be written"):
        write_text(tmp_path / "none" / "a", "text")
    assert names(tmp_path) == {"a"}


def test_a_folder_receives_its_files_and_keeps_others(tmp_path: Path) -> None:
    folder = tmp_path / "x" / "y"
    folder.mkdir(parents=True)
    (folder / "mine").write_text("kept")
    with output_folder(folder) as scratch:
        (scratch / "sub").mkdir()
        (scratch / "sub" / "b").write_text("b")
        (scratch / "a").write_text("a")
    assert names(folder) == {"mine", "a", "sub", "sub/b"}


def test_an_error_leaves_no_trace_of_a_new_folder(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), output_folder(tmp_path / "x" / "y") as scratch:
        (scratch / "a").write_text("a")
        raise ZeroDivisionError
    assert names(tmp_path) == set()


def test_an_error_leaves_an_old_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), output_folder(tmp_path) as scratch:
        (scratch / "a").write_text("new")
        raise ZeroDivisionError
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == {"a"}


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("file")
    with pytest.raises(InputError, match="cannot be written"), output_folder(tmp_path / "a"):
        pass
    with pytest.raises(InputError, match="cannot be written"), output_folder(tmp_path / "a" / "b"):
        pass
    assert (tmp_path / "a").read_text() == "file"


def test_what_cannot_be_written_is_refused_beforehand(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    check_writable(None, Path("-"), tmp_path / "file", tmp_path / "new")
    for path, reason in ((tmp_path, "is a folder"), (tmp_path / "none" / "a", "does not exist")):
        with pytest.raises(InputError, match=reason):
            check_writable(path)
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "below")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="is a file"):
            check_folder(path)
    assert names(tmp_path) == {"file"}
