"""What a plugin gets when it asks for a tool of another plugin: ``host/run_tool``.

Whose tool runs, runs with what its own plugin was allowed. So that no plugin reaches through another's tool what the
person did not allow *it*, it may run the tools of those plugins only that were allowed nothing beyond its own grants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.content import ToolCall
from innkeeper_protocol.payloads.host_services import RunToolParams
from innkeeper_protocol.payloads.tools import CallToolResult
from innkeeper_protocol.peer import IncomingCall

from innkeeper.confinement.grants import NOTHING
from innkeeper.errors import UsageError
from innkeeper.untrusted import one_line

from .blobs import sent_ahead
from .tools import RemoteTool, Toolbox, function_tool, toolbox_tools
from .tools_catalogue import FoundTool, find_tool
from .tools_specification import read_specification

if TYPE_CHECKING:
    from .host import Host

MOST_LETTERS = 10_000
"""Of a specification that a plugin writes."""

SHOWN_LETTERS = 200


def run_tool(host: Host, asking: str, params: RunToolParams, call: IncomingCall) -> CallToolResult:
    """Run a tool for the plugin *asking*: its own, or one that reaches no further.

    A toolbox is opened for this one call. Raises CallFailed, and the host's own errors.
    """
    found = _find(host, params.specification)
    if not reaches_no_further(host, found.plugin.name, asking):
        raise CallFailed(
            ErrorCode.DENIED, f"the tools of {found.plugin.name} may do more than {asking} was allowed to do"
        )
    specification = read_specification(params.specification)
    toolbox = Toolbox(host, found, specification) if found.is_toolbox else None
    try:
        if toolbox is None:
            tool = function_tool(host, found)
        else:
            tool = _named(toolbox_tools(toolbox, host, depth=params.depth), params.name)
        running = tool.start(ToolCall(name=tool.name, arguments=params.arguments), depth=params.depth)
        call.on_cancel(running.cancel)
        return sent_ahead(running.result(), call.peer)
    finally:
        if toolbox is not None:
            toolbox.close()


def reaches_no_further(host: Host, owner: str, asking: str | None) -> bool:
    """Say whether the plugin *asking*, None for a stranger, was allowed whatever the plugin *owner* was allowed."""
    if owner == asking:
        return True
    mine = host.granted(host.plugin(asking)) if asking is not None else NOTHING
    if mine.trust:
        return True
    beyond = host.granted(host.plugin(owner)).remove(mine)._replace(memory_bytes=None, file_bytes=None)
    return beyond == NOTHING


def _find(host: Host, specification: str) -> FoundTool:
    if len(specification) > MOST_LETTERS:
        raise CallFailed(ErrorCode.INVALID_PARAMS, "that is no name of a tool")
    try:
        name = read_specification(specification).name
    except UsageError as error:
        raise CallFailed(ErrorCode.INVALID_PARAMS, error.message) from error
    found = find_tool(host.index, name)
    if found is None:
        raise CallFailed(ErrorCode.NOT_FOUND, f"no tool '{one_line(name, SHOWN_LETTERS)}'")
    return found


def _named(tools: list[RemoteTool], name: str) -> RemoteTool:
    for tool in tools:
        if tool.name == name:
            return tool
    raise CallFailed(ErrorCode.NOT_FOUND, f"no tool '{one_line(name, SHOWN_LETTERS)}' in that toolbox")
