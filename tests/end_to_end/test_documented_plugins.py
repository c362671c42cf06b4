"""The model and the command of the document that the project began from, letter by letter, each a plugin of its own.

Its embedding model and its loaders are tested beside others of their kind.
"""

from __future__ import annotations

import json

import pytest

from .inn import Inn
from .plugin_source import write_plugin

MODEL = """\
from llm import hookimpl, Model
@hookimpl
def register_models(register):
    register(MyCustomModel(), aliases=("custom",))
class MyCustomModel(Model):
    model_id = "my-custom-model"
    def execute(self, prompt, stream, response, conversation):
        yield "Generated response"
"""

COMMAND = """\
from llm import hookimpl
import click
@hookimpl
def register_commands(cli):
    @cli.command(name="my-command")
    def my_command():
        "Documentation for my command"
        click.echo("Command output")
"""


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("documented")
    inn = Inn(folder / "home")
    inn.ok("install", write_plugin(folder, "my-model", MODEL), write_plugin(folder, "my-commands", COMMAND))
    return inn


@pytest.mark.parametrize("name", ["my-custom-model", "custom"])
def test_the_model_answers(documented: Inn, name: str) -> None:
    assert documented.ok("-m", name, "hello") == "Generated response\n"


def test_it_goes_on_with_a_conversation_and_is_in_the_lists(documented: Inn) -> None:
    documented.ok("-m", "custom", "hello")
    documented.ok("-c", "more")

    assert "MyCustomModel: my-custom-model (aliases: custom)\n" in documented.ok("models")
    turns = json.loads(documented.ok("logs", "-c", "--json"))
    assert [(turn["model"], turn["prompt"], turn["response"]) for turn in turns] == [
        ("my-custom-model", "hello", "Generated response"),
        ("my-custom-model", "more", "Generated response"),
    ]


def test_the_command_runs_and_is_in_the_help(documented: Inn) -> None:
    assert documented.ok("my-command") == "Command output\n"
    assert "  my-command  Documentation for my command\n" in documented.ok("--help")
    assert "\n  Documentation for my command\n" in documented.ok("my-command", "--help")
