"""The channel's descriptor, kept away from everything that a plugin may do to its standard streams.

The channel is a socket of its own. Descriptors 0, 1 and 2 belong to the plugin: for calls the host has put /dev/null
and the plugin's log there, for a command the person's terminal. Nothing here decides between the two.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import resource
import stat
import sys
from collections.abc import MutableMapping

CHANNEL_VARIABLE = "INNKEEPER_CHANNEL"
"""The environment variable that holds the number of the channel's descriptor."""

LOWEST_CHANNEL = 200
"""Where the channel goes: above the low numbers that plugins dup2() over or close by guess."""


class NoChannel(Exception):
    """The process was not started by a host: its channel is missing, or is no socket."""


def take_channel(environ: MutableMapping[str, str]) -> int:
    """Take the channel's descriptor out of *environ* and move it out of harm's way.

    Returns a new close-on-exec descriptor; the number that was inherited is closed, the variable removed, so that no
    grandchild gets either. Nothing else is closed. Raises NoChannel.
    """
    text = environ.pop(CHANNEL_VARIABLE, None)
    if text is None:
        raise NoChannel(
            f"{CHANNEL_VARIABLE} is not set: `python -m innkeeper_sdk` is started by innkeeper, not by hand"
        )
    try:
        inherited = int(text)
        is_socket = stat.S_ISSOCK(os.fstat(inherited).st_mode)
    except (ValueError, OSError, OverflowError) as error:
        raise NoChannel(f"{CHANNEL_VARIABLE} is {text!r}, which is no open descriptor: {error}") from error
    if not is_socket:
        raise NoChannel(f"{CHANNEL_VARIABLE} names descriptor {inherited}, which is not a socket")
    channel = fcntl.fcntl(inherited, fcntl.F_DUPFD_CLOEXEC, lowest_channel())
    os.close(inherited)
    return channel


def lowest_channel() -> int:
    """Return the lowest number for the channel that the limit on open files leaves room for."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY or limit > LOWEST_CHANNEL + 1:
        return LOWEST_CHANNEL
    return max(3, limit // 2)


def settle_streams() -> None:
    """Make sure that 0, 1 and 2 are taken, and that what is printed into a log gets there line by line.

    A closed standard stream would hand its number to the next file that is opened, and a stray print would land in it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
    if sys.stdout is not None and _same_file(1, 2) and not os.isatty(1):
        with contextlib.suppress(AttributeError):  # a stream that someone replaced
            sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def flush_streams() -> None:
    """Write out what Python still holds for stdout and stderr; a reader that left is no error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


def _same_file(first: int, second: int) -> bool:
    one, two = os.fstat(first), os.fstat(second)
    return (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)
