"""``llm tools``: what a model can be given, as the plugins registered it. A toolbox that is named is opened."""

from __future__ import annotations

import functools
import inspect
import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import click
from innkeeper_protocol.payloads.models import ServerSideTool, ToolDefinition
from innkeeper_protocol.payloads.tools import ToolboxInfo, ToolInfo

from innkeeper.installation.manifest import read_manifest
from innkeeper.remote.catalogue import Found
from innkeeper.remote.manifests import model_info
from innkeeper.remote.tools import toolbox_infos
from innkeeper.remote.tools_catalogue import all_tools, find_tool, unknown_tools
from innkeeper.remote.tools_specification import read_specification
from innkeeper.untrusted import cleaned, one_line

from .default_group import DefaultGroup
from .options import json_option, sandbox_option
from .run import Run
from .tool_options import code_in

_TYPES = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "array": "list",
    "object": "dict",
    "null": "None",
}


@click.group(cls=DefaultGroup, default="list")
def tools() -> None:
    """Manage tools that can be made available to LLMs

    \b
        llm tools
        llm -T llm_time 'What day is it?'
    """


@tools.command(name="list")
@click.argument("tool_defs", nargs=-1)
@json_option
@click.option("-m", "--model", "model_id", help="List tools supported by this model")
@click.option(
    "--functions", multiple=True, help="Python code block or file path defining functions to register as tools"
)
@sandbox_option
@click.pass_obj
def list_(
    run: Run, tool_defs: tuple[str, ...], *, json_: bool, model_id: str | None, functions: tuple[str, ...]
) -> None:
    """List available tools, optionally including tools supported by a model

    \b
        llm tools
        llm tools list 'SQLite("my.db")'
    """
    model = run.host.find_model(model_id) if model_id else None
    listed = [] if tool_defs else list(_registered(run))
    if tool_defs or functions:
        listed += _opened(run, tool_defs, tuple(map(code_in, functions)))
    listed.sort(key=lambda one: one.name)
    providers = () if model is None else model_info(run.home, model).server_side_tools
    if json_:
        shown: dict[str, Any] = {
            "tools": [one.as_json() for one in listed if isinstance(one, ListedTool)],
            "toolboxes": [one.as_json() for one in listed if isinstance(one, ListedToolbox)],
        }
        if model is not None:
            shown["server_side_tools"] = [_provider_json(tool) for tool in providers]
        click.echo(json.dumps(shown, indent=2))
        return
    for kind in (ListedTool, ListedToolbox):
        for one in listed:
            if isinstance(one, kind):
                _echo(one.paragraphs())
    if model is not None and providers:
        _echo(_provider_paragraphs(model, providers))


class ListedTool:
    """A function, by the *name* that means it after ``-T``."""

    def __init__(self, name: str, tool: ToolInfo | ToolDefinition, plugin: str | None) -> None:
        self.name = name
        self._tool = tool
        self._plugin = plugin

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return {
            "name": self.name,
            "description": self._tool.description,
            "arguments": self._tool.input_schema,
            "plugin": self._plugin,
        }

    def paragraphs(self) -> Iterator[str]:
        """Yield what is shown of it."""
        yield self.name + signature(self._tool.input_schema) + _of_plugin(self._plugin)
        yield from _description(self._tool.description)


class ListedToolbox:
    """A toolbox: a class of them, or the instance that a specification makes."""

    def __init__(
        self,
        name: str,
        tools: Sequence[ToolInfo | ToolDefinition],
        *,
        info: ToolboxInfo,
        plugin: str,
        is_open: bool = False,
    ) -> None:
        self.name = name
        self._tools = tools
        self._info = info
        self._plugin = plugin
        self._is_open = is_open

    def as_json(self) -> dict[str, Any]:
        """Return it as ``--json`` prints it."""
        return {
            "name": self._info.name if self._is_open else self.name,
            "dynamic": self._info.dynamic,
            "plugin": self._plugin,
            "tools": [
                {"name": tool.name, "description": tool.description, "arguments": tool.input_schema}
                for tool in self._tools
            ],
        }

    def paragraphs(self) -> Iterator[str]:
        """Yield what is shown of it: its tools; of a class whose instances make their own, how to make one."""
        if self._info.dynamic and not self._is_open:
            yield self.name + signature(self._info.arguments_schema) + _of_plugin(self._plugin)
            yield from _description(self._info.description)
        else:
            yield f"{self.name}:"
        for tool in self._tools:
            yield f"  {tool.name}{signature(tool.input_schema)}"
            yield from _description(tool.description, "    ")


