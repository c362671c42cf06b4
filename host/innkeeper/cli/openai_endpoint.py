"""``llm openai endpoint URL``: a prompt to a model of any server that speaks OpenAI's API, or a chat with it, once.

The plugin for OpenAI describes this command and makes the requests; what goes with a prompt (templates, tools, files)
is here, so it is run here. By typing the address the person allows that plugin to reach it, in this run. Nothing is
logged.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from innkeeper.errors import UsageError
from innkeeper.installation.openai_settings import server_of
from innkeeper.remote import commands
from innkeeper.remote.catalogue import Found
from innkeeper.untrusted import one_line

from .attachment_options import attachment_options
from .run import Run
from .schema_options import schema_options
from .template_options import template_options
from .tool_options import tool_options

if TYPE_CHECKING:
    from innkeeper.installation.inventory import InstalledPlugin
    from innkeeper.remote.commands import Command

SHOWN_LETTERS = 300

LIKE = {False: "gpt-4o", True: "gpt-5.5"}
"""Which of the plugin's own models a server's may be taken for; True: one behind the responses API."""

GIVEN_KEY = "endpoint"
"""Under this name the plugin asks for its key, and gets the one that was typed."""

UNFIT = {
    "prompt": "a prompt",
    "templates": "--template",
    "tools": "tools",
    "functions": "tools",
    "schema": "schemas",
    "schema_multi": "schemas",
}
"""What --models does not go with."""


@click.command(name="endpoint", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("url")
@click.argument("prompt", required=False)
@click.option("model_id", "-m", "--model")
@click.option("-s", "--system")
@template_options
@click.option("options", "-o", "--option", type=(str, str), multiple=True)
@schema_options
@attachment_options
@tool_options
@click.option("--key")
@click.option("headers", "-H", "--header", type=(str, str), multiple=True)
@click.option("use_responses", "--responses", is_flag=True)
@click.option("force_chat", "--chat", is_flag=True)
@click.option("list_models", "--models", is_flag=True)
@click.option("--no-stream", is_flag=True)
@click.option("-R", "--hide-reasoning", is_flag=True)
@click.pass_obj
def endpoint(asked: Endpoint, /, *, url: str, force_chat: bool, list_models: bool, **given: Any) -> int:
    """Run it; the help that people see is the plugin's."""
    asked.check_address(url)
    if list_models:
        unfit = next((name for name in UNFIT if given[name]), None)
        if unfit is not None:
            raise UsageError(f"--models cannot be used with {UNFIT[unfit]}.")
        return asked.list_models(url, given["headers"], given["key"])
    if force_chat and given["prompt"] is not None:
        raise UsageError("--chat cannot be used with a prompt.", hint="Type it when the chat has begun.")
    if not given["model_id"] and not given["templates"]:
        raise no_model_named()
    headers, uses_responses = dict(given.pop("headers")), given.pop("use_responses")
    server = Server(asked.command.plugin, url, headers, uses_responses=uses_responses, has_key=bool(given["key"]))
    if force_chat:
        from .chat import hold
        from .chat_request import ChatRequest

        del given["prompt"]
        hold(ChatRequest(run=asked.run, find=server.model, no_log=True, **given))
    else:
        from .ask import ask
        from .prompt_request import Request

        ask(Request(run=asked.run, find=server.model, no_log=True, **given))
    return 0


class Endpoint:
    """The *command* of which this is a part, as it was called: *program* is how."""

    def __init__(self, run: Run, command: Command, program: str) -> None:
        self.run = run
        self.command = command
        self._program = program

    def main(self, arguments: Sequence[str]) -> int:
        """Run it with *arguments*, which follow its name; return the exit status."""
        name = f"{self._program} {self.command.name} endpoint"
        result = endpoint.main(list(arguments), prog_name=name, standalone_mode=False, obj=self)
        return result if isinstance(result, int) else 0

    def check_address(self, url: str) -> None:
        """Raise UsageError for what is no address of a server."""
        if not server_of(url):
            raise UsageError(
                f"'{one_line(url, SHOWN_LETTERS)}' is no address of a server.",
                hint="It begins with http:// or https://, and ends in /v1 for most: http://localhost:8080/v1",
            )

    def list_models(self, url: str, headers: Sequence[tuple[str, str]], key: str | None) -> int:
        """Have the plugin list the models of a server; return its exit status."""
        given = self.run.host.key_named(key)
        arguments = ["endpoint", url, "--models", *(word for header in headers for word in ("--header", *header))]
        arguments += ["--key", given] if given else []
        try:
            ended = commands.run_command(
                self.run.host,
                self.command,
                arguments,
                lend=self.run.progress.lend,
                program=self._program,
                models=json.dumps([{"model_id": "any", "api_base": url}]),
            )
        finally:
            self.run.progress.take_back()
        return ended.exit_code


class Server:
    """A server that is asked once, by *plugin*."""

    def __init__(
        self, plugin: InstalledPlugin, url: str, headers: dict[str, str], *, uses_responses: bool, has_key: bool
    ) -> None:
        self._plugin = plugin
        self._url = url
        self._headers = headers
        self._uses_responses = uses_responses
        self._has_key = has_key

    def model(self, name: str | None) -> Found:
        """Return the model that the server calls *name*. Raises UsageError where there is no name."""
        if not name:
            raise no_model_named()
        from innkeeper.installation.requirement import without_password

        model_id = f"{name} at {without_password(self._url)}"
        entry = {
            "model_id": model_id,
            "model_name": name,
            "api_base": self._url,
            "headers": self._headers,
            "vision": True,
            "audio": not self._uses_responses,
            "reasoning": True,
            "verbosity": True,
            "image_detail_original": True,
            "supports_schema": True,
            "supports_tools": True,
            "responses": self._uses_responses,
            "reasoning_summary": False,
        }
        if self._has_key:
            entry["api_key_name"] = GIVEN_KEY
        index = {"id": model_id, "label": name, "like": LIKE[self._uses_responses], "models": json.dumps([entry])}
        return Found(self._plugin, index)


def no_model_named() -> UsageError:
    """Return the error that says so."""
    return UsageError("A model has to be named, by -m or by a template.", hint="What the server has: --models")
