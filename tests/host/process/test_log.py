"""A plugin's log: appended to, put aside when large, and its end for people to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from innkeeper.process.log import PIECE_BYTES, ROTATED_BYTES, Log, note


def written(path: Path, text: bytes) -> Log:
    log = Log(str(path))
    os.write(log.descriptor, text)
    log.started()
    return log


def test_last_words_are_those_of_this_start(tmp_path: Path) -> None:
    path = tmp_path / "plugin" / "plugin.log"
    written(path, b"of an earlier start\n")

    log = written(path, b"one\n\ntwo\nthree\n")

    assert log.last_lines(2) == ["two", "three"]
    assert log.last_lines(9) == ["one", "two", "three"]
    assert path.read_bytes().startswith(b"of an earlier start\n")


def test_control_characters_do_not_reach_the_person(tmp_path: Path) -> None:
    log = written(tmp_path / "plugin.log", b"\x1b[31mred\x07 \xff\xfe\n")

    assert log.last_lines(1) == ["[31mred  \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "plugin.log"

    written(path, b"a secret, perhaps\n")

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_large_log_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "plugin.log"
    written(path, b"x" * (ROTATED_BYTES + 1))

    written(path, b"new\n")

    assert path.read_bytes() == b"new\n"
    assert (tmp_path / "plugin.log.1").stat().st_size == ROTATED_BYTES + 1


def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("untouched", "utf-8")
    (tmp_path / "plugin.log").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OSError, match="symbolic link"):
        Log(str(tmp_path / "plugin.log"))
    note(str(tmp_path / "plugin.log"), "refused")

    assert (tmp_path / "elsewhere").read_text("utf-8") == "untouched"


def test_a_note_of_the_host_is_a_line_with_its_time(tmp_path: Path) -> None:
    note(str(tmp_path / "plugin.log"), "refused to connect to example.com:443: it was not granted")

    (line,) = (tmp_path / "plugin.log").read_text("utf-8").splitlines()
    assert line[19:] == " innkeeper: refused to connect to example.com:443: it was not granted"


def test_keys_are_written_over_also_where_a_host_was_killed_before_it_could(tmp_path: Path) -> None:
    path = tmp_path / "plugin.log"
    path.write_bytes(b"before: sk-12345678\n")
    log = Log(str(path))
    os.write(log.descriptor, b"x" * (PIECE_BYTES - 25) + b" sk-12345678 and sk-12345678\n")
    log.started()

    log.take_out(["sk-12345678"])

    content = path.read_bytes()
    assert content.startswith(b"before: ***********\n")
    assert content.endswith(b"x *********** and ***********\n")
    assert b"sk-" not in content


def test_keys_are_found_in_a_log_that_was_put_aside_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "plugin.log"
    log = Log(str(path))
    os.write(log.descriptor, b"sk-12345678\n")
    log.started()
    path.rename(tmp_path / "plugin.log.1")
    path.write_bytes(b"another's sk-12345678\n")

    log.take_out(["sk-12345678"])

    assert (tmp_path / "plugin.log.1").read_bytes() == b"***********\n"
    assert path.read_bytes() == b"another's sk-12345678\n"
