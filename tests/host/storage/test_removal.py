"""Removing what a stranger's code has left: however deep, closed or full of links, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from innkeeper.storage.removal import remove_tree

DEEP = 2500
"""More than Python's stack and a process's descriptors allow for."""

NOBODY = 65534


def nest(folder: Path, depth: int) -> None:
    """Make folders in folders below *folder*."""
    before = os.open(".", os.O_RDONLY)
    try:
        os.chdir(folder)
        for _ in range(depth):
            os.mkdir("inner")
            os.chdir("inner")
        Path("file").touch()
    finally:
        os.fchdir(before)
        os.close(before)


def test_folder_with_all_in_it_goes(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for path in ("a/b/c", "a/d", "e"):
        (folder / path).mkdir(parents=True)
        (folder / path / "file").write_text("x", "utf-8")
    os.mkfifo(folder / "a" / "pipe")

    remove_tree(str(folder))

    assert not folder.exists()


def test_deep_folder_goes(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    nest(folder, DEEP)

    remove_tree(str(folder))

    assert not folder.exists()


def test_links_are_removed_and_what_they_lead_to_stays(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir(mode=0o755)
    (kept / "file").write_text("x", "utf-8")
    (kept / "file").chmod(0o644)
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    for place in (folder, folder / "inner"):
        (place / "to-folder").symlink_to(kept)
        (place / "to-file").symlink_to(kept / "file")
        (place / "to-nothing").symlink_to("nowhere")

    remove_tree(str(folder))

    assert not folder.exists()
    assert (kept / "file").read_text("utf-8") == "x"
    assert (kept.stat().st_mode & 0o777, (kept / "file").stat().st_mode & 0o777) == (0o755, 0o644)


def test_link_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("kept")

    remove_tree(str(tmp_path / "link"))

    assert (tmp_path / "kept" / "inner").is_dir()


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove_tree(str(tmp_path / "nothing"))


@pytest.mark.parametrize("mode", [0o000, 0o200, 0o500])
def test_folder_that_its_maker_closed_goes(tmp_path: Path, mode: int) -> None:
    """As an ordinary user: nothing is closed to root."""
    tmp_path.chmod(0o777)
    child = os.fork()
    if child == 0:
        os.chdir(tmp_path)
        if os.geteuid() == 0:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
        os.makedirs("folder/inner/innermost")
        Path("folder/inner/file").touch()
        for path in ("folder/inner/innermost", "folder/inner", "folder"):
            os.chmod(path, mode)
        remove_tree("folder")
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0

    assert list(tmp_path.iterdir()) == []
