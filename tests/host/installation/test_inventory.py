"""The index on disk: whole, quick, and made again from the generations when it is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from innkeeper.installation import inventory
from innkeeper.installation.inventory import InstalledPlugin, change_index, read_index
from innkeeper.paths import Home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(inventory, "DEFAULTS_DIR", str(tmp_path / "defaults"))
    return Home(str(tmp_path / "home"))


def plugin(home: Home, name: str, generation: str = "g1", *, installed_at: float = 1.0) -> InstalledPlugin:
    return InstalledPlugin(
        name=name,
        version="1.0",
        requirement=name,
        generation=generation,
        interpreter="/usr/bin/python3.11",
        base_prefix="/usr",
        site_packages=os.path.join(home.generation_dir(name, generation), ".venv/lib/python3.11/site-packages"),
        hooks=["register_models"],
        models=[{"id": "m", "label": "M: m", "aliases": ["n"], "sync": True, "async": False}],
        watched={"/some/file": [1, 2], "/other": None},
        installed_at=installed_at,
    )


def put_on_disk(home: Home, entry: InstalledPlugin) -> None:
    assert entry.generation
    os.makedirs(entry.site_packages)
    record = os.path.join(home.generation_dir(entry.name, entry.generation), inventory.RECORD)
    Path(record).write_text(json.dumps({"plugin": inventory.plugin_to_json(home, entry)}), "utf-8")


def test_empty_home_has_no_plugins_and_stays_empty(home: Home) -> None:
    assert read_index(home).plugins == []
    assert not os.path.exists(home.root)


def test_what_was_put_is_read_again_in_order(home: Home) -> None:
    second, first = plugin(home, "b"), plugin(home, "a")
    with change_index(home) as index:
        index.put(second)
        index.put(first)

    assert read_index(home).plugins == [second, first]


def test_plugin_that_claims_what_another_has_goes_behind_it(home: Home) -> None:
    """The first wins a name; to be installed first is no licence for all names that come later."""
    early, late = plugin(home, "early"), plugin(home, "late")
    early.models, early.tools = [], []
    late.models, late.commands = [{"id": "fine", "aliases": ["f"]}], [{"name": "do"}]
    with change_index(home) as index:
        index.put(early)
        index.put(late)
    for changes, order in (
        ({"models": [{"id": "other", "aliases": []}]}, ["early", "late"]),
        ({"tools": [{"name": "fine"}]}, ["early", "late"]),
        ({"models": [{"id": "other", "aliases": ["f"]}]}, ["late", "early"]),
    ):
        again = plugin(home, "early")
        again.models = []
        for name, value in changes.items():
            setattr(again, name, value)
        with change_index(home) as index:
            index.put(again)
        assert [one.name for one in read_index(home).plugins] == order


def test_upgraded_plugin_keeps_its_place(home: Home) -> None:
    with change_index(home) as index:
        index.put(plugin(home, "a"))
        index.put(plugin(home, "b"))
        index.put(plugin(home, "a", "g2"))

    assert [(one.name, one.generation) for one in read_index(home).plugins] == [("a", "g2"), ("b", "g1")]


def test_failed_change_leaves_the_index_as_it_was(home: Home) -> None:
    with change_index(home) as index:
        index.put(plugin(home, "a"))

    def fail() -> None:
        with change_index(home) as index:
            index.remove("a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert read_index(home).plugins == [plugin(home, "a")]
    assert sorted(os.listdir(home.root)) == ["index.json", "locks"]


LEADS_OUT = '{"plugins": [{"name": "/-/etc", "version": "1"}]}'


@pytest.mark.parametrize(
    "content", [None, "", "{", "[]", '{"plugins": [{"name": 3}]}', '{"plugins": [{}]}', "\x00", LEADS_OUT]
)
def test_lost_index_is_made_again_from_the_records(home: Home, content: str | None) -> None:
    old, new, other = (
        plugin(home, "a", "g1", installed_at=1.0),
        plugin(home, "a", "g2", installed_at=3.0),
        plugin(home, "b", "g1", installed_at=2.0),
    )
    for entry in (old, new, other):
        put_on_disk(home, entry)
    os.makedirs(home.generation_dir("a", "halfway"))
    if content is not None:
        Path(home.index_file).write_text(content, "utf-8")

    assert read_index(home).plugins == [other, new]


def test_record_that_lies_about_its_place_is_ignored(home: Home) -> None:
    entry = plugin(home, "a")
    put_on_disk(home, entry)
    os.rename(home.plugin_dir("a"), home.plugin_dir("b"))

    assert read_index(home).plugins == []


def test_moved_home_still_knows_its_plugins(home: Home, tmp_path: Path) -> None:
    with change_index(home) as index:
        index.put(plugin(home, "a"))
    os.rename(home.root, tmp_path / "elsewhere")
    moved = Home(str(tmp_path / "elsewhere"))

    assert read_index(moved).plugins == [plugin(moved, "a")]


def test_plugin_is_found_in_any_spelling(home: Home) -> None:
    index = inventory.Index([plugin(home, "llm-echo"), plugin(home, "innkeeper-local"), plugin(home, "echo")])

    found = {name: index.find(name) for name in ("LLM_Echo", "echo", "Local", "other")}

    assert {name: one and one.name for name, one in found.items()} == {
        "LLM_Echo": "llm-echo",
        "echo": "echo",
        "Local": "innkeeper-local",
        "other": None,
    }


def test_default_plugin_comes_first_until_it_is_removed(home: Home) -> None:
    default = InstalledPlugin(name="shipped", version="1.0", source_kind="default", is_default=True)
    os.makedirs(inventory.DEFAULTS_DIR)
    content = {"plugin": inventory.plugin_to_json(home, default)}
    Path(inventory.DEFAULTS_DIR, "shipped.json").write_text(json.dumps(content), "utf-8")
    with change_index(home) as index:
        index.put(plugin(home, "a"))

    assert read_index(home).plugins == [default, plugin(home, "a")]

    with change_index(home) as index:
        index.remove("shipped")
    assert read_index(home).plugins == [plugin(home, "a")]

    ready = plugin(home, "shipped")
    ready.is_default = True
    with change_index(home) as index:
        index.put(ready)
    assert read_index(home).plugins == [ready, plugin(home, "a")]
    assert read_index(home).removed_defaults == []


def test_changes_of_many_processes_at_once_are_all_kept(home: Home) -> None:
    code = f"""
import sys
from innkeeper.installation.inventory import InstalledPlugin, change_index
from innkeeper.paths import Home
for number in range(5):
    with change_index(Home({home.root!r})) as index:
        index.put(InstalledPlugin(name=f"p{{sys.argv[1]}}-{{number}}", version="1", generation="g", site_packages="/s"))
"""
    started = [subprocess.Popen([sys.executable, "-c", code, str(number)]) for number in range(4)]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]

    assert sorted(one.name for one in read_index(home).plugins if not one.is_default) == sorted(
        f"p{process}-{number}" for process in range(4) for number in range(5)
    )


def test_reading_the_index_loads_nothing_heavy() -> None:
    code = "import sys; from innkeeper.installation import inventory; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {"msgspec", "click", "packaging", "subprocess", "asyncio", "tempfile"} & set(loaded)
