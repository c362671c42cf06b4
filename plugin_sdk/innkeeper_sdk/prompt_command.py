"""``cli.commands["prompt"]``: a stand-in for the command ``llm prompt``, for plugins whose commands build on it.

Such a plugin takes over the parameters of the real one and invokes it (``llm anthropic count`` does). The command line
itself is the host's, so this one is not offered to people; it prompts the plugin's own models here, and others through
the host, within the plugin's grants.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from .api.attachment_parameters import AttachmentType, attachment_types_callback

if TYPE_CHECKING:
    from .api.templates import Template

NAME = "prompt"

ONLY_AT_THE_HOST = {
    "database": "--database",
    "log": "--log",
    "_continue": "--continue",
    "conversation_id": "--cid",
    "save": "--save",
    "python_tools": "--functions",
    "tools_debug": "--td",
    "tools_approve": "--ta",
    "json_output": "--json",
    "show_model_options": "--options",
}
"""What takes the person's logs, templates or consent."""


class PromptStandIn(click.Command):
    """The command. It is told from a command that a plugin registers under the same name."""


def new_prompt_command() -> PromptStandIn:
    """Return the command, with the parameters of the real one."""
    pair = (str, str)
    parameters: list[click.Parameter] = [
        click.Argument([NAME], required=False),
        click.Option(["-s", "--system"], help="System prompt"),
        click.Option(["model_id", "-m", "--model"], help="Model to use", envvar="LLM_MODEL"),
        click.Option(["-d", "--database"], type=click.Path(readable=True, dir_okay=False), help="Database of logs"),
        click.Option(["queries", "-q", "--query"], multiple=True, help="Use the first model that matches"),
        click.Option(
            ["attachments", "-a", "--attachment"], type=AttachmentType(), multiple=True, help="File, URL or - to attach"
        ),
        click.Option(
            ["attachment_types", "--at", "--attachment-type"],
            type=pair,
            multiple=True,
            callback=attachment_types_callback,
            help="Attachment and its MIME type",
        ),
        click.Option(["tools", "-T", "--tool"], multiple=True, help="Tool that the model may use"),
        click.Option(["python_tools", "--functions"], multiple=True, help="Python code of tools"),
        click.Option(["tools_debug", "--td", "--tools-debug"], is_flag=True, help="Show what tools do"),
        click.Option(["tools_approve", "--ta", "--tools-approve"], is_flag=True, help="Ask before each tool runs"),
        click.Option(["chain_limit", "--cl", "--chain-limit"], type=int, default=5, help="Most answers in a chain"),
        click.Option(["options", "-o", "--option"], type=pair, multiple=True, help="Option of the model"),
        click.Option(["show_model_options", "--options"], is_flag=True, help="Show the options of the model"),
        click.Option(["schema_input", "--schema"], help="JSON schema, its file, or its fields in short"),
        click.Option(["--schema-multi"], help="The same, for many results"),
        click.Option(["fragments", "-f", "--fragment"], multiple=True, help="Fragment to put before the prompt"),
        click.Option(["system_fragments", "--sf", "--system-fragment"], multiple=True, help="The same, for the system"),
        click.Option(["-t", "--template"], multiple=True, help="Template to use"),
        click.Option(["-p", "--param"], type=pair, multiple=True, help="Parameter of the template"),
        click.Option(["--no-stream"], is_flag=True, help="Show the answer when it is complete"),
        click.Option(["-n", "--no-log"], is_flag=True, help="Do not log"),
        click.Option(["--log"], is_flag=True, help="Log"),
        click.Option(["-R", "--hide-reasoning"], is_flag=True, help="Do not show reasoning"),
        click.Option(["_continue", "-c", "--continue"], is_flag=True, flag_value=-1, help="Go on from the last one"),
        click.Option(["conversation_id", "--cid", "--conversation"], help="Go on from that one"),
        click.Option(["--key"], help="API key"),
        click.Option(["--save"], help="Save as a template"),
        click.Option(["async_", "--async"], is_flag=True, help="Use the async model"),
        click.Option(["-u", "--usage"], is_flag=True, help="Show what it cost, in tokens"),
        click.Option(["-x", "--extract"], is_flag=True, help="Show the first block of code only"),
        click.Option(["extract_last", "--xl", "--extract-last"], is_flag=True, help="Show the last block of code only"),
        click.Option(["json_output", "--json"], is_flag=True, help="Show the answer as JSON"),
    ]
    return PromptStandIn(NAME, callback=_prompt, params=parameters, help="Prompt a model", hidden=True)


def _prompt(**given: Any) -> None:
    """Prompt a model and show its answer. Whatever goes wrong is a ClickException with that as its context."""
    for name, option in ONLY_AT_THE_HOST.items():
        if given.get(name):
            raise click.ClickException(f"{option} works with `llm prompt` only, not with a command that builds on it")
    try:
        _show(_asked(given), given)
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        raise click.ClickException(_words(error)) from error


def _words(error: Exception) -> str:
    from llm.cli import render_errors

    errors = getattr(error, "errors", None)
    return render_errors(errors()) if callable(errors) else str(error)