def _registered(run: Run) -> Iterator[ListedTool | ListedToolbox]:
    """Yield everything that plugins registered. What another plugin's name hides goes by its qualified one."""
    said = functools.cache(lambda plugin: read_manifest(run.home, run.host.plugin(plugin)))
    seen: set[str] = set()
    for found in all_tools(run.host.index):
        name, plugin = found.qualified_name if found.name in seen else found.name, found.plugin.name
        seen.add(found.name)
        if found.is_toolbox:
            for info in said(plugin).toolboxes:
                if info.name == found.name:
                    yield ListedToolbox(name, info.tools, info=info, plugin=plugin)
        else:
            yield from (ListedTool(name, tool, plugin) for tool in said(plugin).tools if tool.name == found.name)


def _opened(run: Run, specifications: Sequence[str], functions: Sequence[str]) -> Iterator[ListedTool | ListedToolbox]:
    """Open what the person names, and yield it. Raises as `Tools.open` does."""
    from innkeeper.conversation.chain_tools import Tools

    with Tools(run.host, functions=functions) as own:
        yield from (ListedTool(tool.name, tool, None) for tool in own.definitions)
    meant = {text: find_tool(run.host.index, read_specification(text).name) for text in specifications}
    unknown = [read_specification(text).name for text, found in meant.items() if found is None]
    if unknown:
        raise unknown_tools(run.host.index, unknown)
    for text, found in meant.items():
        assert found is not None
        with Tools(run.host, [text]) as named:
            if not found.is_toolbox:
                yield from (ListedTool(tool.name, tool, tool.plugin) for tool in named.definitions)
            for info in toolbox_infos(run.home, found):
                yield ListedToolbox(text, named.definitions, info=info, plugin=found.plugin.name, is_open=True)


def signature(schema: dict[str, Any]) -> str:
    """Return the parameters that *schema* describes as Python writes them: ``(text: str, times: int = 1)``."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return "()"
    return f"({', '.join(_parameter(str(name), one) for name, one in properties.items())})"


def _parameter(name: str, schema: Any) -> str:
    details = schema if isinstance(schema, dict) else {}
    kinds = [one.get("type") for one in details.get("anyOf", [details]) if isinstance(one, dict)]
    known = [_TYPES[kind] for kind in kinds if isinstance(kind, str) and kind in _TYPES]
    text = f"{name}: {' | '.join(known)}" if known and len(known) == len(kinds) else name
    if "default" in details:
        text += f" = {details['default']!r}" if ": " in text else f"={details['default']!r}"
    return one_line(text, 200)


def _provider_json(tool: ServerSideTool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "signature": tool.signature or "(...)",
        "server_side": True,
    }


def _provider_paragraphs(model: Found, providers: Sequence[ServerSideTool]) -> Iterator[str]:
    yield f"Server-side tools for {model.model_id} (executed by the provider):"
    for tool in providers:
        yield tool.name + one_line(tool.signature or "(...)")
        yield from _description(tool.description)


def _of_plugin(plugin: str | None) -> str:
    return f" (plugin: {plugin})" if plugin else ""


def _description(text: str | None, indent: str = "  ") -> Iterator[str]:
    if text and text.strip():
        yield textwrap.indent(cleaned(inspect.cleandoc(text)), indent)


def _echo(paragraphs: Iterator[str]) -> None:
    for paragraph in paragraphs:
        click.echo(f"{paragraph}\n")
