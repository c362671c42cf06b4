"""The log database: made, brought up to date, shared with the real `llm`, and kept from others."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from innkeeper.errors import StorageError
from innkeeper.storage.logs_database import open_logs, open_scratch_logs, transaction
from innkeeper.storage.logs_fragments import ensure_fragment, fragment_hash
from innkeeper.storage.logs_migrations import STEPS

MIGRATE_SOME = """
import sqlite_utils, sys
from llm import migrations
with sqlite_utils.Database(sys.argv[1]) as db:
    migrations.MIGRATIONS = migrations.MIGRATIONS[: int(sys.argv[2])]
    migrations.migrate(db)
"""


def shape(path: Path) -> dict[tuple[str, str], Any]:
    """Return what makes a database the same for who reads it: columns, keys, indexes and triggers, by kind and name."""
    db = sqlite3.connect(path)
    found: dict[tuple[str, str], Any] = {}
    rows = db.execute("select type, name, tbl_name, sql from sqlite_master where name not like 'sqlite_%'").fetchall()
    for kind, name, table, sql in rows:
        if kind == "index":
            found[kind, name] = (table, db.execute(f'pragma index_info("{name}")').fetchall(), "UNIQUE" in sql)
        elif kind == "trigger":
            found[kind, name] = sql
        else:
            keys = [key[2:5] for key in db.execute(f'pragma foreign_key_list("{name}")')]
            found[kind, name] = (db.execute(f'pragma table_info("{name}")').fetchall(), sorted(keys))
    db.close()
    return found


def test_new_database_has_the_shape_of_the_real_one(real: Callable[..., str], tmp_path: Path) -> None:
    real(MIGRATE_SOME, "theirs.db", "1000")

    with open_logs(str(tmp_path / "ours.db")):
        pass

    assert shape(tmp_path / "ours.db") == shape(tmp_path / "theirs.db")


def test_real_llm_finds_nothing_left_to_do_in_ours(real: Callable[..., str], tmp_path: Path) -> None:
    with open_logs(str(tmp_path / "logs.db")) as db:
        done = [tuple(row) for row in db.execute("select * from _llm_migrations")]
    before = shape(tmp_path / "logs.db")

    names = real("from llm.migrations import MIGRATIONS\nprint(*[step.__name__ for step in MIGRATIONS])").split()
    real(MIGRATE_SOME, "logs.db", "1000")

    assert names == list(STEPS)
    assert shape(tmp_path / "logs.db") == before
    with open_logs(str(tmp_path / "logs.db")) as db:
        assert [tuple(row) for row in db.execute("select * from _llm_migrations")] == done


@pytest.mark.parametrize("steps", [11, 13, 17, 20, 26, 27])
def test_database_of_an_older_llm_is_brought_up_to_date(real: Callable[..., str], tmp_path: Path, steps: int) -> None:
    """From a start at: no tables that are read today, conversations, usage, fragments, exceptions of tools, turns."""
    real(MIGRATE_SOME, "old.db", str(steps))
    real(MIGRATE_SOME, "theirs.db", "1000")

    with open_logs(str(tmp_path / "old.db")):
        pass

    assert shape(tmp_path / "old.db") == shape(tmp_path / "theirs.db")


def test_what_an_older_llm_logged_is_still_there_and_can_be_searched(real: Callable[..., str], tmp_path: Path) -> None:
    real(MIGRATE_SOME, "old.db", "13")
    db = sqlite3.connect(tmp_path / "old.db")
    db.execute("insert into responses (id, prompt, response) values ('r1', 'a pelican', 'said a word')")
    db.commit()
    db.close()

    with open_logs(str(tmp_path / "old.db")) as logs:
        (found,) = logs.execute("select rowid from responses_fts where responses_fts match 'pelican'").fetchall()
        rows = [tuple(row) for row in logs.execute("select id, prompt, response, reasoning from responses")]

    assert found[0] == 1
    assert rows == [("r1", "a pelican", "said a word", None)]


@pytest.mark.parametrize("steps", [1, 6, 7, 9])
def test_rows_from_before_there_were_conversations_are_kept(
    real: Callable[..., str], tmp_path: Path, steps: int
) -> None:
    real(MIGRATE_SOME, "old.db", str(steps))
    db = sqlite3.connect(tmp_path / "old.db")
    table = "log" if steps < 8 else "logs"
    db.execute(f"insert into {table} (model, prompt, response) values ('ada', 'hi', 'hello')")
    db.commit()
    db.close()

    with open_logs(str(tmp_path / "old.db")) as logs:
        rows = [tuple(row) for row in logs.execute("select id, model, prompt, response from logs")]

    assert rows == [(1, "ada", "hi", "hello")]


def test_toolboxes_written_beside_each_call_become_rows_that_calls_refer_to(
    real: Callable[..., str], tmp_path: Path
) -> None:
    real(MIGRATE_SOME, "old.db", "26")
    db = sqlite3.connect(tmp_path / "old.db")
    db.executescript("""
        insert into tools (id, name) values (1, 'Files_read'), (2, 'other');
        insert into turns (id, thread_id) values ('t1', 'c'), ('t2', 'c');
        insert into turn_tools (turn_id, tool_id) values ('t1', 1), ('t1', 2);
        insert into tool_instantiations values ('t2', 'call', 'Files', 'llm-files', '{"root": "/"}');
    """)
    db.close()

    with open_logs(str(tmp_path / "old.db")) as logs:
        calls = [tuple(row) for row in logs.execute("select * from tool_instantiations")]
        instances = [tuple(row) for row in logs.execute("select * from tool_instances")]
        given = [tuple(row) for row in logs.execute("select * from turn_tools order by tool_id")]

    assert calls == [("t2", "call", 1)]
    assert instances == [(1, "llm-files", "Files", '{"root": "/"}')]
    assert given == [("t1", 1, 1), ("t1", 2, None)]


def test_a_table_of_another_program_is_let_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.db"
    db = sqlite3.connect(path)
    db.execute("create table log (line text)")
    db.commit()
    db.close()

    with open_logs(str(path)) as logs:
        assert [row["name"] for row in logs.execute("pragma table_info(log)")] == ["line"]


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "home" / "logs.db"

    with open_logs(str(path)) as db:
        ensure_fragment(db, "a secret")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {"logs.db": 0o600, "logs.db-wal": 0o600, "logs.db-shm": 0o600}
    assert [file.name for file in path.parent.iterdir()] == ["logs.db"]
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_transaction_is_done_whole_or_not_at_all(tmp_path: Path) -> None:
    def begin_and_fail(db: sqlite3.Connection) -> None:
        with transaction(db):
            ensure_fragment(db, "one")
            with transaction(db):
                ensure_fragment(db, "two")
            raise ValueError("half way")

    with open_logs(str(tmp_path / "logs.db")) as db:
        with pytest.raises(ValueError, match="half way"):
            begin_and_fail(db)
        assert db.execute("select count(*) from fragments").fetchone()[0] == 0


def test_many_programs_may_open_and_fill_a_new_one_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "logs.db")
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def write(number: int) -> None:
        try:
            start.wait(10)
            with open_logs(path) as db:
                for turn in range(10):
                    with transaction(db):
                        db.execute("select count(*) from fragments").fetchone()
                        ensure_fragment(db, f"text {number} {turn}")
        except BaseException as error:  # noqa: BLE001  # shown by the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [str(failure) for failure in failures] == []
    assert [file.name for file in tmp_path.iterdir()] == ["logs.db"]
    with open_logs(path) as db:
        assert db.execute("select count(*) from fragments").fetchone()[0] == 80
        assert db.execute("pragma integrity_check").fetchone()[0] == "ok"


def test_a_fragment_is_stored_once_with_its_first_source(tmp_path: Path) -> None:
    with open_logs(str(tmp_path / "logs.db")) as db:
        first = ensure_fragment(db, "text", "file.txt")
        second = ensure_fragment(db, "text", "elsewhere.txt")
        rows = [tuple(row) for row in db.execute("select id, hash, content, source from fragments")]

    assert first == second
    assert rows == [(first, fragment_hash("text"), "text", "file.txt")]


def test_what_is_no_database_is_a_plain_error(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    path.write_text("this is text, and long enough to be read as the header of a database file" * 20, "utf-8")

    with pytest.raises(StorageError) as failed, open_logs(str(path)):
        pass

    assert "not a database" in str(failed.value)
    assert path.read_text("utf-8").startswith("this is text")


def test_scratch_database_has_the_same_tables_and_leaves_nothing(tmp_path: Path) -> None:
    with open_scratch_logs() as db:
        ensure_fragment(db, "text")
        assert db.execute("select content from fragments").fetchone()["content"] == "text"

    assert list(tmp_path.iterdir()) == []