def _asked(given: dict[str, Any]) -> Any:
    """Return the response, or the chain of them where there are tools."""
    from .api.catalogue import get_async_model, get_model

    prompt, system = given.get("prompt"), given.get("system")
    if not sys.stdin.isatty():
        prompt = " ".join(filter(None, [sys.stdin.read(), prompt])) or None
    template = _template(given)
    if template is not None:
        prompt, of_template = template.evaluate(prompt or "", dict(given.get("param") or ()))
        system = system or of_template
    find = get_async_model if given.get("async_") else get_model
    model = find(_model_id(given, template))
    texts, files = _fragments(given.get("fragments") or ())
    asked: dict[str, Any] = {
        "system": system,
        "attachments": [*(given.get("attachments") or ()), *(given.get("attachment_types") or ()), *files],
        "fragments": texts,
        "system_fragments": _fragments(given.get("system_fragments") or ())[0],
        "schema": _schema(given, template),
        "stream": not given.get("no_stream"),
        "hide_reasoning": bool(given.get("hide_reasoning")),
        "key": given.get("key"),
        "options": _options(model, template, given.get("options") or ()),
    }
    tools = _tools(given.get("tools") or ())
    if tools:
        return model.chain(prompt, tools=tools, chain_limit=given.get("chain_limit"), **asked)
    return model.prompt(prompt, **asked)


def _options(model: Any, template: Template | None, given: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the options that were given, with the types that the model gives them."""
    of_template = (template.options if template else None) or {}
    return {name: value for name, value in model.Options(**{**of_template, **dict(given)}) if value is not None}


def _template(given: dict[str, Any]) -> Template | None:
    from .api.loading import load_template

    names = given.get("template") or ()
    if len(names) > 1:
        raise click.ClickException("a command that builds on `llm prompt` takes one template")
    return load_template(names[0]) if names else None


def _model_id(given: dict[str, Any], template: Template | None) -> str | None:
    from .api.catalogue import get_models_with_aliases

    queries = given.get("queries") or ()
    if queries:
        matching = (one for one in get_models_with_aliases() if all(one.matches(query) for query in queries))
        first = next(matching, None)
        if first is None:
            raise click.ClickException(f"No model found matching queries {', '.join(queries)}")
        return str((first.model or first.async_model).model_id)
    named: str | None = given.get("model_id")
    return named or (template.model if template else None)


def _fragments(names: Iterable[str]) -> tuple[list[Any], list[Any]]:
    """Return the texts and the attachments that stdin, files and loaders give."""
    from .api.attachments import Attachment
    from .api.fragments import Fragment
    from .api.loading import load_fragments

    loaded: list[Any] = []
    for name in names:
        if name == "-":
            loaded.append(Fragment(sys.stdin.read(), "-"))
        elif os.path.exists(name):
            with open(name, encoding="utf-8") as file:
                loaded.append(Fragment(file.read(), os.path.realpath(name)))
        else:
            loaded += load_fragments(name)
    files = [one for one in loaded if isinstance(one, Attachment)]
    return [one for one in loaded if not isinstance(one, Attachment)], files


def _schema(given: dict[str, Any], template: Template | None) -> Any:
    import json

    from .api.schemas import multi_schema, schema_dsl

    many = given.get("schema_multi")
    written = many or given.get("schema_input")
    if not written:
        return template.schema_object if template else None
    if os.path.exists(written):
        with open(written, encoding="utf-8") as file:
            written = file.read()
    schema = json.loads(written) if written.lstrip().startswith("{") else schema_dsl(written)
    return multi_schema(schema) if many else schema


def _tools(specifications: Iterable[str]) -> list[Any]:
    """Return the plugin's own tools by name, and its toolboxes made as they are written."""
    from .api.catalogue import get_tools
    from .api.specifications import instantiate_from_spec
    from .api.tools import Tool

    own = get_tools()
    functions: dict[str, Tool] = {name: tool for name, tool in own.items() if isinstance(tool, Tool)}
    toolboxes = {name: tool for name, tool in own.items() if name not in functions}
    return [functions.get(written) or instantiate_from_spec(toolboxes, written) for written in specifications]


def _show(response: Any, given: dict[str, Any]) -> None:
    from .api.text import extract_fenced_code_block

    extracts = given.get("extract") or given.get("extract_last")
    write: Callable[[str], None] = (lambda text: None) if extracts else (lambda text: click.echo(text, nl=False))
    text = _read(response, write)
    if extracts:
        code = extract_fenced_code_block(text, last=bool(given.get("extract_last")))
        click.echo(text if code is None else code)
    else:
        click.echo()
    if given.get("usage") and hasattr(response, "token_usage"):
        click.echo(f"Token usage: {response.token_usage()}", err=True)


def _read(response: Any, write: Callable[[str], None]) -> str:
    """Read an answer, sync or async, and write each piece as it comes."""
    pieces: list[str] = []

    def take(piece: str) -> None:
        pieces.append(piece)
        write(piece)

    if hasattr(response, "__aiter__"):
        import asyncio

        async def read() -> None:
            async for piece in response:
                take(piece)

        asyncio.run(read())
    else:
        for piece in response:
            take(piece)
    return "".join(pieces)
