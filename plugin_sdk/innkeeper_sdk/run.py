"""One run of a plugin's process: a connection over the channel, the plugin behind it, until the host leaves."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping

from innkeeper_protocol.errors import ConnectionLost
from innkeeper_protocol.link.socket import SocketLink

from .api.host import set_host
from .api.local import set_registrations
from .entry_points import PLUGIN_VARIABLE, LoadedPlugins, find_entry_points, load_plugins, missing_entry_points
from .host_services import PeerHost
from .llm_distribution import answer_for_llm
from .main_thread import MainThread
from .paths_tried import PathsTried
from .serve import Service

DEFERRED_VARIABLE = "INNKEEPER_DEFERRED"
"""The environment variable that names the classes of options for which pydantic can wait, by commas."""

RUNTIME_VARIABLE = "INNKEEPER_RUNTIME"
"""The environment variable by which the host says that the plugin's environment has the real ``llm``: ``llm``."""

INTERRUPTED = 130
"""What a shell sees of a program that Ctrl-C ended."""


def run(channel: int, environ: Mapping[str, str]) -> int:
    """Serve the plugin that *environ* names over descriptor *channel*. Returns the exit code.

    The connection is served by threads; the calling one, the main thread, imports the plugin and runs its commands.
    """
    distribution = environ.get(PLUGIN_VARIABLE)
    if not distribution:
        print(f"Error: {PLUGIN_VARIABLE} is not set: the host names the plugin to serve by it", file=sys.stderr)
        return 2

    def load(loaded: LoadedPlugins) -> None:
        entry_points = find_entry_points(distribution)
        if not entry_points:
            loaded.problems.append(missing_entry_points(distribution))
        load_plugins(entry_points, loaded)

    if environ.get(RUNTIME_VARIABLE) == "llm":
        from .real_llm.runtime import take_over

        take_over()
    main_thread = MainThread()
    service = Service(load, main_thread, PathsTried())
    peer = service.connect(SocketLink.from_descriptor(channel))
    answer_for_llm()
    set_host(PeerHost(peer, service.calls))
    set_registrations(lambda: service.registry)
    if deferred := environ.get(DEFERRED_VARIABLE):
        from .pydantic_later import defer

        defer(deferred.split(","))

    def serve() -> None:
        try:
            peer.serve()
        finally:
            main_thread.stop()

    threading.Thread(target=serve, name="innkeeper-serve", daemon=True).start()
    try:
        main_thread.work()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        service.close()
    if peer.why_closed is None or isinstance(peer.why_closed, ConnectionLost):
        return 0
    print(f"Error: the connection to the host ended: {peer.why_closed}", file=sys.stderr)
    return 1
