"""This project's own peer, with the tools that protocol/vectors/README.md asks of one under test.

``python -m tests.conformance.subject`` serves the channel in INNKEEPER_CHANNEL as INNKEEPER_ROLE says.
"""

from __future__ import annotations

import contextlib
import os
import threading

from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallCancelled, CallError, ProtocolViolation
from innkeeper_protocol.link import Link, SocketLink
from innkeeper_protocol.payloads.content import Attachment
from innkeeper_protocol.payloads.host_services import GetKeyParams, GetKeyResult
from innkeeper_protocol.payloads.models import PromptParams, PromptResult
from innkeeper_protocol.payloads.tools import CallToolParams, CallToolResult
from innkeeper_protocol.peer import IncomingCall, Peer

BOUND_S = 30.0
"""How long ``wait`` waits for its cancel: longer than any tester."""


def call_tool(params: CallToolParams, call: IncomingCall) -> CallToolResult:
    """Run one of the tools."""
    name, arguments = params.name, params.arguments
    if name == "echo":
        return CallToolResult(output=arguments["text"])
    if name == "key":
        return CallToolResult(output=call.peer.call(methods.GET_KEY, GetKeyParams(name=arguments["name"])).key or "")
    if name == "wait":
        cancelled = threading.Event()
        call.on_cancel(cancelled.set)
        cancelled.wait(BOUND_S)
        raise CallCancelled
    if name == "read":
        return CallToolResult(output=bytes(call.peer.take_blob(arguments["blob"])).decode())
    if name == "send":
        return CallToolResult(attachments=(Attachment(blob=call.peer.send_blob(arguments["text"].encode())),))
    raise ValueError("no")


def prompt(params: PromptParams, call: IncomingCall) -> PromptResult:
    """Stream the words of the prompt."""
    call.send_items((params.prompt.text or "").split())
    return PromptResult()


def get_key(params: GetKeyParams, call: IncomingCall) -> GetKeyResult:
    """Answer as the host's side."""
    return GetKeyResult(key=f"key of {params.name}")


def serve_as_plugin(link: Link) -> None:
    """Be a plugin until the tester leaves."""
    Peer(link, role="plugin", handlers={"tools/call": call_tool, "models/prompt": prompt}).serve()


def serve_as_host(link: Link) -> None:
    """Be a host until the tester leaves."""
    host = Peer(link, role="host", handlers={"host/get_key": get_key})
    with contextlib.suppress(CallError, ProtocolViolation):
        host.initialize()
    host.serve()
    host.close()


def main() -> None:
    """Serve the channel that a tester gave."""
    link = SocketLink.from_descriptor(int(os.environ["INNKEEPER_CHANNEL"]))
    if os.environ.get("INNKEEPER_ROLE") == "host":
        serve_as_host(link)
    else:
        serve_as_plugin(link)


if __name__ == "__main__":
    main()
