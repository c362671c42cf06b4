"""A plugin in a process of its own, started as a host starts it: ``python -m innkeeper_sdk`` with a channel."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.peer import Handler, Peer

LEAVING_S = 20.0
"""How long a process may take to leave: far longer than any that works."""


@contextlib.contextmanager
def plugin_process(
    python: Path,
    distribution: str,
    *,
    handlers: Mapping[str, Handler] | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.PIPE,
    stderr: int | IO[Any] = subprocess.PIPE,
) -> Iterator[tuple[Peer, subprocess.Popen[bytes]]]:
    """Start *distribution*'s process and shake hands with it. It has left when the block has ended."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [python, "-m", "innkeeper_sdk"],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=[theirs.fileno()],
            env={
                "PATH": os.environ["PATH"],
                "INNKEEPER_CHANNEL": str(theirs.fileno()),
                "INNKEEPER_PLUGIN": distribution,
                **(environment or {}),
            },
        )
    peer = Peer(SocketLink(ours), role="host", handlers=handlers or {})
    with process:
        try:
            peer.initialize()
            yield peer, process
        finally:
            peer.close()
            try:
                process.wait(LEAVING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
