"""A package index of the tests' own: the files of a folder, over HTTP on this machine."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve the wheels and sdists in *folder*; yield the URL of the server, where ``/simple`` is the index."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, kind, name, *_ = [*self.path.split("/"), "", ""]
            if kind == "files" and (folder / name).is_file():
                self._answer((folder / name).read_bytes(), "application/octet-stream")
                return
            links = [
                f'<a href="/files/{path.name}">{path.name}</a>'
                for path in sorted(folder.iterdir())
                if kind == "simple" and re.split(r"-\d", path.name)[0].replace("_", "-") == name
            ]
            if links:
                self._answer(
                    "<!DOCTYPE html><html><body>{}</body></html>".format("\n".join(links)).encode(), "text/html"
                )
            else:
                self.send_error(404)

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
