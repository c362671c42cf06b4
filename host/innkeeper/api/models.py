"""Finding models by name, for programs. All share one host, which starts plugins as they are needed.

The host is made by the first call and closed when the program ends; its plugins stay until then, so that a second
prompt does not wait for a start.
"""

from __future__ import annotations

import atexit
import os
import threading

from innkeeper.conversation.asynchronous import AsyncModel
from innkeeper.conversation.model import Model
from innkeeper.paths import find_home
from innkeeper.remote.catalogue import all_models
from innkeeper.remote.forks import renewed_in_children
from innkeeper.remote.host import Host

_lock = threading.Lock()
_host: Host | None = None


def get_model(name: str | None = None) -> Model:
    """Return the model with that id or alias; without a name, the default model. Nothing is started yet.

    Raises UnknownModel, with the nearest names.
    """
    host = shared_host()
    return Model(host, host.find_model(name))


def get_async_model(name: str | None = None) -> AsyncModel:
    """Return the model with that id or alias, for code on an event loop. Raises UnknownModel."""
    host = shared_host()
    return AsyncModel(host, host.find_model(name))


def get_models() -> list[Model]:
    """Return every model that an installed plugin registers. Starts nothing."""
    host = shared_host()
    return [Model(host, found) for found in all_models(host.index)]


def shared_host() -> Host:
    """Return the host of this process. A child after a fork has the same, which begins anew there."""
    global _host  # noqa: PLW0603  # one process, one host
    with _lock:
        if _host is None:
            _host = Host(find_home(), cwd=os.getcwd())
            renewed_in_children(_host)
            atexit.register(_host.close)
        return _host
