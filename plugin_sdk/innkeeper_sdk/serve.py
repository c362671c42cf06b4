"""The plugin's side of the connection: which handler answers which method, and what they share.

A handler's adapter is imported when its method is first called: a prompt costs no click, a command no event loop.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallError
from innkeeper_protocol.payloads.base import Nothing

from .api_in_use import is_real
from .entry_points import LoadedPlugins, new_manager
from .failures import describe_error, still_loading
from .main_thread import MainThread, Unfinished
from .registry import Registry
from .served_calls import ServedCalls
from .working_directory import enter_directory

if TYPE_CHECKING:
    from innkeeper_protocol.link import Link
    from innkeeper_protocol.payloads.commands import RunCommandParams, RunCommandResult
    from innkeeper_protocol.payloads.describe import Description
    from innkeeper_protocol.payloads.embeddings import EmbedParams, EmbedResult
    from innkeeper_protocol.payloads.fragments import LoadFragmentsParams, LoadFragmentsResult
    from innkeeper_protocol.payloads.models import PromptParams, PromptResult
    from innkeeper_protocol.payloads.templates import LoadTemplateParams, Template
    from innkeeper_protocol.payloads.tools import (
        CallToolParams,
        CallToolResult,
        CloseToolboxParams,
        OpenToolboxParams,
        OpenToolboxResult,
    )
    from innkeeper_protocol.peer import Handler, IncomingCall, Peer

    from .adapters.tools import Toolboxes
    from .event_loop import EventLoop
    from .paths_tried import PathsTried


LOAD_S = 55.0
"""For importing a plugin: a little less than the host waits for `describe`, so that the person is told where it hangs.
A command is not bound by it, since their Ctrl-C ends that."""


class Service:
    """One plugin, served. *load* imports it; that happens once, with the first call that needs it.

    *main_thread* is where the plugin is imported and where its commands run; None: where they are asked for. What the
    plugin does is noted in *tried*, if there is one. Who asks for something waits *load_s* for the import.
    """

    def __init__(
        self,
        load: Callable[[LoadedPlugins], None],
        main_thread: MainThread | None = None,
        tried: PathsTried | None = None,
        load_s: float = LOAD_S,
    ) -> None:
        self.calls = ServedCalls()
        self._tried = tried
        self._load = load
        self._load_s = load_s
        self._main_thread = main_thread
        self._lock = threading.RLock()
        self._registry: Registry | None = None
        self._is_loaded = False
        self._loop: EventLoop | None = None
        self._toolboxes: Toolboxes | None = None

    @property
    def registry(self) -> Registry:
        """What the plugin registers; imports the plugin when asked for the first time.

        Code of the plugin that asks while it is being imported finds what there is by then.
        """
        if not self._is_loaded:
            if self._main_thread is None:
                self._load_once()
            else:
                try:
                    self._main_thread.start(self._load_once).outcome(self._load_s)
                except Unfinished as error:
                    raise still_loading(self._main_thread.frame(), self._load_s) from error
        assert self._registry is not None
        return self._registry

    def _load_once(self) -> None:
        with self._lock:
            if self._registry is None:
                loaded = LoadedPlugins(new_manager() if is_real() else None)
                self._registry = Registry(loaded)
                if self._tried is not None:
                    self._tried.watch()
                self._load(loaded)
                self._is_loaded = True

    def loop(self) -> EventLoop:
        """Return the event loop on which the plugin's async code runs."""
        with self._lock:
            if self._loop is None:
                from .event_loop import EventLoop

                self._loop = EventLoop()
            return self._loop

    def connect(self, link: Link) -> Peer:
        """Return the plugin's side of a connection over *link*."""
        from innkeeper_protocol.peer import Peer

        return Peer(link, role="plugin", handlers=self.handlers(), describe_error=describe_error)

    def handlers(self) -> dict[str, Handler]:
        """Return the handler of every method that a host may call."""
        handlers: dict[str, Handler] = {
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
        return {name: _guarded(handler, self._tried) for name, handler in handlers.items()}

    def describe(self, params: Nothing, call: IncomingCall) -> Description:
        """Say what the plugin registers."""
        from .adapters import describe
        from .files_read import FilesRead

        files_read = FilesRead()
        with files_read.watching():
            return describe.describe(self.registry, files_read)

    def prompt(self, params: PromptParams, call: IncomingCall) -> PromptResult:
        """Put a prompt to a model."""
        from .adapters import models

        enter_directory(params.cwd)
        with self._serving(call, params.depth):
            return models.prompt(self.registry, params, call, self.loop)

    def embed(self, params: EmbedParams, call: IncomingCall) -> EmbedResult:
        """Embed a batch."""
        from .adapters import embeddings

        with self._serving(call, params.depth):
            return embeddings.embed(self.registry, params)

    def open_toolbox(self, params: OpenToolboxParams, call: IncomingCall) -> OpenToolboxResult:
        """Make an instance of a toolbox."""
        enter_directory(params.cwd)
        with self._serving(call, params.depth):
            return self.toolboxes().open(params)

    def close_toolbox(self, params: CloseToolboxParams, call: IncomingCall) -> Nothing:
        """Forget an instance of a toolbox."""
        self.toolboxes().close(params.instance)
        return Nothing()

    def call_tool(self, params: CallToolParams, call: IncomingCall) -> CallToolResult:
        """Run a tool."""
        from .adapters.content import Outgoing

        enter_directory(params.cwd)
        with self._serving(call, params.depth):
            return self.toolboxes().call(params, call, Outgoing(call.peer.send_blob))

    def load_template(self, params: LoadTemplateParams, call: IncomingCall) -> Template:
        """Run a template loader."""
        from .adapters import templates

        enter_directory(params.cwd)
        with self._serving(call, params.depth):
            return templates.load(self.registry, params.prefix, params.path)

    def load_fragments(self, params: LoadFragmentsParams, call: IncomingCall) -> LoadFragmentsResult:
        """Run a fragment loader."""
        from .adapters import fragments
        from .adapters.content import Outgoing

        enter_directory(params.cwd)
        with self._serving(call, params.depth):
            return fragments.load(self.registry, params.prefix, params.argument, Outgoing(call.peer.send_blob))

    def run_command(self, params: RunCommandParams, call: IncomingCall) -> RunCommandResult:
        """Run a command on the person's terminal. Giving up on it is Ctrl-C to it."""
        from .adapters import commands

        enter_directory(params.cwd)
        with self._serving(call):
            if self._main_thread is None:
                return commands.run(self.registry, params)
            running = self._main_thread.start(lambda: commands.run(self.registry, params))
            call.on_cancel(running.interrupt)
            return running.outcome()

    @contextlib.contextmanager
    def _serving(self, call: IncomingCall, depth: int = 0) -> Iterator[None]:
        with self.calls.serving(depth) as served:
            call.on_cancel(served.cancel)
            yield

    def toolboxes(self) -> Toolboxes:
        """Return the open toolboxes of this process."""
        registry = self.registry  # not under the lock, which the main thread takes to import the plugin
        with self._lock:
            if self._toolboxes is None:
                from .adapters.tools import Toolboxes

                self._toolboxes = Toolboxes(registry, self.loop)
            return self._toolboxes

    def close(self) -> None:
        """End toolboxes, and what still runs on the event loop."""
        if self._toolboxes is not None:
            self._toolboxes.close_all()
        if self._loop is not None:
            self._loop.close()


def _guarded(handler: Handler, tried: PathsTried | None) -> Handler:
    """Return *handler* with every exception of the plugin turned into a failure, ``sys.exit()`` among them.

    Only Ctrl-C passes: it is meant for the process, not for one call. What was *tried* is told before the answer.
    """

    def guarded(params: Any, call: IncomingCall) -> Any:
        try:
            return handler(params, call)
        except (CallError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a stranger's code may raise anything
            if tried is not None:
                tried.add_error(error)
            raise describe_error(error) from error
        finally:
            if tried is not None:
                _tell(tried, call.peer)

    return guarded


def _tell(tried: PathsTried, peer: Peer) -> None:
    """Tell the host what the plugin tried, for the person to know what of that the sandbox refused."""
    found = tried.take()
    if found:
        from innkeeper_protocol.payloads.host_services import DenialParams

        for one in found:
            peer.notify(methods.DENIAL, DenialParams(kind=one.kind, what=one.what, operation=one.operation))
