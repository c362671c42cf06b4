"""A loopback server that speaks OpenAI's API, and keeps what it was asked."""

from __future__ import annotations

import base64
import json
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

JSONMap = dict[str, Any]

HEADERS_THAT_MATTER = ("authorization", "content-type", "accept", "openai-organization", "openai-project")

CALL = {"name": "add", "arguments": '{"a": 2, "b": 3}'}
USAGE = {
    "prompt_tokens": 11,
    "completion_tokens": 7,
    "total_tokens": 18,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


class OpenAIServer:
    """*asked* are the requests so far: method, path, the headers that matter, and the body.

    *answer* takes the place of the usual answers: it gets the handler and the body, and sends what it likes.
    """

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.address = f"http://{self.host}/v1"
        self.asked: list[JSONMap] = []
        self.answer: Callable[[BaseHTTPRequestHandler, JSONMap], None] = answer

    def taken(self) -> list[JSONMap]:
        """Return what was asked since this was called last."""
        asked, self.asked = self.asked, []
        return asked


@contextmanager
def openai_server() -> Iterator[OpenAIServer]:
    """Run the server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == "/taken":
                send(self, json.dumps(running.taken()))
            elif self.path == "/v1/page.pdf":
                send(self, "%PDF-1.4 from afar", kind="application/pdf")
            else:
                self._answer({})

        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/pdf")
            self.end_headers()

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: JSONMap) -> None:
            headers = {
                name.lower(): value
                for name, value in self.headers.items()
                if name.lower() in HEADERS_THAT_MATTER or name.lower().startswith("x-test")
            }
            running.asked.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
            try:
                running.answer(self, body)
            except ConnectionError:  # who asked may have heard enough
                self.close_connection = True

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running = OpenAIServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(
    handler: BaseHTTPRequestHandler, content: str, *, status: int = 200, kind: str = "application/json", **headers: str
) -> None:
    """Send one answer. Names of *headers* are written with underscores."""
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(content.encode())))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(content.encode())


def send_events(handler: BaseHTTPRequestHandler, events: Iterable[JSONMap], *, is_cut: bool = False) -> None:
    """Send a stream of *events*, and its end unless it is cut."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for event in events:
        _send_chunk(handler, f"data: {json.dumps(event)}\n\n")
    if is_cut:
        handler.close_connection = True
    else:
        _send_chunk(handler, "data: [DONE]\n\n")
        _send_chunk(handler, "")


def _send_chunk(handler: BaseHTTPRequestHandler, text: str) -> None:
    content = text.encode()
    handler.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def answer(handler: BaseHTTPRequestHandler, body: JSONMap) -> None:
    """Answer as the API would: a model that is given tools calls the first time, and says hello the second."""
    kind = handler.path.removeprefix("/v1/")
    if kind == "models":
        send(handler, json.dumps({"object": "list", "data": [{"id": "one", "object": "model", "created": 1}]}))
    elif kind == "embeddings":
        send(handler, json.dumps(_embeddings(body)))
    elif kind == "completions":
        choice = {"index": 0, "text": " and on", "finish_reason": "stop", "logprobs": None}
        whole = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m", "choices": [choice]}
        _send_either(handler, body, {**whole, "usage": USAGE}, [whole])
    elif kind == "responses":
        _send_responses(handler, body)
    else:
        _send_chat(handler, body)


def chunk(delta: JSONMap | None, finish: str | None = None, **more: Any) -> JSONMap:
    """Return one event of a streamed chat completion."""
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {"id": "chat-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, **more}


def _send_chat(handler: BaseHTTPRequestHandler, body: JSONMap) -> None:
    calls = bool(body.get("tools")) and not any(message["role"] == "tool" for message in body["messages"])
    call = {"id": "call_1", "type": "function", "function": CALL}
    message = {"content": None, "tool_calls": [call]} if calls else {"content": "hello"}
    finish = "tool_calls" if calls else "stop"
    whole = {
        "id": "chat-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}],
        "usage": USAGE,
    }
    pieces = [{"tool_calls": [{"index": 0, **call}]}] if calls else [{"content": "hel"}, {"content": "lo"}]
    events = [chunk({"role": "assistant", "content": ""}), *map(chunk, pieces), chunk({}, finish)]
    _send_either(handler, body, whole, [*events, chunk(None, usage=USAGE)])


def _send_responses(handler: BaseHTTPRequestHandler, body: JSONMap) -> None:
    has_functions = any(tool["type"] == "function" for tool in body.get("tools", []))
    calls = has_functions and not any(item.get("type") == "function_call_output" for item in body["input"])
    thought = {"id": "rs_1", "type": "reasoning", "encrypted_content": "sealed", "summary": []}
    text = {"type": "output_text", "text": "hello", "annotations": []}
    said = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}
    call = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "status": "completed", **CALL}
    output: list[JSONMap] = [thought, call if calls else said]
    counted = {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18}
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 3}}
    whole = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "m",
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "top_p": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "output": output,
        "usage": {**counted, **details},
    }
    events: list[JSONMap] = [{"type": "response.created", "response": {**whole, "output": [], "status": "in_progress"}}]
    for place, item in enumerate(output):
        events.append({"type": "response.output_item.added", "output_index": place, "item": item})
        piece = {"output_index": place, "item_id": item["id"]}
        if item is said:
            delta = {"type": "response.output_text.delta", "content_index": 0, "delta": "hello", "logprobs": []}
            events.append({**delta, **piece})
        elif item is call:
            delta = {"type": "response.function_call_arguments.delta", "delta": CALL["arguments"]}
            events.append({**delta, **piece})
        events.append({"type": "response.output_item.done", "output_index": place, "item": item})
    events.append({"type": "response.completed", "response": whole})
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    _send_either(handler, body, whole, numbered)


def _send_either(handler: BaseHTTPRequestHandler, body: JSONMap, whole: JSONMap, events: list[JSONMap]) -> None:
    if body.get("stream"):
        send_events(handler, events)
    else:
        send(handler, json.dumps(whole))


def _embeddings(body: JSONMap) -> JSONMap:
    rows = []
    for number, text in enumerate([body["input"]] if isinstance(body["input"], str) else body["input"]):
        vector: Any = [float(len(text)), 0.5]
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack("<2f", *vector)).decode()
        rows.append({"object": "embedding", "index": number, "embedding": vector})
    return {"object": "list", "model": "m", "data": rows, "usage": {"prompt_tokens": 1, "total_tokens": 1}}
