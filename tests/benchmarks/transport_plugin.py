"""The plugin's side of ``transport.py``: handlers over the channel that the host gave.

A script, run in an environment of its own, confined: it needs nothing of this repository but the protocol's package.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.payloads.models import PromptParams, PromptResult
from innkeeper_protocol.payloads.tools import CallToolParams, CallToolResult
from innkeeper_protocol.peer import IncomingCall, Peer

CHUNK = "abcd "

CONTENT = bytes(range(256)) * 200_000
"""What ``bytes`` sends: there already, as whatever a plugin sends is."""


def call_tool(params: CallToolParams, call: IncomingCall) -> CallToolResult:
    """``block`` answers after some seconds, ``bytes`` with a blob, ``memory`` with kilobytes, all others at once."""
    arguments = params.arguments
    if params.name == "block":
        time.sleep(arguments["seconds"])
    if params.name == "bytes":
        return CallToolResult(output=str(call.peer.send_blob(memoryview(CONTENT)[: arguments["size"]])))
    if params.name == "memory":
        return CallToolResult(output=str(own_kilobytes()))
    return CallToolResult(output="ok")


def prompt(params: PromptParams, call: IncomingCall) -> PromptResult:
    """Stream as many chunks as the options say, pausing *pause_s* before each."""
    options = params.prompt.options
    call.send_items(_chunks(options["count"], options.get("pause_s", 0)))
    return PromptResult()


def _chunks(count: int, pause_s: float) -> Iterator[str]:
    if pause_s:
        for _ in range(count):
            time.sleep(pause_s)
            yield f"{time.perf_counter():.7f}"
    for _ in range(0 if pause_s else count):
        yield CHUNK


def own_kilobytes() -> int:
    """Return the memory that is resident now: not the most that ever was."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def main() -> None:
    """Serve until the host leaves."""
    link = SocketLink.from_descriptor(int(os.environ["INNKEEPER_CHANNEL"]))
    Peer(link, role="plugin", handlers={"tools/call": call_tool, "models/prompt": prompt}).serve()


if __name__ == "__main__":
    main()
