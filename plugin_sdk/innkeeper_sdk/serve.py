"""The plugin's side of the connection: which handler answers which method, and what they share.

A handler's adapter is imported when its method is first called: a prompt costs no click, a command no event loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallError
from innkeeper_protocol.payloads.base import Nothing

from .blobs import Blobs
from .depth import Depth
from .entry_points import LoadedPlugins
from .event_loop import EventLoop
from .failures import describe_error
from .files_read import FilesRead
from .registry import Registry
from .working_directory import enter_directory

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.commands import RunCommandParams, RunCommandResult
    from innkeeper_protocol.payloads.describe import Description
    from innkeeper_protocol.payloads.embeddings import EmbedParams, EmbedResult
    from innkeeper_protocol.payloads.fragments import LoadFragmentsParams, LoadFragmentsResult
    from innkeeper_protocol.payloads.models import PromptParams, PromptResult
    from innkeeper_protocol.payloads.session import BlobPartParams
    from innkeeper_protocol.payloads.templates import LoadTemplateParams, Template
    from innkeeper_protocol.payloads.tools import (
        CallToolParams,
        CallToolResult,
        CloseToolboxParams,
        OpenToolboxParams,
        OpenToolboxResult,
    )
    from innkeeper_protocol.peer import Handler, IncomingCall

    from .adapters.tools import Toolboxes


class Service:
    """One plugin, served. *load* imports it; that happens once, with the first call that needs it."""

    def __init__(self, load: Callable[[], LoadedPlugins]) -> None:
        self.loop = EventLoop()
        self.blobs = Blobs()
        self.depth = Depth()
        self.files_read = FilesRead()
        self._load = load
        self._lock = threading.RLock()
        self._registry: Registry | None = None
        self._toolboxes: Toolboxes | None = None

    @property
    def registry(self) -> Registry:
        """What the plugin registers; imports the plugin when asked for the first time."""
        with self._lock:
            if self._registry is None:
                self._registry = Registry(self._load())
            return self._registry

    def peer(self, link: Link) -> Peer:
        """Return the plugin's side of a connection over *link*; what the plugin asks its host for goes there, too."""
        from innkeeper_protocol.peer import Peer

        return Peer(link, role="plugin", handlers=self.handlers(), describe_error=describe_error)

    def handlers(self) -> dict[str, Handler]:
        """Return the handler of every method that a host may call."""
        handlers: dict[str, Handler] = {
            methods.BLOB_PART.name: self.keep_blob_part,
            methods.DESCRIBE.name: self.describe,
            methods.MODELS_PROMPT.name: self.prompt,
            methods.EMBED.name: self.embed,
            methods.OPEN_TOOLBOX.name: self.open_toolbox,
            methods.CLOSE_TOOLBOX.name: self.close_toolbox,
            methods.CALL_TOOL.name: self.call_tool,
            methods.LOAD_TEMPLATE.name: self.load_template,
            methods.LOAD_FRAGMENTS.name: self.load_fragments,
            methods.RUN_COMMAND.name: self.run_command,
        }
        return {name: _guarded(handler) for name, handler in handlers.items()}

    def keep_blob_part(self, params: BlobPartParams, call: IncomingCall) -> Nothing:
        """Keep a part of something that a later message names."""
        self.blobs.add(params)
        return Nothing()

    def describe(self, params: Nothing, call: IncomingCall) -> Description:
        """Say what the plugin registers."""
        from .adapters import describe

        return describe.describe(self.registry, self.files_read)

    def prompt(self, params: PromptParams, call: IncomingCall) -> PromptResult:
        """Put a prompt to a model."""
        from .adapters import models

        enter_directory(params.cwd)
        with self.depth.serving(params.depth):
            return models.prompt(self.registry, params, call, self.loop, self.blobs)

    def embed(self, params: EmbedParams, call: IncomingCall) -> EmbedResult:
        """Embed a batch."""
        from .adapters import embeddings

        with self.depth.serving(params.depth):
            return embeddings.embed(self.registry, params)

    def open_toolbox(self, params: OpenToolboxParams, call: IncomingCall) -> OpenToolboxResult:
        """Make an instance of a toolbox."""
        enter_directory(params.cwd)
        return self.toolboxes().open(params)

    def close_toolbox(self, params: CloseToolboxParams, call: IncomingCall) -> Nothing:
        """Forget an instance of a toolbox."""
        self.toolboxes().close(params.instance)
        return Nothing()

    def call_tool(self, params: CallToolParams, call: IncomingCall) -> CallToolResult:
        """Run a tool."""
        enter_directory(params.cwd)
        return self.toolboxes().call(params, call, lambda content: self.blobs.send(call.peer, content))

    def load_template(self, params: LoadTemplateParams, call: IncomingCall) -> Template:
        """Run a template loader."""
        from .adapters import templates

        enter_directory(params.cwd)
        return templates.load(self.registry, params.prefix, params.path)

    def load_fragments(self, params: LoadFragmentsParams, call: IncomingCall) -> LoadFragmentsResult:
        """Run a fragment loader."""
        from .adapters import fragments

        enter_directory(params.cwd)
        return fragments.load(
            self.registry, params.prefix, params.argument, lambda content: self.blobs.send(call.peer, content)
        )

    def run_command(self, params: RunCommandParams, call: IncomingCall) -> RunCommandResult:
        """Run a command on the person's terminal."""
        from .adapters import commands

        enter_directory(params.cwd)
        return commands.run(self.registry, params)

    def toolboxes(self) -> Toolboxes:
        """Return the open toolboxes of this process."""
        with self._lock:
            if self._toolboxes is None:
                from .adapters.tools import Toolboxes

                self._toolboxes = Toolboxes(self.registry, self.loop)
            return self._toolboxes

    def close(self) -> None:
        """End what still runs on the event loop."""
        self.loop.close()


def _guarded(handler: Handler) -> Handler:
    """Return *handler* with every exception of the plugin turned into a failure, ``sys.exit()`` among them.

    Only Ctrl-C passes: it is meant for the process, not for one call.
    """

    def guarded(params: Any, call: IncomingCall) -> Any:
        try:
            return handler(params, call)
        except (CallError, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  # a stranger's code may raise anything
            raise describe_error(error) from error

    return guarded
