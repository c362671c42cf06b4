"""What a child of a fork does with the hosts it inherits: their plugins are its parent's, and it starts its own.

Programs that import Innkeeper may fork after they have used it: `multiprocessing` does, and servers do. Both processes
would write to the plugins that run, and each would read what the other asked for.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from .host import Host

_hosts: WeakSet[Host] | None = None


def renewed_in_children(host: Host) -> None:
    """Have *host* begin anew in every process that is forked off this one."""
    global _hosts  # noqa: PLW0603  # the system calls what is registered for a fork for ever, so that is one function
    if _hosts is None:
        _hosts = WeakSet()
        os.register_at_fork(after_in_child=_renew)
    _hosts.add(host)


def _renew() -> None:
    for host in _hosts or ():
        host.renew()
