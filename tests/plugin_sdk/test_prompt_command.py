"""Commands that build on ``llm prompt``, as ``llm anthropic count`` does: they take its parameters and invoke it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import llm
import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_sdk.prompt_command import new_prompt_command
from innkeeper_sdk.testing import PluginUnderTest, running


class Counted(Exception):
    """What the model raises instead of answering when it was only asked to count."""


class Counts(llm.Model):
    model_id = "counts"
    can_stream = True
    supports_schema = True
    supports_tools = True
    attachment_types = frozenset(["text/plain", "image/png"])

    class Options(llm.Options):
        only_count: bool | None = None

    def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        if prompt.options.only_count:
            raise Counted(len(prompt.prompt))
        if prompt.tools and not prompt.tool_results:
            response.add_tool_call(llm.ToolCall(name=prompt.tools[0].name, arguments={}))
            return
        facts = {
            "prompt": prompt.prompt,
            "system": prompt.system,
            "schema": prompt.schema,
            "attachments": [attachment.type for attachment in prompt.attachments],
            "results": [result.output for result in prompt.tool_results],
        }
        yield json.dumps({name: fact for name, fact in facts.items() if fact})


class CountsAsync(llm.AsyncModel):
    model_id = "counts"

    async def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Any:
        yield "async "
        yield "```\ncode\n```\n"


def noon() -> str:
    return "twelve"


class BuildsOnPrompt:
    """A plugin whose commands are made of the prompt command's parameters, as published ones are."""

    @llm.hookimpl
    def register_models(self, register: Any) -> None:
        register(Counts(), CountsAsync(), aliases=("c",))

    @llm.hookimpl
    def register_tools(self, register: Any) -> None:
        register(noon)

    @llm.hookimpl
    def register_fragment_loaders(self, register: Any) -> None:
        register("twice", lambda argument: [llm.Fragment(argument), llm.Attachment(type="image/png", content=b"png")])

    @llm.hookimpl
    def register_template_loaders(self, register: Any) -> None:
        register("say", lambda path: llm.Template(name=path, prompt=f"{path} $input", system="be kind", model="counts"))

    @llm.hookimpl
    def register_commands(self, cli: click.Group) -> None:
        prompt_command = cli.commands["prompt"]

        @click.pass_context
        def count(context: click.Context, **given: Any) -> None:
            given["options"] = (("only_count", "1"), *given["options"])
            try:
                context.invoke(prompt_command, no_log=True, **given)
            except click.ClickException as error:
                if not isinstance(error.__context__, Counted):
                    raise
                click.echo(error.__context__.args[0])

        @click.pass_context
        def ask(context: click.Context, **given: Any) -> None:
            context.invoke(prompt_command, **given)

        parameters = [parameter for parameter in prompt_command.params if parameter.name != "no_log"]
        cli.add_command(click.Command("count", callback=count, params=parameters))
        cli.add_command(click.Command("ask", callback=ask, params=prompt_command.params))


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PluginUnderTest]:
    """Run the plugin with nothing on stdin, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "stdin").open("w+", encoding="utf-8") as stdin, running(BuildsOnPrompt()) as plugin:
        monkeypatch.setattr("sys.stdin", stdin)
        yield plugin


def test_parameters_are_those_of_the_real_command(real_llm: Path) -> None:
    script = (
        "import json; from llm.cli import cli\n"
        "print(json.dumps({p.name: [sorted(p.opts), p.nargs, p.multiple if hasattr(p, 'multiple') else False]"
        " for p in cli.commands['prompt'].params}))"
    )
    ran = subprocess.run([real_llm, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    ours = {
        parameter.name: [sorted(parameter.opts), parameter.nargs, getattr(parameter, "multiple", False)]
        for parameter in new_prompt_command().params
    }
    assert ours == json.loads(ran.stdout)


def test_plugin_hears_what_its_own_model_raised(plugin: PluginUnderTest, capfd: pytest.CaptureFixture[str]) -> None:
    assert plugin.run_command("count", "-m", "c", "twelve chars") == 0
    assert capfd.readouterr().out == "12\n"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["-m", "counts", "-s", "sys", "hi"], {"prompt": "hi", "system": "sys"}),
        (["-q", "count", "hi", "-f", "note.txt"], {"prompt": "from a file\nhi"}),
        (["-m", "c", "-f", "twice:x", "hi"], {"prompt": "x\nhi", "attachments": ["image/png"]}),
        (["-t", "say:hello", "you"], {"prompt": "hello you", "system": "be kind"}),
        (["-m", "c", "--at", "note.txt", "text/plain", "hi"], {"prompt": "hi", "attachments": ["text/plain"]}),
        (
            ["-m", "c", "--schema", "age int", "hi"],
            {
                "prompt": "hi",
                "schema": {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]},
            },
        ),
        (["-m", "c", "-T", "noon", "hi"], {"results": ["twelve"]}),
    ],
    ids=["system", "query and file", "loader", "template", "attachment", "schema", "tool"],
)
def test_prompt_is_put_together_as_by_the_real_command(
    arguments: list[str],
    shown: dict[str, Any],
    plugin: PluginUnderTest,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "note.txt").write_text("from a file", encoding="utf-8")
    assert plugin.run_command("ask", *arguments) == 0
    assert json.loads(capfd.readouterr().out) == shown


def test_async_model_and_the_code_in_its_answer(plugin: PluginUnderTest, capfd: pytest.CaptureFixture[str]) -> None:
    assert plugin.run_command("ask", "-m", "counts", "--async", "-x", "hi") == 0
    assert capfd.readouterr().out == "async ```\ncode\n```\n\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["-m", "none", "hi"], "Unknown model: none"),
        (["-m", "c", "-o", "colour", "red", "hi"], "colour\n  Extra inputs are not permitted"),
        (["-m", "c", "--save", "t", "hi"], "--save works with `llm prompt` only"),
        (["-m", "c", "-f", "nothing", "hi"], "no file is called 'nothing'"),
    ],
    ids=["model", "option", "save", "fragment"],
)
def test_what_is_wrong_is_said_as_by_any_command(
    arguments: list[str], says: str, plugin: PluginUnderTest, capfd: pytest.CaptureFixture[str]
) -> None:
    assert plugin.run_command("ask", *arguments) == 1
    assert says in capfd.readouterr().err


def test_command_line_without_a_command_is_a_prompt(plugin: PluginUnderTest) -> None:
    """The tests that plugins come with run ``llm.cli.cli`` so."""
    from click.testing import CliRunner
    from llm.cli import cli

    for arguments in (["-m", "counts", "hi there"], ["hi there", "-m", "counts"], ["prompt", "hi there", "-m", "c"]):
        ran = CliRunner().invoke(cli, arguments)
        assert (ran.exit_code, json.loads(ran.output)) == (0, {"prompt": "hi there"})


def test_stand_in_is_neither_listed_nor_run(plugin: PluginUnderTest) -> None:
    assert [command.name for command in plugin.describe().commands] == ["count", "ask"]
    with pytest.raises(CallFailed) as caught:
        plugin.run_command("prompt", "hi")
    assert caught.value.code == ErrorCode.NOT_FOUND
