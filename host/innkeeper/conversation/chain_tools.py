"""The tools of a chain: what a person or a program named, opened, under the names by which a model calls them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any

import msgspec
from innkeeper_protocol.payloads.models import ServerSideTool, ToolDefinition
from innkeeper_sdk.api.tools import Tool, wrap_tools
from innkeeper_sdk.api.tools import Toolbox as OwnToolbox

from innkeeper.errors import PermissionDenied, UsageError
from innkeeper.remote.catalogue import Found
from innkeeper.remote.functions import function_tools, functions_toolbox
from innkeeper.remote.host import Host
from innkeeper.remote.manifests import model_info
from innkeeper.remote.tools import (
    RemoteTool,
    Toolbox,
    function_tool,
    paths_named_by,
    toolbox_infos,
    toolbox_tools,
)
from innkeeper.remote.tools_catalogue import FoundTool, find_tool, unknown_tools
from innkeeper.remote.tools_service import reaches_no_further
from innkeeper.remote.tools_specification import Specification, read_specification

from .prompt import Prompt, ToolboxUse
from .tool_calls_local import LocalTool
from .wanted import Wanted


class Tools:
    """Tools for one chain, or for many. A toolbox keeps its state until this is closed; ``with`` opens and closes it.

    *wanted* are names as people write them after ``-T``, `Wanted` where others did; functions, `Tool` and `Toolbox`
    objects of this program; and bare definitions of tools that this program runs itself. *functions* is Python code,
    run confined, whose functions are tools. *model* is whose provider's own tools may be named.
    """

    def __init__(
        self, host: Host, wanted: Iterable[Any] = (), *, functions: Sequence[str] = (), model: Found | None = None
    ) -> None:
        self._host = host
        self._wanted = [Wanted(one) if isinstance(one, str) else one for one in wanted]
        self._functions = list(functions)
        self._model = model
        self._lock = threading.Lock()
        self._is_open = False
        self._clear()

    def open(self) -> Tools:
        """Open every toolbox, unless that is done. Raises UnknownTool, UsageError, PluginError and the like; nothing is
        open then.
        """
        with self._lock:
            if not self._is_open:
                try:
                    self._open()
                except BaseException:
                    self._close_toolboxes()
                    raise
                self._is_open = True
        return self

    def close(self) -> None:
        """Let go of the toolboxes. They can be opened again, without what they kept."""
        with self._lock:
            self._is_open = False
            self._close_toolboxes()

    def __enter__(self) -> Tools:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def definitions(self) -> tuple[ToolDefinition, ...]:
        """The tools as the model sees them; each name is there once."""
        return tuple(self._definitions.values())

    @property
    def toolboxes(self) -> dict[str, ToolboxUse]:
        """What the tools that belong to a toolbox belong to, by the name of the tool."""
        return dict(self._uses)

    def definition(self, name: str) -> ToolDefinition | None:
        """Return the tool that a model calls *name*, None for one that it was not offered."""
        return self._definitions.get(name)

    def find(self, name: str) -> RemoteTool | LocalTool | None:
        """Return what runs the tool that a model calls *name*, None for one that nobody here runs."""
        return self._runs.get(name)

    def offered_in(self, prompt: Prompt) -> Prompt:
        """Return *prompt* with these tools."""
        return msgspec.structs.replace(prompt, tools=self.definitions, toolboxes=self.toolboxes)

    def _clear(self) -> None:
        self._definitions: dict[str, ToolDefinition] = {}
        self._runs: dict[str, RemoteTool | LocalTool] = {}
        self._uses: dict[str, ToolboxUse] = {}
        self._open_toolboxes: list[Toolbox] = []

    def _close_toolboxes(self) -> None:
        toolboxes = self._open_toolboxes
        self._clear()
        for toolbox in toolboxes:
            toolbox.close()

    def _open(self) -> None:
        named = {wanted.text: read_specification(wanted.text) for wanted in self._wanted if isinstance(wanted, Wanted)}
        found = self._found(named)
        for code in self._functions:
            toolbox = functions_toolbox(self._host, code)
            self._open_toolboxes.append(toolbox)
            for tool in function_tools(toolbox, self._host):
                self._add(tool.definition, tool)
        for wanted in self._wanted:
            if isinstance(wanted, ToolDefinition):
                self._add(wanted)
            elif not isinstance(wanted, Wanted):
                for own in _own_tools(wanted):
                    self._add(own.definition, own)
            elif isinstance(meant := found[wanted.text], ServerSideTool):
                self._add_server_side(meant, named[wanted.text])
            else:
                self._check_reach(meant, wanted)
                if meant.is_toolbox:
                    self._add_toolbox(meant, named[wanted.text], by_person=wanted.origin is None)
                else:
                    self._add_function(meant, named[wanted.text])

    def _found(self, named: dict[str, Specification]) -> dict[str, FoundTool | ServerSideTool]:
        """Return what each text means. Raises UnknownTool for all that mean nothing."""
        providers = self._providers() if named else {}
        found: dict[str, FoundTool | ServerSideTool] = {}
        unknown = []
        for text, specification in named.items():
            name = specification.name
            tool = providers.get(name) or find_tool(self._host.index, name)
            if tool is None:
                unknown.append(name)
            else:
                found[text] = tool
        if unknown:
            raise unknown_tools(self._host.index, unknown, list(providers))
        return found

    def _providers(self) -> dict[str, ServerSideTool]:
        if self._model is None:
            return {}
        return {tool.name: tool for tool in model_info(self._host.home, self._model).server_side_tools}

    def _check_reach(self, found: FoundTool, wanted: Wanted) -> None:
        """Raise PermissionDenied where a stranger's template names a tool that may do more than whoever made it."""
        origin, owner = wanted.origin, found.plugin.name
        if origin is None:
            return
        maker = origin.plugin.name if origin.plugin is not None else None
        if not reaches_no_further(self._host, owner, maker):
            raise PermissionDenied(
                f"Template {origin.called} may not have the tool {found.name} used.",
                why=f"It came from {maker or 'the web'}, and {owner} was allowed to do more than that.",
                hint=f"Name the tool yourself: -T {found.name}",
            )

    def _add_function(self, found: FoundTool, specification: Specification) -> None:
        if specification.has_arguments:
            raise UsageError(
                f"The tool {found.name} takes its arguments from the model.",
                hint=f"Name it alone: -T {found.name}",
            )
        tool = function_tool(self._host, found)
        if tool not in self._runs.values():
            self._add(tool.definition, tool)

    def _add_toolbox(self, found: FoundTool, specification: Specification, *, by_person: bool) -> None:
        for other in self._open_toolboxes:
            if (other.plugin, other.name, other.specification) == (found.plugin, found.name, specification):
                return
        named = paths_named_by(self._host, found, specification) if by_person else ()
        toolbox = Toolbox(self._host, found, specification, named=named)
        self._open_toolboxes.append(toolbox)
        use = ToolboxUse(
            name=found.name, plugin=found.plugin.name, arguments=_by_name(self._host, found, specification)
        )
        for tool in toolbox_tools(toolbox, self._host):
            self._add(tool.definition, tool, use)

    def _add_server_side(self, tool: ServerSideTool, specification: Specification) -> None:
        if specification.positional:
            raise UsageError(
                f"The arguments of {tool.name} have names.", hint=f"It is {tool.name}{tool.signature or '(...)'}"
            )
        named = ServerSideTool(name=tool.name, spec=specification.arguments)
        definition = ToolDefinition(name=tool.name, description=tool.description, server_side=named)
        self._add(definition, use=ToolboxUse(name=tool.name, arguments=specification.arguments))

    def _add(
        self, definition: ToolDefinition, tool: RemoteTool | LocalTool | None = None, use: ToolboxUse | None = None
    ) -> None:
        """Offer a tool, under a name that no other one has."""
        name, number = definition.name, 0
        while name in self._definitions:
            number += 1
            name = f"{definition.name}_{number}"
        self._definitions[name] = msgspec.structs.replace(definition, name=name)
        if tool is not None:
            self._runs[name] = tool
        if use is not None:
            self._uses[name] = use


def _own_tools(wanted: Any) -> list[LocalTool]:
    """Return the tools of what a program gave: a function, a Tool, or a Toolbox. Raises TypeError for anything else."""
    if isinstance(wanted, OwnToolbox) and not wanted._prepared:
        wanted.prepare()
        wanted._prepared = True
    return [LocalTool(tool) for tool in wrap_tools([wanted]) if isinstance(tool, Tool)]


def _by_name(host: Host, found: FoundTool, specification: Specification) -> dict[str, Any]:
    """Return the arguments of a toolbox by name, as the log keeps them: from them it is made again."""
    names = [name for info in toolbox_infos(host.home, found) for name in info.arguments_schema.get("properties", {})]
    return {**dict(zip(names, specification.positional, strict=False)), **specification.arguments}
