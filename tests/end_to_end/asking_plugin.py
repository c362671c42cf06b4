"""A plugin that tries whatever its prompt says, and one more model for whoever has its key; and a server to reach."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .plugin_source import write_plugin

CODE = """
import os
import subprocess
import tempfile
import traceback
import urllib.request

import llm


def try_to(action, what=""):
    if action == "net":
        return urllib.request.urlopen(what, timeout=10).read().decode()
    if action == "traced":
        try:
            return try_to("net", what)
        except OSError:
            traceback.print_exc()
            raise
    if action == "key":
        name, _, variable = what.partition("/")
        return str(llm.get_key("", name, variable or None))
    if action == "env":
        return os.environ.get(what, "unset")
    if action == "read":
        return open(what).read()
    if action == "look":
        if not os.path.exists(what):
            raise llm.ModelError("there is no " + what)
        return open(what).read()
    if action == "write":
        with open(what, "w") as file:
            return str(file.write("mine"))
    if action == "run":
        return subprocess.run([what], capture_output=True, text=True).stdout
    if action == "list":
        return " ".join(sorted(os.listdir(what)))
    if action == "temporary":
        with tempfile.NamedTemporaryFile("w+") as file:
            file.write("mine")
            file.flush()
            return open(file.name).read() + " ".join(os.listdir(tempfile.gettempdir()))[:0]
    if action == "say":
        raise llm.ModelError(str(llm.get_key("", what, None)))
    return "?"


class Asker(llm.Model):
    "Tries what each line of the prompt says; with ``quietly`` it swallows what goes wrong"

    model_id = {model_id!r}

    def execute(self, prompt, stream, response, conversation):
        for line in prompt.prompt.splitlines():
            quietly = line.startswith("quietly ")
            try:
                yield try_to(*line.removeprefix("quietly ").split(" ", 1)) + "\\n"
            except OSError as error:
                if not quietly:
                    raise
                yield "gave up\\n"


class Extra(llm.Model):
    model_id = {model_id!r} + "-extra"
    needs_key = "asker"
    key_env_var = "ASKER_KEY"

    def execute(self, prompt, stream, response, conversation):
        yield f"extra with {{self.get_key()}}"


@llm.hookimpl
def register_models(register):
    register(Asker())
    if llm.get_key("", "asker", "ASKER_KEY"):
        register(Extra())


@llm.hookimpl
def register_commands(cli):
    @cli.command(name={model_id!r} + "-try")
    @__import__("click").argument("action")
    @__import__("click").argument("what")
    def attempt(action, what):
        try:
            print(try_to(action, what))
        except OSError:
            print("gave up")
"""

PERMISSIONS = """

@llm.hookimpl
def register_permissions(request):
{requests}
"""


def asking_plugin(
    folder: Path, *requests: str, name: str = "llm-asker", model_id: str = "asker", version: str = "0.1.0"
) -> str:
    """Write the plugin, which asks for *requests*, lines such as ``request.net("a.example")``; return its path."""
    code = CODE.format(model_id=model_id)
    if requests:
        code += PERMISSIONS.format(requests="\n".join(f"    {line}" for line in requests))
    return write_plugin(folder, name, code, version=version)


class Greeter(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def greeting_server() -> Iterator[int]:
    """Serve "hello" on this machine; yield the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
