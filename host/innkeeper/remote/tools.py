"""Tools of plugins as local objects: toolboxes that are opened and closed, and calls that can be given up.

What a tool raises is part of its result; a plugin that fails or dies raises a `PluginError`. Everything that comes
back is a stranger's word: it is bounded here, and cleaned by whoever shows it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from innkeeper_protocol import methods
from innkeeper_protocol.payloads.content import Attachment, ToolCall
from innkeeper_protocol.payloads.models import ToolDefinition
from innkeeper_protocol.payloads.tools import (
    CallToolParams,
    CallToolResult,
    CloseToolboxParams,
    OpenToolboxParams,
    OpenToolboxResult,
    ToolboxInfo,
    ToolInfo,
)

from innkeeper.errors import PluginError, PluginMisbehaved
from innkeeper.installation import spoken
from innkeeper.installation.fingerprint import is_current
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.installation.manifest import read_manifest
from innkeeper.paths import Home
from innkeeper.untrusted import one_line

from .blobs import taken
from .named_paths import named_paths
from .tools_catalogue import FoundTool
from .tools_specification import Specification

if TYPE_CHECKING:
    from innkeeper.process.open_call import OpenCall
    from innkeeper.process.session import Session

    from .host import Host

OPENING_S = 300.0
"""For making an instance of a toolbox. Some start servers, which may have to be fetched first; a person has Ctrl-C."""

CLOSING_S = 2.0
"""For letting go of a toolbox. The plugin's answer does not wait for what the toolbox does at its end."""

MOST_TOOLS = 500
"""Of one toolbox. Servers of the Model Context Protocol offer some tens; no model is good with hundreds."""

DESCRIPTION_LETTERS = 20_000
EXCEPTION_LETTERS = 4000


class RunningTool:
    """One call of a tool. One thread waits for the result; any may cancel."""

    def __init__(self, session: Session, call: OpenCall[CallToolResult]) -> None:
        self._session = session
        self._call = call

    def result(self) -> CallToolResult:
        """Wait for what the tool gives. Raises a PluginError, Interrupted after a cancel."""
        with self._call as call:
            result = call.result()
        with self._session.translating(methods.CALL_TOOL):
            return checked_result(taken(result, self._session.peer))

    def cancel(self) -> None:
        """Tell the tool to stop, without waiting. One that goes on all the same is ended together with its plugin."""
        self._call.cancel()


class Toolbox:
    """An instance of a toolbox, in its plugin. *named* are paths that the person's arguments name.

    Where the plugin has died, the next call finds a new instance: what the old one kept is lost, as the call that saw
    it die has said.
    """

    def __init__(
        self, host: Host, found: FoundTool, specification: Specification, *, named: Iterable[str] = ()
    ) -> None:
        self.plugin = found.plugin
        self.name = found.name
        self.specification = specification
        self._host = host
        self._named = tuple(named)
        self._lock = threading.Lock()
        self._open: tuple[Session, OpenToolboxResult] | None = None

    def tools(self, depth: int = 0) -> tuple[ToolDefinition, ...]:
        """Return what the instance offers, which is made where it is not there. Raises a PluginError and the like."""
        return self.instance(depth)[1].tools

    def instance(self, depth: int = 0) -> tuple[Session, OpenToolboxResult]:
        """Return where the instance lives, with its number. Raises as `tools`."""
        with self._lock:
            if self._open is None or self._open[0].is_over:
                session = self._host.session(self.plugin, read=self._named)
                positional, arguments = self.specification.with_home_folder()
                params = OpenToolboxParams(
                    name=self.name, arguments=arguments, positional=positional, cwd=self._host.cwd, depth=depth
                )
                opened = session.call(methods.OPEN_TOOLBOX, params, timeout_s=OPENING_S)
                self._open = session, _checked_tools(opened, self.plugin, self.name)
            return self._open

    def close(self) -> None:
        """Let go of the instance, if there is one."""
        with self._lock:
            opened, self._open = self._open, None
        if opened is None or opened[0].is_over:
            return
        session, result = opened
        try:
            session.call(methods.CLOSE_TOOLBOX, CloseToolboxParams(instance=result.instance), timeout_s=CLOSING_S)
        except PluginError:
            return  # it is gone, and the instance with it


