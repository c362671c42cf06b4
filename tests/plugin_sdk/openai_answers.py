"""What the scripted server answers, by the name of the model; the later answers are for later requests."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler
from typing import Any

JSONMap = dict[str, Any]


class Answer:
    """One answer: *events* for who asks for a stream, *whole* otherwise. *cut* ends the stream in the middle."""

    def __init__(
        self,
        whole: Any = None,
        events: Iterable[Any] = (),
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        content_type: str = "application/json",
        is_cut: bool = False,
        ends: bool = True,
    ) -> None:
        self.whole = whole
        self.events = list(events)
        self.status = status
        self.headers = headers or {}
        self.content_type = content_type
        self.is_cut = is_cut
        self.ends = ends

    def send(self, handler: BaseHTTPRequestHandler, *, is_stream: bool) -> None:
        """Send it."""
        if is_stream and self.events:
            self._send_events(handler)
            return
        content = self.whole.encode() if isinstance(self.whole, str) else json.dumps(self.whole).encode()
        handler.send_response(self.status)
        for name, value in {"Content-Type": self.content_type, "Content-Length": str(len(content))}.items():
            handler.send_header(name, value)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    def _send_events(self, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for event in self.events:
            text = event if isinstance(event, str) else f"data: {json.dumps(event)}\n\n"
            if isinstance(event, dict) and "sequence_number" in event:
                text = f"event: {event['type']}\n{text}"
            _send_chunk(handler, text)
        if self.is_cut:
            handler.close_connection = True
            return
        if self.ends:
            _send_chunk(handler, "data: [DONE]\n\n")
        _send_chunk(handler, "")


def _send_chunk(handler: BaseHTTPRequestHandler, text: str) -> None:
    content = text.encode()
    handler.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")


def usage(reasoning: int = 0) -> JSONMap:
    return {
        "prompt_tokens": 11,
        "completion_tokens": 7,
        "total_tokens": 18,
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
    }


def chunk(delta: JSONMap | None, finish: str | None = None, **more: Any) -> JSONMap:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "exact-model",
        "choices": choices,
        **more,
    }


def completion(message: JSONMap, finish: str = "stop", reasoning: int = 0) -> JSONMap:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "exact-model",
        "choices": [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}],
        "usage": usage(reasoning),
    }


def call(name: str, arguments: str, call_id: str) -> JSONMap:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


TEXT = Answer(
    completion({"content": "Hello, wörld"}),
    [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hello"}),
        ": a comment\n\n",
        chunk({"content": ", wörld"}),
        chunk({}, "stop"),
        chunk(None, usage=usage()),
    ],
)

REASONED = Answer(
    completion({"content": "42"}, reasoning=5),
    [chunk({"role": "assistant", "content": "42"}), chunk({}, "stop"), chunk(None, usage=usage(5))],
)

CALLS = Answer(
    completion(
        {"content": None, "tool_calls": [call("add", '{"a": 1, "b": 2}', "call_1"), call("now", "{}", "call_2")]},
        "tool_calls",
    ),
    [
        chunk({"role": "assistant", "content": None, "tool_calls": [{"index": 0, **call("add", "", "call_1")}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 1,'}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ' "b": 2}'}}]}),
        chunk({"tool_calls": [{"index": 1, **call("now", "{}", "call_2")}]}),
        chunk({}, "tool_calls"),
        chunk(None, usage=usage()),
    ],
)


def text_completion(text: str, **more: Any) -> JSONMap:
    choice = {
        "index": 0,
        "text": text,
        "finish_reason": more.pop("finish", None),
        "logprobs": more.pop("logprobs", None),
    }
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1700000000,
        "model": "exact-model",
        "choices": [choice],
        **more,
    }


CONTINUED = Answer(
    text_completion("and on", finish="stop", usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}),
    [
        text_completion("and", logprobs={"top_logprobs": [{"and": -0.5}]}),
        text_completion(" on", finish="stop"),
    ],
)

# The responses API


def response(output: list[JSONMap], **more: Any) -> JSONMap:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "status": "completed",
        "model": "exact-model",
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": {},
        "temperature": 1.0,
        "top_p": 1.0,
        "usage": {
            "input_tokens": 11,
            "input_tokens_details": {"cached_tokens": 4},
            "output_tokens": 7,
            "output_tokens_details": {"reasoning_tokens": 5},
            "total_tokens": 18,
        },
        **more,
    }


def message(text: str, item_id: str = "msg_1") -> JSONMap:
    content = {"type": "output_text", "text": text, "annotations": []}
    return {"id": item_id, "type": "message", "role": "assistant", "status": "completed", "content": [content]}


def reasoning(sealed: str, summary: str = "") -> JSONMap:
    texts = [{"type": "summary_text", "text": summary}] if summary else []
    return {"id": "rs_1", "type": "reasoning", "encrypted_content": sealed, "summary": texts}


def function_call(name: str, arguments: str, number: int) -> JSONMap:
    return {
        "id": f"fc_{number}",
        "type": "function_call",
        "status": "completed",
        "call_id": f"call_{number}",
        "name": name,
        "arguments": arguments,
    }


def numbered(*events: JSONMap) -> list[JSONMap]:
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def item_events(place: int, item: JSONMap, *between: JSONMap, begun: JSONMap | None = None) -> list[JSONMap]:
    started = {**item, "status": "in_progress"} if begun is None else begun
    return [
        {"type": "response.output_item.added", "output_index": place, "item": started},
        *({"output_index": place, "item_id": item["id"], **event} for event in between),
        {"type": "response.output_item.done", "output_index": place, "item": item},
    ]


def text_events(place: int, item: JSONMap, *pieces: str) -> list[JSONMap]:
    deltas = [
        {"type": "response.output_text.delta", "content_index": 0, "delta": piece, "logprobs": []} for piece in pieces
    ]
    return item_events(place, item, *deltas, begun={**item, "content": [], "status": "in_progress"})


def summary_events(place: int, item: JSONMap, *pieces: str) -> list[JSONMap]:
    deltas = [{"type": "response.reasoning_summary_text.delta", "summary_index": 0, "delta": piece} for piece in pieces]
    end = {"type": "response.reasoning_summary_text.done", "summary_index": 0, "text": "".join(pieces)}
    return item_events(place, item, *deltas, end, begun={**item, "summary": []})


def call_events(place: int, item: JSONMap, *pieces: str) -> list[JSONMap]:
    deltas = [{"type": "response.function_call_arguments.delta", "delta": piece} for piece in pieces]
    end = {"type": "response.function_call_arguments.done", "arguments": "".join(pieces), "name": item["name"]}
    return item_events(place, item, *deltas, end, begun={**item, "arguments": "", "status": "in_progress"})


def created() -> JSONMap:
    return {"type": "response.created", "response": response([], status="in_progress", usage=None)}


def completed(*output: JSONMap) -> JSONMap:
    return {"type": "response.completed", "response": response(list(output))}


SAID = Answer(
    response([reasoning("sealed-last", "I thought"), message("Hello, wörld")]),
    numbered(
        created(),
        *summary_events(0, reasoning("sealed-first", "I thought"), "I ", "thought"),
        *text_events(1, message("Hello, wörld"), "Hello", ", wörld"),
        completed(reasoning("sealed-last", "I thought"), message("Hello, wörld")),
    ),
    ends=False,
)

SAID_WITHOUT_REASONING = Answer(
    response([message("Plain")]),
    numbered(created(), *text_events(0, message("Plain"), "Pl", "ain"), completed(message("Plain"))),
    ends=False,
)

ASKED = Answer(
    response([reasoning("sealed"), function_call("add", '{"a": 1, "b": 2}', 1), function_call("now", "{}", 2)]),
    numbered(
        created(),
        *item_events(0, reasoning("sealed")),
        *call_events(1, function_call("add", '{"a": 1, "b": 2}', 1), '{"a": 1,', ' "b": 2}'),
        *call_events(2, function_call("now", "{}", 2), "{}"),
        completed(reasoning("sealed"), function_call("add", '{"a": 1, "b": 2}', 1), function_call("now", "{}", 2)),
    ),
    ends=False,
)

SEARCH: JSONMap = {
    "id": "ws_1",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "queries": ["pelicans"], "query": "pelicans"},
}
SEARCH_COMPLETE = {
    **SEARCH,
    "action": {**SEARCH["action"], "sources": [{"type": "url", "url": "https://example.com"}]},
}
CODE = {
    "id": "ci_1",
    "type": "code_interpreter_call",
    "status": "completed",
    "code": "print(6 * 7)",
    "container_id": "cntr_1",
    "outputs": [{"type": "logs", "logs": "42"}],
}

SEARCHED = Answer(
    response([message("Looking"), SEARCH_COMPLETE, CODE, message("Found", "msg_2")]),
    numbered(
        created(),
        *text_events(0, message("Looking"), "Looking"),
        *item_events(1, SEARCH),
        *item_events(2, CODE),
        *text_events(3, message("Found", "msg_2"), "Found"),
        completed(message("Looking"), SEARCH_COMPLETE, CODE, message("Found", "msg_2")),
    ),
    ends=False,
)

ANSWERS: dict[str, list[Answer]] = {
    "text": [TEXT],
    "reasoned": [REASONED],
    "calls": [CALLS, TEXT],
    "continued": [CONTINUED],
    "said": [SAID],
    "said-plainly": [SAID_WITHOUT_REASONING],
    "asked": [ASKED, SAID],
    "searched": [SEARCHED],
    "/v1/models": [
        Answer({"object": "list", "data": [{"id": "one", "object": "model"}, {"id": "two", "object": "model"}]})
    ],
    "embeds": [
        Answer(
            {
                "object": "list",
                "model": "embeds",
                "data": [
                    {"object": "embedding", "index": 0, "embedding": "AACAPwAAAEA="},
                    {"object": "embedding", "index": 1, "embedding": [3.0, 4.0]},
                ],
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
            }
        )
    ],
    # What goes wrong
    "wrong-key": [
        Answer(
            {"error": {"message": "Incorrect API key provided: sk-secret-key.", "type": "invalid_request_error"}},
            status=401,
        )
    ],
    "busy": [Answer({"error": {"message": "Rate limit reached"}}, status=429, headers={"Retry-After": "20"})],
    "busy-for-a-moment": [
        Answer({"error": {"message": "Rate limit reached"}}, status=429, headers={"Retry-After": "0"}),
        TEXT,
    ],
    "broken": [Answer("<html>oops</html>", status=500, content_type="text/html", headers={"Retry-After": "0"})],
    "cut": [Answer(events=[chunk({"content": "Hel"})], is_cut=True)],
    "no-json": [Answer("<html>not the API</html>", content_type="text/html")],
    "no-json-events": [Answer(events=["data: <html>\n\n"])],
    "error-among-events": [Answer(events=[chunk({"content": "Hel"}), {"error": {"message": "the model fell over"}}])],
    "gave-up": [
        Answer(
            events=numbered(
                created(),
                {
                    "type": "response.failed",
                    "response": response([], status="failed", error={"code": "x", "message": "no capacity"}),
                },
            ),
            ends=False,
        )
    ],
    "error-with-success": [Answer({"error": {"message": "sk-secret-key: out of credit"}})],
    "gave-up-at-once": [Answer(response([], status="failed", error={"code": "x", "message": "no capacity"}))],
    "no-choices": [Answer({"id": "c", "object": "chat.completion", "choices": []})],
    "something-else": [Answer({"hello": "world"})],
    "no-events": [Answer("all is well", content_type="text/plain")],
    "stops-early": [Answer(events=numbered(created()), ends=False)],
    "knows-no-streams": [Answer(completion({"content": "all at once"}))],
    "says-it-at-once": [Answer(response([message("all at once")]))],
}
