"""Installed, upgraded, taken away; and what an environment holds meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .inn import Inn
from .plugin_source import model_plugin


def test_upgrade_replaces_and_uninstall_removes(inn: Inn, tmp_path: Path) -> None:
    source = model_plugin(tmp_path, "growing", "yield 'version 1'")
    inn.ok("install", source)
    assert inn.ok("-m", "growing", "hi") == "version 1\n"

    model_plugin(tmp_path, "growing", "yield 'version 2'", version="0.2.0")
    inn.ok("install", "--upgrade", source)
    assert inn.ok("-m", "growing", "hi") == "version 2\n"
    assert inn.plugins()["growing"]["version"] == "0.2.0"

    inn.ok("uninstall", "growing", "-y")
    assert inn.plugins() == {}
    assert "growing" in inn.fails("-m", "growing", "hi")
    assert "growing" not in inn.ok("models")


def test_editable_plugin_changes_with_its_source(inn: Inn, tmp_path: Path) -> None:
    source = model_plugin(tmp_path, "edited", "yield 'before'")
    inn.ok("install", "-e", source)
    assert inn.ok("-m", "edited", "hi") == "before\n"

    model_plugin(tmp_path, "edited", "yield 'after'")

    assert inn.ok("-m", "edited", "hi") == "after\n"


def test_wheel_and_sdist_files_can_be_installed(inn: Inn, tmp_path: Path) -> None:
    for kind, name in (("--wheel", "from-wheel"), ("--sdist", "from-sdist")):
        source = model_plugin(tmp_path, name, f"yield {name!r}")
        built = tmp_path / "dist" / name
        uv = Path(sys.executable).parent / "uv"
        subprocess.run([str(uv), "build", "--quiet", kind, source, "--out-dir", str(built)], check=True)
        (file,) = (path for path in built.iterdir() if path.suffix in (".whl", ".gz"))
        inn.ok("install", "--build", str(file))

        assert inn.ok("-m", name, "hi") == f"{name}\n"


def test_uninstalling_what_is_not_there_is_an_error(inn: Inn) -> None:
    assert "llm-nowhere" in inn.fails("uninstall", "llm-nowhere", "-y")


def test_model_id_of_two_plugins_belongs_to_the_first_and_both_are_shown(inn: Inn, tmp_path: Path) -> None:
    first = model_plugin(tmp_path, "twin-first", "yield 'first'", model_id="twin")
    second = model_plugin(tmp_path, "twin-second", "yield 'second'", model_id="twin")
    inn.ok("install", first)
    inn.ok("install", second)

    assert inn.ok("-m", "twin", "hi") == "first\n"
    assert inn.ok("models", "-q", "twin").splitlines() == [
        "TestModel: twin",
        "TestModel: twin (of twin-second; twin-first has one, too: -m twin-second/twin)",
    ]
    assert inn.ok("-m", "twin-second/twin", "hi") == "second\n"


def test_sdk_of_an_environment_is_the_hosts_byte_for_byte(published: Inn) -> None:
    repository = Path(__file__).resolve().parents[2]
    ours = {
        str(path.relative_to(root)): path.read_bytes()
        for root, package in (
            ("protocol", "innkeeper_protocol"),
            ("plugin_sdk", "innkeeper_sdk"),
            ("plugin_sdk", "llm"),
        )
        for root in [repository / root]
        for path in (root / package).rglob("*.py")
    }
    (site_packages,) = published.home.glob("plugins/llm-markov/generations/*/.venv/lib/python3*/site-packages")

    theirs = {name: (site_packages / name).read_bytes() for name in ours if (site_packages / name).exists()}

    assert sorted(ours) == sorted(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []
    assert not list(site_packages.glob("*editable*"))
    assert not list(site_packages.glob("llm-*.dist-info"))


def test_listing_starts_no_plugin(inn: Inn, tmp_path: Path) -> None:
    """A plugin notes each of its starts in its log; listing adds no line."""
    source = model_plugin(tmp_path, "counted", "yield 'x'")
    module = tmp_path / "counted" / "counted" / "__init__.py"
    module.write_text(module.read_text("utf-8") + "\nimport sys\nprint('started', file=sys.stderr)\n", "utf-8")
    inn.ok("install", source)
    before = inn.log("counted").count("started")

    inn.ok("plugins")
    inn.ok("models", "list", "--options")
    inn.ok("--help")
    assert inn.log("counted").count("started") == before

    inn.ok("-m", "counted", "hi")
    assert inn.log("counted").count("started") == before + 1


def test_plugins_json_names_what_each_registers(published: Inn) -> None:
    listed = json.loads(published.ok("plugins", "--hook", "register_models"))

    assert {plugin["name"] for plugin in listed} == {"llm-markov", "llm-echo"}