class RemoteTool(NamedTuple):
    """A tool of a plugin, as a model may call it. *name* is the plugin's name for it, the definition's the model's."""

    host: Host
    plugin: InstalledPlugin
    name: str
    definition: ToolDefinition
    toolbox: Toolbox | None = None

    @property
    def lane(self) -> str:
        """What tells apart the calls that can run at the same time: one plugin gets one after the other."""
        return self.plugin.name

    def start(self, call: ToolCall, *, depth: int = 0) -> RunningTool:
        """Have the plugin run the tool, with what a model asked for. Raises a PluginError and the like."""
        instance = None
        if self.toolbox is None:
            session = self.host.session(self.plugin)
        else:
            session, opened = self.toolbox.instance(depth)
            instance = opened.instance
        params = CallToolParams(
            name=self.name,
            arguments=call.arguments,
            instance=instance,
            tool_call_id=call.tool_call_id,
            cwd=self.host.cwd,
            depth=depth,
        )
        return RunningTool(session, session.stream(methods.CALL_TOOL, params))


def function_tool(host: Host, found: FoundTool) -> RemoteTool:
    """Return a function that a plugin registered. The plugin is started with the first call, but made ready now.

    Raises InstallError and the like.
    """
    if not is_current(host.home, found.plugin):
        host.session(found.plugin)  # rather than in the middle of an answer
        found = found._replace(plugin=host.plugin(found.plugin.name))
    said = (info for info in read_manifest(host.home, found.plugin).tools if info.name == found.name)
    info = next(said, ToolInfo(name=found.name))
    definition = ToolDefinition(
        name=found.name, description=info.description, input_schema=info.input_schema, plugin=found.plugin.name
    )
    return RemoteTool(host, found.plugin, found.name, definition)


def toolbox_infos(home: Home, found: FoundTool) -> list[ToolboxInfo]:
    """Return what the manifest says of a toolbox: one entry, or none where it says nothing by now."""
    return [info for info in read_manifest(home, found.plugin).toolboxes if info.name == found.name]


def paths_named_by(host: Host, found: FoundTool, specification: Specification) -> tuple[str, ...]:
    """Return the paths that arguments name which the person typed. Raises UsageError for the host's own files."""
    return named_paths(specification.texts(), found.plugin.name, home=host.home, cwd=host.cwd)


def toolbox_tools(toolbox: Toolbox, host: Host, *, depth: int = 0) -> list[RemoteTool]:
    """Open *toolbox* and return the tools of the instance. Raises a PluginError and the like."""
    return [
        RemoteTool(host, toolbox.plugin, definition.name, definition, toolbox) for definition in toolbox.tools(depth)
    ]


def _checked_tools(opened: OpenToolboxResult, plugin: InstalledPlugin, name: str) -> OpenToolboxResult:
    try:
        if len(opened.tools) > MOST_TOOLS:
            raise spoken.Unfit(f"has {len(opened.tools)} tools, and {MOST_TOOLS} is the most")
        return OpenToolboxResult(
            instance=opened.instance, tools=tuple(_checked_tool(tool, plugin) for tool in opened.tools)
        )
    except spoken.Unfit as error:
        raise PluginMisbehaved(
            plugin.name, f"Plugin '{plugin.name}' offers tools that cannot be used.", why=f"{name} {error}."
        ) from error


def _checked_tool(said: ToolDefinition, plugin: InstalledPlugin) -> ToolDefinition:
    return ToolDefinition(
        name=spoken.word(said.name),
        description=spoken.optional(said.description, DESCRIPTION_LETTERS),
        input_schema=spoken.json(said.input_schema),
        plugin=plugin.name,
    )


def checked_result(result: CallToolResult) -> CallToolResult:
    """Return *result* without paths, which nobody follows, and with words that are kept in the person's log cut."""
    return msgspec.structs.replace(
        result,
        attachments=tuple(map(_without_path, result.attachments)),
        exception=_sentence(result.exception),
        cancelled=_sentence(result.cancelled),
        paused=_sentence(result.paused),
    )


def _without_path(attachment: Attachment) -> Attachment:
    return attachment if attachment.path is None else msgspec.structs.replace(attachment, path=None)


def _sentence(text: Any) -> Any:
    return None if text is None else one_line(text, EXCEPTION_LETTERS)
