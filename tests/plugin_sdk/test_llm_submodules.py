"""The parts of the real command line and its databases that plugins reach into."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import llm
import llm.cli
import llm.migrations
import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.host_services import GetKeyParams, GetKeyResult, ListModelsResult
from innkeeper_protocol.payloads.templates import LoadTemplateParams, Template
from innkeeper_protocol.peer import IncomingCall
from innkeeper_sdk.testing import running


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    return tmp_path


class Plugin:
    @llm.hookimpl
    def register_commands(self, cli: click.Group) -> None:
        cli.add_command(click.Command("own"))

    @llm.hookimpl
    def register_template_loaders(self, register: Callable[..., None]) -> None:
        def load(path: str) -> llm.Template:
            if path == "bad":
                raise ValueError("no such file")
            return llm.Template(name=path, prompt="own")

        register("own", load)


def test_log_is_a_file_of_the_plugins_own(folder: Path) -> None:
    assert llm.cli.logs_db_path() == folder / "logs.db"
    assert llm.cli.logs_on()
    (folder / "logs-off").touch()
    assert not llm.cli.logs_on()


def test_migrated_log_has_the_tables_that_plugins_read() -> None:
    connection = sqlite3.connect(":memory:")
    database = SimpleNamespace(conn=connection)
    llm.migrations.migrate(database)
    llm.migrations.migrate(database)
    rows = connection.execute("select responses.id from responses left join conversations using (id)").fetchall()
    columns = [row[1] for row in connection.execute("pragma table_info(responses)")]
    connection.close()
    assert rows == []
    assert columns[:5] == ["id", "model", "prompt", "system", "prompt_json"]


def test_command_line_has_this_plugins_commands() -> None:
    with running(Plugin()):
        assert "own" in llm.cli.cli.commands
        assert llm.get_plugins() == [
            {"name": "plugin-under-test", "hooks": ["register_commands", "register_template_loaders"]}
        ]
        assert [name for name, _ in llm.pm.list_name_plugin()] == ["plugin-under-test:Plugin"]


class Grows:
    """A plugin that registers what a file lists, asks for models in its own hook, and can fail."""

    def __init__(self, listed: Path) -> None:
        self.listed = listed

    @llm.hookimpl
    def register_models(self, register: Callable[..., None]) -> None:
        for name in self.listed.read_text(encoding="utf-8").split():
            if name == "broken":
                raise RuntimeError("a broken list")
            model = type("Listed", (llm.Model,), {"model_id": name, "execute": lambda *arguments: ["x"]})
            register(model())
        llm.get_models()


def test_models_are_looked_for_anew(folder: Path) -> None:
    """``llm anthropic refresh`` tells which models are new by asking before and after; they can be used at once."""
    listed = folder / "listed"
    listed.write_text("one", encoding="utf-8")
    with running(Grows(listed)) as plugin:
        assert [model.model_id for model in llm.get_models()] == ["one"]
        first = llm.get_model("one")
        listed.write_text("one two broken", encoding="utf-8")
        assert llm.get_model("one") is first
        assert llm.get_model("two").model_id == "two"
        assert [model.model_id for model in llm.get_models()] == ["one", "two"]
        assert plugin.prompt("two", "hi").text == "x"
        listed.write_text("two", encoding="utf-8")
        assert [model.model_id for model in llm.get_models()] == ["two"]
        assert plugin.describe().problems == ()


def test_templates_come_from_own_loaders_and_from_the_host() -> None:
    asked: list[LoadTemplateParams] = []

    def load(params: LoadTemplateParams, call: IncomingCall) -> Template:
        asked.append(params)
        if params.path == "gone":
            raise CallFailed(ErrorCode.NOT_FOUND, "there is none")
        return Template(name=params.path, prompt="from the host")

    with running(Plugin(), handlers={methods.LOAD_TEMPLATE.name: load}):
        assert llm.cli.load_template("own:a").prompt == "own"
        assert llm.cli.load_template("fs:b").prompt == "from the host"
        assert llm.cli.load_template("stored").prompt == "from the host"
        for name in ("own:bad", "fs:gone"):
            with pytest.raises(llm.cli.LoadTemplateError, match=f"^Could not load template {name}: "):
                llm.cli.load_template(name)
    assert [(params.prefix, params.path) for params in asked] == [("fs", "b"), ("", "stored"), ("fs", "gone")]


def test_default_model_is_the_persons() -> None:
    def list_models(params: Nothing, call: IncomingCall) -> ListModelsResult:
        return ListModelsResult(default_model="theirs", default_embedding_model="vectors")

    with running(Plugin(), handlers={methods.LIST_MODELS.name: list_models}):
        assert llm.cli.get_default_model() == "theirs"
        assert llm.cli.get_default_embedding_model() == "vectors"


def test_key_given_by_hand_never_goes_about_as_a_name() -> None:
    """What the host is asked for by name may be written into a log; the name of a stored key is none."""
    asked: list[str | None] = []

    def get_key(params: GetKeyParams, call: IncomingCall) -> GetKeyResult:
        asked.append(params.name)
        return GetKeyResult(key="sk-stored" if params.name == "work" else None)

    with running(Plugin(), handlers={methods.GET_KEY.name: get_key}):
        given = "sk-proj-" + "a1B2" * 10
        assert llm.cli.get_key(given, "openai") == given
        assert llm.cli.get_key("work", "openai") == "sk-stored"
        assert llm.load_keys()["work"] == "sk-stored"
        assert "home" not in llm.load_keys()
    assert asked == ["work", "work", "home"]


@pytest.mark.parametrize("given", [None, "sk-given"])
def test_model_does_not_ask_by_the_name_of_its_own_key(given: str | None) -> None:
    """Models pass the key that ``execute`` gets through ``get_key`` again, and a short one looks like a name."""
    asked: list[str | None] = []

    class Asks(llm.KeyModel):
        model_id = "asks"
        needs_key = "shop"

        def execute(self, prompt, stream, response, conversation, key):  # type: ignore[no-untyped-def]
            yield str(self.get_key(key))

    class Shop:
        @llm.hookimpl
        def register_models(self, register):  # type: ignore[no-untyped-def]
            register(Asks())

    def get_key(params: GetKeyParams, call: IncomingCall) -> GetKeyResult:
        asked.append(params.name)
        return GetKeyResult(key="sk-stored" if params.name == "shop" else None)

    with running(Shop(), handlers={methods.GET_KEY.name: get_key}) as plugin:
        assert plugin.prompt("asks", "hi", key=given).text == (given or "sk-stored")
    assert asked == ([] if given else ["shop"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("note.txt", ("text/plain", "note.txt", None)),
        ("nothing.txt", "File nothing.txt does not exist"),
        ("blank", "Could not determine mimetype of blank"),
    ],
)
def test_attachments_of_commands_are_files(
    value: str, expected: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "note.txt").write_text("text", encoding="utf-8")
    (folder / "blank").write_bytes(b"\0\1\2")
    if isinstance(expected, str):
        with pytest.raises(llm.cli.AttachmentError, match=expected):
            llm.cli.resolve_attachment(value)
    else:
        found = llm.cli.resolve_attachment(value)
        assert (found.type, Path(found.path or "").name, found.url) == expected


def test_errors_are_rendered_as_people_know_them() -> None:
    errors = [{"loc": ("a", 0), "msg": "Too low"}, {"loc": ("b",), "msg": "Not there"}]
    assert llm.cli.render_errors(errors) == "a, 0\n  Too low\nb\n  Not there"
