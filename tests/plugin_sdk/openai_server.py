"""A loopback server that speaks OpenAI's API from a script: what it answers depends on the model that is asked for."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .openai_answers import ANSWERS, Answer


class OpenAIServer:
    """*asked* are the requests so far: path, body, and the headers that matter, by the question they are for.

    A question begins with a GET of ``/question/NAME``.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.question = ""
        self.asked: dict[str, list[dict[str, Any]]] = {"": []}


@contextlib.contextmanager
def openai_server() -> Iterator[OpenAIServer]:
    """Run the server on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            place, _, name = self.path.rpartition("/")
            if place.endswith("/question"):
                running.question = name
                running.asked[name] = []
                Answer({}).send(self, is_stream=False)
            else:
                self._answer({})

        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def _answer(self, body: dict[str, Any]) -> None:
            asked = running.asked[running.question]
            turn = sum(1 for one in asked if one["body"].get("model") == body.get("model"))
            headers = {
                name.lower(): value
                for name, value in self.headers.items()
                if name.lower() in ("authorization", "content-type", "accept") or name.lower().startswith("x-test")
            }
            asked.append({"path": self.path, "body": body, "headers": headers})
            scripted = ANSWERS[str(body.get("model", self.path))]
            answer: Answer = scripted[min(turn, len(scripted) - 1)]
            with contextlib.suppress(ConnectionError):  # who asked may have heard enough
                answer.send(self, is_stream=bool(body.get("stream")))

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = OpenAIServer(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
