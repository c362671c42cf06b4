"""Files that a plugin kept under the real `llm`: which are its own, and that copying them goes nowhere else."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from innkeeper.errors import UsageError
from innkeeper.installation.imported_data import Copied, checked_entries, copy_data, entries_of
from innkeeper.installation.inventory import InstalledPlugin

SOURCE = """
import llm

def path():
    return llm.user_dir() / "zoo_models.json"

CACHE = "zoo-cache/answers"
LOGS = llm.user_dir() / "logs.db"
KEYS = llm.user_dir() / "keys.json"
"""


@pytest.fixture
def plugin(tmp_path: Path) -> InstalledPlugin:
    source = tmp_path / "source"
    source.mkdir()
    (source / "llm_zoo.py").write_text(SOURCE, "utf-8")
    return InstalledPlugin(name="llm-zoo", version="1", extra_read=[str(source)])


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The user directory of the real `llm`."""
    old = tmp_path / "old"
    for path in ("keys.json", "logs.db", "embeddings.db", "aliases.json", "zoo_models.json", "other_models.json"):
        (old / path).parent.mkdir(exist_ok=True)
        (old / path).write_text(path, "utf-8")
    (old / "zoo").mkdir()
    (old / "zoo-cache" / "answers").mkdir(parents=True)
    (old / "zoo-cache" / "answers" / "1").write_text("one", "utf-8")
    return old


def test_what_the_source_names_and_what_bears_the_name_is_the_plugins(plugin: InstalledPlugin, old: Path) -> None:
    assert entries_of(plugin, str(old)) == ["zoo", "zoo-cache", "zoo_models.json"]


def test_files_are_copied_with_their_folders(old: Path, tmp_path: Path) -> None:
    copied = list(copy_data(str(old), ["zoo-cache", "zoo_models.json"], str(tmp_path / "data")))

    assert copied == [Copied("zoo-cache/answers/1", 3), Copied("zoo_models.json", 15)]
    assert (tmp_path / "data/zoo-cache/answers/1").read_text("utf-8") == "one"


def test_what_is_there_stays_unless_it_is_to_be_replaced(old: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "zoo_models.json").write_text("newer", "utf-8")

    assert list(copy_data(str(old), ["zoo_models.json"], str(data))) == [Copied("zoo_models.json", 15, kept=True)]
    assert (data / "zoo_models.json").read_text("utf-8") == "newer"
    assert list(copy_data(str(old), ["zoo_models.json"], str(data), replace=True)) == [Copied("zoo_models.json", 15)]
    assert (data / "zoo_models.json").read_text("utf-8") == "zoo_models.json"


def test_a_link_among_the_files_is_left_out(old: Path, tmp_path: Path) -> None:
    """The real llm's plugins could write anywhere there: what a link leads to is not the plugin's to have here."""
    (old / "zoo-cache" / "key").symlink_to(old / "keys.json")

    assert [one.path for one in copy_data(str(old), ["zoo-cache"], str(tmp_path / "data"))] == ["zoo-cache/answers/1"]


@pytest.mark.parametrize("trap", ["zoo-cache", "zoo_models.json"])
def test_a_link_in_the_plugins_data_is_not_followed(old: Path, tmp_path: Path, trap: str) -> None:
    data, outside = tmp_path / "data", tmp_path / "outside"
    data.mkdir()
    outside.mkdir()
    (data / trap).symlink_to(outside / "answers" if trap == "zoo_models.json" else outside)

    with contextlib.suppress(OSError):  # a folder that is a link is an error, a file that is one is replaced
        list(copy_data(str(old), ["zoo-cache", "zoo_models.json"], str(data), replace=True))

    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("name", ["../keys.json", "/etc/passwd", "zoo/../../x", "", ".", "keys.json", "nothing"])
def test_what_may_not_be_named(old: Path, name: str) -> None:
    with pytest.raises(UsageError):
        checked_entries([name], str(old))


def test_a_database_may_be_named(old: Path) -> None:
    assert checked_entries(["logs.db", "zoo/"], str(old)) == ["logs.db", "zoo"]
