"""Databases that cannot be used: what is said of them, and what the person can do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from innkeeper.errors import StorageError
from innkeeper.paths import Home
from innkeeper.storage.embeddings_database import connect
from innkeeper.storage.logs_database import open_logs


def open_log_database(home: Home) -> str:
    with open_logs(home.logs_file):
        return home.logs_file


def open_embeddings(home: Home) -> str:
    connect(home.embeddings_file).close()
    return home.embeddings_file


def cut_off(content: bytes) -> bytes:
    return content[:3000]


def replaced(content: bytes) -> bytes:
    return b"x" * 5000


@pytest.mark.parametrize(
    ("open_database", "damage", "more"),
    [
        (open_log_database, replaced, " With -n a prompt is answered without it."),
        (open_log_database, cut_off, " With -n a prompt is answered without it."),
        (open_embeddings, replaced, ""),
    ],
)
def test_damaged_database_is_said_with_the_way_out(
    tmp_path: Path, open_database: Callable[[Home], str], damage: Callable[[bytes], bytes], more: str
) -> None:
    home = Home(str(tmp_path))
    file = Path(open_database(home))
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(StorageError) as caught:
        open_database(home)

    assert caught.value.hint == "If it is damaged: move it away, and a new one is made." + more


def test_database_that_a_folder_stands_for_is_said_without_a_guess(tmp_path: Path) -> None:
    home = Home(str(tmp_path))
    (tmp_path / "embeddings.db").mkdir()

    with pytest.raises(StorageError) as caught:
        open_embeddings(home)

    assert (caught.value.why, caught.value.hint) == (f"{home.embeddings_file}: unable to open database file", "")
