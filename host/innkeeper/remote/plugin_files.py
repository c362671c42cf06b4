"""Files that a plugin names for the host to read: only what the plugin could read itself.

A template that a plugin made may say that a file goes with the prompt. The host would read it with the person's rights
and hand it to a model, which may be the same plugin's; so it reads for the plugin what the plugin was granted, no more.
"""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterable

from innkeeper.errors import PermissionDenied, UsageError
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.untrusted import one_line

from .host import Host

SHOWN_LETTERS = 300


def read_for_plugin(host: Host, plugin: InstalledPlugin, path: str, *, shown: Iterable[str] = ()) -> bytes:
    """Return the content of the file that *plugin* calls *path*. *shown* are paths that the person named for it.

    Raises PermissionDenied for what the plugin may not read, UsageError for what is no file.
    """
    name = one_line(path, SHOWN_LETTERS)
    try:
        # Held, not opened: a fifo would make us wait, a device do something. Where it is cannot be changed any more.
        held = os.open(os.path.join(host.cwd or "/", path), os.O_PATH | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise _denied(plugin, name) from error  # whether it exists is not the plugin's to know either
    try:
        itself = f"/proc/self/fd/{held}"
        real = os.readlink(itself)
        if not any(real == folder or real.startswith(folder + "/") for folder in _readable(host, plugin, shown)):
            raise _denied(plugin, name)
        if not stat.S_ISREG(os.fstat(held).st_mode):
            raise UsageError(f"{name} is no file.", why=f"Plugin '{plugin.name}' asked for it.")
        with open(itself, "rb") as file:
            return file.read()
    except OSError as error:
        raise UsageError(f"{name} cannot be read.", why=str(error)) from error
    finally:
        os.close(held)


def _readable(host: Host, plugin: InstalledPlugin, shown: Iterable[str]) -> list[str]:
    """Return the real paths of what *plugin* may read: what was granted, what was shown, its data, its environment."""
    granted = host.granted(plugin)
    if granted.trust:
        return [""]
    own = [host.home.data_dir(plugin.name), *plugin.extra_read]
    if plugin.is_ready:
        own.append(plugin.venv(host.home))
    theirs = (*granted.read, *granted.write, *shown)  # as they were when the person named them: no link is followed
    return [path.rstrip("/") for path in (*theirs, *map(os.path.realpath, own))]


def _denied(plugin: InstalledPlugin, name: str) -> PermissionDenied:
    return PermissionDenied(
        f"Plugin '{plugin.name}' may not read {name}, so nothing of it is sent for the plugin.",
        hint=f"To allow that: llm plugins allow {plugin.name} --read {shlex.quote(name)}",
    )
