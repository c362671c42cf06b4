"""Makes the plugin importable, which is no member of the workspace, and gives it a server to ask."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


class Server:
    """A loopback server. *asked* are the requests: method, path, headers by lower-case name, body.

    *answers* are what it says by path; *status* goes with all of it.
    """

    def __init__(self, port: int) -> None:
        self.address = f"http://127.0.0.1:{port}/v1"
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.status = 200
        message = {"role": "assistant", "content": "hello"}
        chat = {"id": "c", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        text = {"type": "output_text", "text": "answered", "annotations": []}
        output = [{"type": "message", "id": "m1", "role": "assistant", "content": [text]}]
        self.answers: dict[str, Any] = {
            "/v1/chat/completions": {**chat, "usage": USAGE},
            "/v1/responses": {"id": "r", "object": "response", "status": "completed", "output": output},
            "/v1/completions": {"id": "t", "choices": [{"index": 0, "text": " and on", "finish_reason": "stop"}]},
            "/v1/embeddings": {"data": [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]},
            "/v1/models": {"data": [{"id": "m-1", "object": "model", "created": 1700000000, "owned_by": "us"}]},
        }


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(None)

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: Any) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            running.asked.append((self.command, self.path, headers, body))
            content = json.dumps(running.answers[self.path]).encode()
            self.send_response(running.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's name
            """Say nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = Server(http.server_port)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield running
    http.shutdown()
    http.server_close()
    thread.join()


Write = Callable[[str, str], Path]


@pytest.fixture(autouse=True)
def write(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Write:
    """Return what writes one of the person's two files: ``write("first", TEXT)``; ``"second"`` is the other."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[3] / "plugins" / "openai"))
    paths = {name: tmp_path / name / "extra-openai-models.yaml" for name in ("first", "second")}
    monkeypatch.setenv("INNKEEPER_OPENAI_FILES", ":".join(map(str, paths.values())))
    for variable in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "INNKEEPER_OPENAI_MODELS"):
        monkeypatch.delenv(variable, raising=False)

    def write_file(name: str, text: str) -> Path:
        paths[name].parent.mkdir()
        paths[name].write_text(text, encoding="utf-8")
        return paths[name]

    return write_file
