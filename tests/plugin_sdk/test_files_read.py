"""The files that a plugin's hooks read, by which the host knows when to ask again what it registers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from innkeeper_sdk.files_read import MOST_FILES, FilesRead


def test_files_and_directories_looked_at_are_noted_even_absent_ones(tmp_path: Path) -> None:
    present, absent, folder = tmp_path / "models.json", tmp_path / "extra.json", tmp_path / "d"
    present.write_text("[]", encoding="utf-8")
    folder.mkdir()
    (tmp_path / "unread.json").write_text("[]", encoding="utf-8")
    files_read = FilesRead(own_folders=())

    with files_read.watching():
        present.read_text(encoding="utf-8")
        os.listdir(folder)
        with pytest.raises(FileNotFoundError):
            absent.read_text(encoding="utf-8")
    (tmp_path / "unread.json").read_text(encoding="utf-8")

    assert files_read.outside_the_environment() == (str(folder), str(absent), str(present))


def test_our_own_folders_and_the_systems_do_not_count(tmp_path: Path) -> None:
    files_read = FilesRead(own_folders=[str(tmp_path / "venv")])
    with files_read.watching():
        for path in (tmp_path / "venv" / "x.py", Path("/etc/passwd"), Path("/dev/null"), tmp_path / "venv.txt"):
            if path.exists():
                path.read_bytes()
            else:
                with pytest.raises(FileNotFoundError):
                    path.read_bytes()
    assert files_read.outside_the_environment() == (str(tmp_path / "venv.txt"),)


def test_plugin_that_reads_a_whole_tree_names_no_more_than_a_few(tmp_path: Path) -> None:
    files_read = FilesRead(own_folders=())
    with files_read.watching():
        for number in range(2 * MOST_FILES):
            (tmp_path / f"{number:04}").touch()
    assert len(files_read.outside_the_environment()) == MOST_FILES
