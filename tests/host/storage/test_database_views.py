"""What a plugin finds in its data that was granted a database of the person's: a copy to read, as new as its start."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from innkeeper.errors import StorageError
from innkeeper.paths import Home
from innkeeper.storage.database_views import database_views

PLUGIN = "reader"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(str(tmp_path / "home"))
    os.makedirs(home.data_dir(PLUGIN))
    with closing(sqlite3.connect(home.logs_file)) as db:
        db.execute("pragma journal_mode=wal")
        db.execute("create table said (text)")
    return home


def say(home: Home, text: str) -> None:
    with closing(sqlite3.connect(home.logs_file)) as db, db:
        db.execute("insert into said values (?)", [text])


def found(home: Home) -> Path:
    return Path(home.data_dir(PLUGIN), "logs.db")


def read(home: Home) -> list[str]:
    with closing(sqlite3.connect(f"file:{found(home)}?mode=ro", uri=True)) as db:
        return [text for (text,) in db.execute("select text from said")]


def test_a_view_is_as_new_as_the_start_and_a_copy(home: Home) -> None:
    say(home, "one")
    database_views(home, PLUGIN, ["logs"])
    say(home, "two")

    assert read(home) == ["one"]

    [folder] = database_views(home, PLUGIN, ["logs"])
    assert read(home) == ["one", "two"]
    assert os.readlink(found(home)) == f"{folder}/logs.db"
    assert found(home).stat().st_mode & 0o777 == 0o600


def test_nothing_in_the_plugin_s_data_changes_with_the_view(home: Home) -> None:
    """What changes there in the course of a command has the plugin asked anew what it registers."""
    database_views(home, PLUGIN, ["logs"])
    before = found(home).lstat(), os.listdir(home.data_dir(PLUGIN))
    say(home, "more")

    database_views(home, PLUGIN, ["logs"])

    assert (found(home).lstat(), os.listdir(home.data_dir(PLUGIN))) == before
    assert read(home) == ["more"]


def test_it_is_copied_again_only_where_it_changed(home: Home) -> None:
    database_views(home, PLUGIN, ["logs"])
    before = found(home).stat()

    database_views(home, PLUGIN, ["logs"])

    assert found(home).stat() == before


def test_writing_by_another_is_not_held_up_by_who_reads(home: Home) -> None:
    with closing(sqlite3.connect(home.logs_file)) as db:
        db.execute("begin immediate")
        database_views(home, PLUGIN, ["logs"])
        db.execute("insert into said values ('late')")
        db.execute("commit")

    assert read(home) == []


def test_what_the_plugin_kept_lies_beside_until_the_grant_is_taken_back(home: Home) -> None:
    with closing(sqlite3.connect(found(home))) as db, db:
        db.execute("pragma journal_mode=wal")
        db.execute("create table said (text)")
        db.execute("insert into said values ('my own')")

    database_views(home, PLUGIN, ["logs"])
    assert read(home) == []
    with closing(sqlite3.connect(found(home).with_name("own-logs.db"))) as db:
        assert db.execute("select text from said").fetchall() == [("my own",)]

    assert database_views(home, PLUGIN, []) == ()
    assert read(home) == ["my own"]
    assert not os.path.exists(home.views_dir(PLUGIN))


def test_a_database_that_is_not_there_is_the_plugin_s_own(home: Home) -> None:
    assert database_views(home, PLUGIN, ["embeddings"]) == (home.views_dir(PLUGIN),)

    assert os.listdir(home.data_dir(PLUGIN)) == []


def test_no_link_in_the_plugin_s_data_is_followed(home: Home, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("untouched", "utf-8")
    found(home).symlink_to(tmp_path / "precious")

    database_views(home, PLUGIN, ["logs"])

    assert (tmp_path / "precious").read_text("utf-8") == "untouched"
    assert os.readlink(found(home)) == str(tmp_path / "precious")


def test_a_database_that_is_none_is_said(home: Home) -> None:
    Path(home.embeddings_file).write_text("no database" * 100, "utf-8")

    with pytest.raises(StorageError) as raised:
        database_views(home, PLUGIN, ["embeddings"])

    assert home.embeddings_file in raised.value.why
