"""Plugins whose registrations hang on the world: they list what a server has, or read a file that comes and goes.

What such a plugin said when it was described may be old. So where a name means nothing, these plugins are asked anew
before the host gives up: several at once, each for a bounded time, and not again in this run for a while.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from innkeeper.errors import InnkeeperError, UnknownModel
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.paths import Home
from innkeeper.untrusted import one_line

if TYPE_CHECKING:
    from .host import Host

ASKED_S = 10.0
"""For one plugin. A server that runs lists its models in far less; the slowest imports take 3 s."""

ALL_ASKED_S = 20.0
"""For all of them together. What is not over by then goes on, and counts for the next command."""

AT_ONCE = 4

NOT_AGAIN_S = 60.0
"""A name that means nothing is often a slip, and a program may ask for many of them."""

HOOKS = ("register_models", "register_embedding_models")


class Latecomers:
    """The plugins of *host* that may register by now what the index does not say."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = threading.Lock()
        self._asked_at = -NOT_AGAIN_S
        self._found_any = False

    def ask(self, *, wait: bool = True) -> bool:
        """Ask them anew, unless that was done just now; say whether any was asked.

        Who comes while they are being asked learns what they say, too. A plugin that is being asked may be who comes:
        it must not *wait*. One that fails says so when it is used itself.
        """
        if not self._lock.acquire(blocking=wait):
            return False
        try:
            if time.monotonic() - self._asked_at < NOT_AGAIN_S:
                return self._found_any
            host = self._host
            found = [plugin for plugin in host.index.plugins if may_have_more(host.home, plugin, host.environ)]
            if found:
                host.progress(f"Asking what is there by now: {', '.join(plugin.name for plugin in found)}")
                _all_at_once([partial(host.refresh, plugin, wait_s=ASKED_S) for plugin in found])
                host.reread_index()
            self._asked_at = time.monotonic()
            self._found_any = bool(found)
            return self._found_any
        finally:
            self._lock.release()


def may_have_more(home: Home, plugin: InstalledPlugin, environ: Mapping[str, str] = os.environ) -> bool:
    """Say whether *plugin* may register more models by now: it reached for the network when it was asked, a hook of
    it failed, or a file that it read has changed.
    """
    from innkeeper.installation.openai_settings import may_register_more

    if may_register_more(home, plugin, environ):
        return True
    has_models = plugin.is_ready and any(hook in plugin.hooks for hook in HOOKS)
    return has_models and (plugin.looks_outside or any(problem.startswith(HOOKS) for problem in plugin.problems))


def with_what_failed(error: UnknownModel, plugins: Iterable[InstalledPlugin]) -> UnknownModel:
    """Return *error*; where a plugin could not say what models it has, that is a reason."""
    failed = [
        f"{plugin.name} could not say which models it has: {one_line(problem.partition(': ')[2], 300)}"
        for plugin in plugins
        for problem in plugin.problems
        if problem.startswith(HOOKS)
    ]
    error.why = "\n".join(filter(None, [error.why, *failed[:3]]))
    return error


def _all_at_once(errands: list[Callable[[], object]]) -> None:
    """Run *errands*, AT_ONCE of them at a time, and wait for them, at most ALL_ASKED_S; what they raise is nothing."""
    room = threading.Semaphore(AT_ONCE)
    deadline = time.monotonic() + ALL_ASKED_S

    def run(errand: Callable[[], object]) -> None:
        with room:
            if time.monotonic() < deadline:
                try:
                    errand()
                except (InnkeeperError, OSError):
                    return

    threads = [threading.Thread(target=run, args=(errand,), daemon=True, name="innkeeper-ask") for errand in errands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
