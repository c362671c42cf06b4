"""Finding the plugin's modules by reading its own entry_points.txt, and keeping a broken one to itself."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from innkeeper_sdk.entry_points import (
    EntryPoint,
    LoadedPlugins,
    canonical_name,
    find_entry_points,
    load_plugins,
    new_manager,
)


def install(site: Path, name: str, version: str, entry_points: str) -> None:
    directory = site / f"{name}-{version}.dist-info"
    directory.mkdir(parents=True)
    (directory / "entry_points.txt").write_text(entry_points, encoding="utf-8")


def test_only_the_named_distribution_counts(tmp_path: Path) -> None:
    """Two plugins in the wild share the name of their entry point: the distribution tells them apart."""
    install(tmp_path, "llm_one", "1.0", "[console_scripts]\nx = y:z\n\n[llm]\n# a comment\nshared = one_module\n")
    install(tmp_path, "LLM.Two", "2.0", "[llm]\nshared=two_module:plugin\nmore = two_more\n[other]\na = b\n")
    path = [str(tmp_path)]

    assert find_entry_points("llm-one", path) == [EntryPoint("shared", "one_module", "llm-one", "1.0")]
    assert find_entry_points("llm_two", path) == [
        EntryPoint("shared", "two_module:plugin", "llm-two", "2.0"),
        EntryPoint("more", "two_more", "llm-two", "2.0"),
    ]
    assert {found.value for found in find_entry_points(None, path)} == {"one_module", "two_module:plugin", "two_more"}
    assert find_entry_points("llm-three", path) == []


def test_first_on_the_path_wins(tmp_path: Path) -> None:
    install(tmp_path / "a", "llm_one", "2.0", "[llm]\none = new\n")
    install(tmp_path / "b", "llm_one", "1.0", "[llm]\none = old\n")
    found = find_entry_points("llm-one", [str(tmp_path / "missing"), str(tmp_path / "a"), str(tmp_path / "b")])
    assert found == [EntryPoint("one", "new", "llm-one", "2.0")]


@pytest.mark.parametrize("name", ["LLM_Echo", "llm.echo", "llm--echo", "llm-echo"])
def test_names_are_compared_as_indexes_do(name: str) -> None:
    assert canonical_name(name) == "llm-echo"


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_failing_import_is_kept_to_its_plugin(modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (modules / "broken_import.py").write_text("import surely_not_installed\n", encoding="utf-8")
    (modules / "good_plugin.py").write_text(
        "import llm\n"
        "@llm.hookimpl\ndef register_models(register): pass\n"
        "@llm.hookimpl\ndef register_tools(register): pass\n",
        encoding="utf-8",
    )
    (modules / "exits.py").write_text("raise SystemExit('not today')\n", encoding="utf-8")
    (modules / "wrong_hook.py").write_text(
        "import llm\n@llm.hookimpl\ndef register_models(register, colour): pass\n", encoding="utf-8"
    )
    entry_points = [EntryPoint(name, name, "llm-x") for name in ("broken_import", "good_plugin", "exits", "wrong_hook")]

    loaded = LoadedPlugins(new_manager())
    load_plugins([*entry_points, EntryPoint("again", "good_plugin", "llm-x")], loaded)

    assert list(loaded.entry_points.values()) == [entry_points[1]]
    assert loaded.hook_names() == ("register_models", "register_tools")
    messages = [(problem.where, problem.message.split("\n")[0]) for problem in loaded.problems]
    assert messages[:2] == [
        ("import of broken_import", "ModuleNotFoundError: No module named 'surely_not_installed'"),
        ("import of exits", "SystemExit: not today"),
    ]
    assert messages[2][0] == "import of wrong_hook"
    assert "colour" in loaded.problems[2].message
    assert "surely_not_installed" in capsys.readouterr().err
