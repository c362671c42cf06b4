"""The audit of a plugin: entries with times, bounded, and whole whatever happens to the file."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import pytest
from innkeeper.paths import Home
from innkeeper.storage.audit import ROTATED_BYTES, TEXT_LETTERS, audit_files, entries, record


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def said(home: Home) -> list[dict[str, object]]:
    return [{name: fact for name, fact in entry.items() if name != "time"} for entry in entries(home, "weather")]


def test_entries_are_kept_in_order_with_their_times(home: Home) -> None:
    record(home, "weather", "used", kind="net", what="api.example.com:443")
    record(home, "weather", "allowed", grants={"keys": ["é"]})

    assert said(home) == [
        {"event": "used", "kind": "net", "what": "api.example.com:443"},
        {"event": "allowed", "grants": {"keys": ["é"]}},
    ]
    times = [entry["time"] for entry in entries(home, "weather")]
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in times)
    assert os.stat(home.audit_file("weather")).st_mode & 0o777 == 0o600


def test_nothing_was_kept_of_a_plugin_that_did_nothing(home: Home) -> None:
    assert list(entries(home, "weather")) == []


def test_the_file_is_bounded_and_the_newest_entries_stay(home: Home) -> None:
    for number in range(3000):
        record(home, "weather", "refused", kind="net", what=f"{number} " + "x" * 1000)

    assert sum(os.path.getsize(path) for path in audit_files(home, "weather")) < 2 * ROTATED_BYTES + 2 * TEXT_LETTERS
    whats = [str(entry["what"]).split()[0] for entry in entries(home, "weather")]
    assert whats == [str(number) for number in range(3000 - len(whats), 3000)]
    assert len(whats) > 400


def test_what_is_written_at_once_is_all_there(home: Home) -> None:
    def write(number: int) -> None:
        for step in range(50):
            record(home, "weather", "used", kind="net", what=f"{number}-{step}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({entry["what"] for entry in entries(home, "weather")}) == 400


def test_a_broken_line_loses_itself_alone(home: Home) -> None:
    record(home, "weather", "used", kind="key", what="a")
    with open(home.audit_file("weather"), "ab") as file:
        file.write(b'{"time": "x"}\n[1]\n\xff\xfe\n{"half\n' + b"[" * 10000 + b"\n")
    record(home, "weather", "used", kind="key", what="b")

    assert [entry["what"] for entry in said(home)] == ["a", "b"]


def test_a_link_in_its_place_is_not_followed_and_holds_nobody_up(home: Home, tmp_path: Path) -> None:
    os.makedirs(home.plugin_dir("weather"))
    (tmp_path / "elsewhere").write_text("untouched")
    os.symlink(tmp_path / "elsewhere", home.audit_file("weather"))

    record(home, "weather", "used", kind="key", what="a")

    assert (tmp_path / "elsewhere").read_text() == "untouched"
