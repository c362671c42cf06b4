"""The plugin's side of ``transport.py``: a table of handlers over the channel in INNKEEPER_CHANNEL.

It may be started by any command, confined or not: everything it needs is on the channel.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator

from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.payloads.models import PromptParams, PromptResult
from innkeeper_protocol.payloads.tools import CallToolParams, CallToolResult
from innkeeper_protocol.peer import IncomingCall, Peer

CHUNK = "abcd "


def call_tool(params: CallToolParams, call: IncomingCall) -> CallToolResult:
    """``echo`` answers at once, ``block`` after some seconds, ``bytes`` with a blob, ``memory`` with kilobytes."""
    arguments = params.arguments
    if params.name == "block":
        time.sleep(arguments["seconds"])
    if params.name == "bytes":
        return CallToolResult(output=str(call.peer.send_blob(bytes(arguments["size"]))))
    if params.name == "memory":
        return CallToolResult(output=str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
    return CallToolResult(output="ok")


def prompt(params: PromptParams, call: IncomingCall) -> PromptResult:
    """Stream as many chunks as the options say, pausing *pause_s* before each."""
    options = params.prompt.options
    call.send_items(_chunks(options["count"], options.get("pause_s", 0)))
    return PromptResult()


def _chunks(count: int, pause_s: float) -> Iterator[str]:
    for _ in range(count):
        if pause_s:
            time.sleep(pause_s)
            yield f"{time.perf_counter():.7f}"
        else:
            yield CHUNK


def main() -> None:
    """Serve until the host leaves."""
    link = SocketLink.from_descriptor(int(os.environ["INNKEEPER_CHANNEL"]))
    Peer(link, role="plugin", handlers={"tools/call": call_tool, "models/prompt": prompt}).serve()


if __name__ == "__main__":
    main()
