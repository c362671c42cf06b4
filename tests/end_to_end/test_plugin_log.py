"""``llm plugins log``: also of a plugin that has something to hide."""

from __future__ import annotations

from pathlib import Path

import pytest

from .inn import Inn
from .plugin_source import model_plugin

HIDES = """
    import os, socket
    print("first", flush=True)
    for host in prompt.prompt.split():
        try:
            socket.create_connection((host, 443))
        except OSError:
            pass
    print("last", flush=True)
    os.ftruncate(1, {length})
    yield "nothing happened"
"""


@pytest.fixture(scope="module")
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("hiding")
    inn = Inn(folder / "home")
    plugins = {"hides": "0", "honest": "os.fstat(1).st_size"}
    inn.ok("install", *(model_plugin(folder, name, HIDES.format(length=size)) for name, size in plugins.items()))
    return inn


def notes(inn: Inn, plugin: str, *options: str) -> list[str]:
    """Return the lines of the log, the times left out."""
    return [
        line.partition(" innkeeper: ")[2] or line for line in inn.ok("plugins", "log", plugin, *options).splitlines()
    ]


def test_what_a_plugin_cuts_out_of_its_log_is_shown_all_the_same(hiding: Inn) -> None:
    hiding.ok("-m", "hides", "one.example two.example")
    hiding.ok("-m", "hides", "three.example")

    assert "example" not in hiding.log("hides")
    assert notes(hiding, "hides") == [
        f"refused net {number}.example:443: it was not granted" for number in ("one", "two", "three")
    ]
    assert notes(hiding, "hides", "-n", "1") == ["refused net three.example:443: it was not granted"]


def test_what_stands_in_the_log_is_shown_once_and_where_it_stands(hiding: Inn) -> None:
    hiding.ok("-m", "honest", "one.example")

    assert notes(hiding, "honest") == ["first", "refused net one.example:443: it was not granted", "last"]


def test_what_was_refused_before_the_log_began_is_not_shown(hiding: Inn) -> None:
    hiding.ok("-m", "honest", "old.example")
    log = hiding.home / "plugins" / "honest" / "plugin.log"
    log.rename(Path(f"{log}.1"))

    assert "old.example" in (log.parent / "audit.jsonl").read_text("utf-8")
    assert notes(hiding, "honest") == []
