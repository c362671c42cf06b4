"""A loopback server with the wire formats of four providers: Ollama, Anthropic, OpenAI, and Together's old API.

Each answers that it heard the last thing that was said; with tools on offer it asks for the first one, and then says
what that gave.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import ssl
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

OLLAMA_MODELS = {"tiny:latest": ["completion", "tools"], "vectors:latest": ["embedding"]}

USAGE = {"input_tokens": 3, "output_tokens": 4}


class Providers(BaseHTTPRequestHandler):
    """Answers by path: no two of the providers share one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/api/tags":
            self._json({"models": [_ollama_model(name) for name in OLLAMA_MODELS]})
        elif self.path == "/api/version":
            self._json({"version": "0.12.0"})
        elif self.path.startswith("/models/info"):
            model = {"name": "org/small", "isFeaturedModel": True, "config": {"stop": ["</s>"]}}
            self._json([model, {"name": "org/other"}])
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self._answer(self.path.partition("?")[0], asked):
            self.send_error(404)

    def _answer(self, path: str, asked: dict[str, Any]) -> bool:
        """Answer what was *asked* at *path*, or return False."""
        answers = {
            "/api/show": self._ollama_show,
            "/api/chat": self._ollama_chat,
            "/api/embed": self._ollama_embed,
            "/v1/messages": self._anthropic_messages,
            "/v1/messages/count_tokens": self._anthropic_count,
            "/v1/chat/completions": self._openai_chat,
            "/api/inference": self._together,
        }
        if path not in answers:
            return False
        answers[path](asked)
        return True

    def _ollama_show(self, asked: dict[str, Any]) -> None:
        name = asked.get("model") or asked.get("name")
        self._json(
            {
                "capabilities": OLLAMA_MODELS[str(name)],
                "details": _details(),
                "model_info": {"general.architecture": "llama", "llama.context_length": 2048},
                "modelfile": "",
                "parameters": "",
                "template": "",
            }
        )

    def _ollama_chat(self, asked: dict[str, Any]) -> None:
        result = next((said["content"] for said in asked["messages"] if said["role"] == "tool"), None)
        message: dict[str, Any] = {"role": "assistant", "content": _words(asked["messages"][-1]["content"], result)}
        if asked.get("tools") and result is None:
            name = asked["tools"][0]["function"]["name"]
            message = {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"function": {"name": name, "arguments": {}}}],
            }
        done = {"done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 4}
        lines = [{"done": False}, done]
        lines[0]["message"], lines[1]["message"] = message, {"role": "assistant", "content": ""}
        both = [{"model": asked["model"], "created_at": "2025-01-01T00:00:00Z", **line} for line in lines]
        if asked.get("stream", True):
            self._send("".join(json.dumps(line) + "\n" for line in both), "application/x-ndjson")
        else:
            self._json(both[0] | {**done, "message": message})

    def _ollama_embed(self, asked: dict[str, Any]) -> None:
        texts = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
        self._json({"model": asked["model"], "embeddings": [[float(len(text)), 0.5] for text in texts]})

    def _anthropic_messages(self, asked: dict[str, Any]) -> None:
        last = asked["messages"][-1]["content"]
        parts = [{"type": "text", "text": last}] if isinstance(last, str) else last
        result = next((part["content"] for part in parts if part["type"] == "tool_result"), None)
        text = _words("".join(part.get("text", "") for part in parts), result if result is None else json.dumps(result))
        block: dict[str, Any] = {"type": "text", "text": ""}
        delta: dict[str, Any] = {"type": "text_delta", "text": text}
        reason = "end_turn"
        if asked.get("tools") and result is None:
            block = {"type": "tool_use", "id": "toolu_1", "name": asked["tools"][0]["name"], "input": {}}
            delta = {"type": "input_json_delta", "partial_json": "{}"}
            reason = "tool_use"
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": asked["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": USAGE,
        }
        events: list[dict[str, Any]] = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": USAGE},
            {"type": "message_stop"},
        ]
        lines = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
        self._send(lines, "text/event-stream")

    def _anthropic_count(self, asked: dict[str, Any]) -> None:
        self._json({"input_tokens": 100 + len(json.dumps(asked["messages"]))})

    def _openai_chat(self, asked: dict[str, Any]) -> None:
        result = next((said["content"] for said in asked["messages"] if said["role"] == "tool"), None)
        message: dict[str, Any] = {"role": "assistant", "content": _words(_text(asked["messages"][-1]), result)}
        reason = "stop"
        if asked.get("tools") and result is None:
            function = {"name": asked["tools"][0]["function"]["name"], "arguments": "{}"}
            calls = [{"index": 0, "id": "call_1", "type": "function", "function": function}]
            message, reason = {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"
        shared = {"id": "c1", "created": 1, "model": asked["model"]}
        if not asked.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            self._json({**shared, "object": "chat.completion", "choices": [choice]})
            return
        choices: list[dict[str, Any]] = [
            {"index": 0, "delta": message, "finish_reason": None},
            {"index": 0, "delta": {}, "finish_reason": reason},
        ]
        lines = [json.dumps({**shared, "object": "chat.completion.chunk", "choices": [choice]}) for choice in choices]
        self._send("".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]), "text/event-stream")

    def _together(self, asked: dict[str, Any]) -> None:
        said = {"choices": [{"text": _words(asked["prompt"].strip(), None)}]}
        self._send(f"data: {json.dumps(said)}\n\ndata: [DONE]\n\n", "text/event-stream")

    def _json(self, content: Any) -> None:
        self._send(json.dumps(content), "application/json")

    def _send(self, text: str, content_type: str) -> None:
        content = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _words(heard: str, result: str | None) -> str:
    return f"heard {heard}" if result is None else f"the tool said {result}"


def _text(message: dict[str, Any]) -> str:
    """Return what a message of OpenAI's says, whichever way it does."""
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or ())


def _details() -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "1B",
        "quantization_level": "Q4_0",
    }


def _ollama_model(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "model": name,
        "modified_at": "2025-01-01T00:00:00Z",
        "size": 1000,
        "digest": hashlib.sha256(name.encode()).hexdigest(),
        "details": _details(),
    }


class Server(ThreadingHTTPServer):
    """Says nothing of those who hang up: it is they who know why."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def providers(
    port: int = 0, certificate: Path | None = None, answers: type[BaseHTTPRequestHandler] = Providers
) -> Iterator[int]:
    """Run the server on *port* of this machine, by TLS where it has a *certificate*; yield the port."""
    server = Server(("127.0.0.1", port), answers)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # Shaking hands in the thread of the connection: whoever never does would keep all others waiting.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
