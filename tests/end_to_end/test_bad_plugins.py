"""Plugins that go wrong while they are installed: a clear error, nothing left behind, and the host as before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .inn import Inn
from .plugin_source import model_plugin, write_plugin

REGISTERS = """
import llm

@llm.hookimpl
def register_models(register):
    register(TestModel())

class TestModel(llm.Model):
    model_id = {model_id!r}

    def execute(self, prompt, stream, response, conversation):
        yield "an answer"
"""


def nothing_left(inn: Inn) -> bool:
    return inn.plugins() == {} and not list(inn.home.glob("plugins/*/generations/*"))


def test_plugin_whose_import_raises_is_not_installed(inn: Inn, tmp_path: Path) -> None:
    source = write_plugin(tmp_path, "broken-import", "import surely_not_a_module\n")

    message = inn.fails("install", source)

    assert "broken-import" in message
    assert "No module named 'surely_not_a_module'" in message
    assert nothing_left(inn)


def test_plugin_that_describes_itself_for_ever_is_not_installed(inn: Inn, tmp_path: Path) -> None:
    source = write_plugin(tmp_path, "slow-hook", "import time\ntime.sleep(3600)\n")

    message = inn.fails("install", source)

    assert "slow-hook" in message
    assert nothing_left(inn)


@pytest.mark.parametrize(
    "model_id",
    ["../../etc/passwd", "two\nlines", "\x1b[31mred", "", "x" * 10_000, "nul\0nul"],
    ids=["path", "newline", "escape", "empty", "long", "nul"],
)
def test_hostile_model_id_never_reaches_the_lists(inn: Inn, tmp_path: Path, model_id: str) -> None:
    """Refused or not, an id that is no name of a model is neither printed raw nor used as a path."""
    source = write_plugin(tmp_path, "hostile-id", REGISTERS.format(model_id=model_id))

    outcome = inn.run("install", source)

    assert outcome.status in (0, 1)
    assert "Traceback" not in outcome.stderr
    listed = inn.ok("models", "list", "--json")
    if model_id:
        assert model_id not in [model["model_id"] for model in json.loads(listed)] or "/" in model_id
    assert "\x1b" not in outcome.stderr + outcome.stdout + listed + inn.ok("models")


def test_package_that_is_no_plugin_is_refused(inn: Inn) -> None:
    message = inn.fails("install", "iniconfig")

    assert "iniconfig" in message
    assert "llm" in message
    assert nothing_left(inn)


def test_unknown_name_is_refused(inn: Inn) -> None:
    message = inn.fails("install", "llm-surely-no-such-plugin-anywhere")

    assert "llm-surely-no-such-plugin-anywhere" in message
    assert nothing_left(inn)


def test_unsatisfiable_requirement_is_refused(inn: Inn, tmp_path: Path) -> None:
    source = model_plugin(tmp_path, "torn", "yield ''", dependencies=("idna<3", "idna>=3"))

    message = inn.fails("install", source)

    assert "torn" in message
    assert "idna" in message
    assert nothing_left(inn)


def test_plugin_that_prints_while_it_loads_leaves_the_output_clean(inn: Inn, tmp_path: Path) -> None:
    source = write_plugin(tmp_path, "chatty", "print('hello')\n" + REGISTERS.format(model_id="chatty"))
    inn.ok("install", source)

    assert inn.ok("-m", "chatty", "hi") == "an answer\n"


def test_failed_upgrade_leaves_what_was_there(inn: Inn, tmp_path: Path) -> None:
    source = model_plugin(tmp_path, "steady", "yield 'version 1'")
    inn.ok("install", source)
    write_plugin(tmp_path, "steady", "import surely_not_a_module\n", version="0.2.0")

    inn.fails("install", "-U", source)

    assert inn.plugins()["steady"]["version"] == "0.1.0"
    assert inn.ok("-m", "steady", "hi") == "version 1\n"
