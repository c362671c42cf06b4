"""What each plugin was allowed, used and refused, with times: a file a plugin, which only the host writes.

It is for the person to look back, so it is bounded: what is past ROTATED_BYTES is put aside, and of that only the last.
What stands in it may be a plugin's words; whoever shows it cleans it. Values of keys never do.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from innkeeper.paths import Home

ROTATED_BYTES = 256 * 1024
"""About 2,000 entries, and as many in the older file."""

TEXT_LETTERS = 400
"""Of one value."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"


def record(home: Home, plugin: str, event: str, **facts: Any) -> None:
    """Add an entry. A file that cannot be written loses it: what the plugin is asked is not held up by that.

    *event* is ``allowed``, ``allowed_once``, ``denied`` or ``started``, with *grants*; or ``used`` or ``refused``, with
    *kind* and *what*.
    """
    path = home.audit_file(plugin)
    entry = {"time": time.strftime(_TIME, time.gmtime()), "event": event}
    entry |= {name: fact[:TEXT_LETTERS] if isinstance(fact, str) else fact for name, fact in facts.items()}
    with suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(descriptor, json.dumps(entry).encode("ascii") + b"\n")
            if os.fstat(descriptor).st_size > ROTATED_BYTES and os.path.samestat(os.fstat(descriptor), os.stat(path)):
                os.replace(path, f"{path}.1")
        finally:
            os.close(descriptor)


def entries(home: Home, plugin: str) -> Iterator[dict[str, Any]]:
    """Yield what is kept about *plugin*, oldest first. A line that is broken is left out."""
    for path in reversed(audit_files(home, plugin)):
        with suppress(FileNotFoundError), open(path, encoding="ascii", errors="replace") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(entry, dict) and {"time", "event"} <= entry.keys():
                    yield entry


def time_of(entry: dict[str, Any]) -> int | None:
    """Return when *entry* was made, in seconds since 1970; None where that cannot be read."""
    from calendar import timegm  # which takes longer than all else here, and is for who reads alone

    try:
        return timegm(time.strptime(str(entry["time"]), _TIME))
    except ValueError:
        return None


def audit_files(home: Home, plugin: str) -> tuple[str, str]:
    """Return the paths of the file and of the older one."""
    path = home.audit_file(plugin)
    return path, f"{path}.1"
