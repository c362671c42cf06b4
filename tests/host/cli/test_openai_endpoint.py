"""``llm openai endpoint``, which the plugin describes and the host runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from innkeeper.cli.names import COMMANDS, ENDPOINT
from innkeeper.cli.openai_endpoint import LIKE, Endpoint, Server, endpoint
from innkeeper.cli.run import Run
from innkeeper.errors import UsageError
from innkeeper.installation.inventory import read_index
from innkeeper.installation.manifest import read_manifest
from innkeeper.paths import Home
from innkeeper.remote.commands import find_command
from innkeeper.remote.manifests import model_info


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(str(tmp_path))


def described(home: Home) -> Any:
    plugin = read_index(home).named(ENDPOINT[0])
    assert plugin is not None
    openai = next(command for command in read_manifest(home, plugin).commands if command.name == ENDPOINT[1])
    return next(command for command in openai.commands if command.name == ENDPOINT[2])


def test_plugin_describes_the_options_that_the_host_takes(home: Home) -> None:
    told = {
        parameter.name: (parameter.declarations, parameter.is_flag, parameter.multiple)
        for parameter in described(home).parameters
    }
    taken = {
        parameter.name: ((*parameter.opts, *parameter.secondary_opts), getattr(parameter, "is_flag", False), multiple)
        for parameter in endpoint.params
        for multiple in [parameter.multiple or parameter.nargs == -1]
    }
    assert told == taken


def test_model_of_a_server_is_described_by_one_that_is_as_able(home: Home) -> None:
    plugin = read_index(home).named(ENDPOINT[0])
    assert plugin is not None
    for uses_responses in LIKE:
        server = Server(plugin, "http://x/v1", {}, uses_responses=uses_responses, has_key=False)
        info = model_info(home, server.model("m"))
        assert (info.supports_tools, info.supports_schema, bool(info.server_side_tools)) == (True, True, uses_responses)


def test_password_in_an_address_is_not_in_the_models_name(home: Home) -> None:
    plugin = read_index(home).named(ENDPOINT[0])
    assert plugin is not None
    server = Server(plugin, "http://me:secret@x/v1", {}, uses_responses=False, has_key=False)
    assert server.model("m").model_id == "m at http://x/v1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ftp://x", "hi", "-m", "m"], "'ftp://x' is no address of a server."),
        (["http://x/v1", "hi"], "A model has to be named, by -m or by a template."),
        (["http://x/v1", "hi", "--models"], "--models cannot be used with a prompt."),
        (["http://x/v1", "--models", "-t", "a"], "--models cannot be used with --template."),
        (["http://x/v1", "--models", "--functions", "a"], "--models cannot be used with tools."),
        (["http://x/v1", "--models", "--schema", "a"], "--models cannot be used with schemas."),
        (["http://x/v1", "hi", "-m", "m", "--chat"], "--chat cannot be used with a prompt."),
    ],
)
def test_wrong_use_starts_nothing(arguments: list[str], says: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_USER_PATH", home.root)
    with Run() as run:
        command = find_command(run.host.index, COMMANDS, "openai")
        assert command is not None
        with pytest.raises(UsageError) as caught:
            Endpoint(run, command, "llm").main(arguments)
    assert caught.value.message == says
    assert not (Path(home.root) / "plugins").exists()


def test_unknown_option_is_clicks_own_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_USER_PATH", home.root)
    with Run() as run:
        command = find_command(run.host.index, COMMANDS, "openai")
        assert command is not None
        with pytest.raises(click.UsageError, match="--nope"):
            Endpoint(run, command, "llm").main(["http://x/v1", "--nope"])
