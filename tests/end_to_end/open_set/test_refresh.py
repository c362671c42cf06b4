"""Plugins whose registrations hang on a server, a file, a key: asked anew when that may have changed."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.end_to_end.inn import Inn
from tests.end_to_end.plugin_source import write_plugin

WORLDLY = """
import json, os, urllib.request
import click, llm

class Named(llm.Model):
    def __init__(self, model_id):
        self.model_id = model_id

    def execute(self, prompt, stream, response, conversation):
        yield f"{self.model_id} answers"

def of_server():
    with urllib.request.urlopen(os.environ["WORLDLY_HOST"], timeout=5) as answer:
        return json.load(answer)

@llm.hookimpl
def register_models(register):
    for model_id in of_server():
        register(Named(model_id))
"""

HOARDER = """
import json
import click, llm

FILE = "hoarder_models.json"

class Named(llm.Model):
    def __init__(self, model_id):
        self.model_id = model_id

    def execute(self, prompt, stream, response, conversation):
        yield f"{self.model_id} answers"

@llm.hookimpl
def register_models(register):
    path = llm.user_dir() / FILE
    if path.exists():
        for model_id in json.loads(path.read_text()):
            register(Named(model_id))

@llm.hookimpl
def register_commands(cli):
    @cli.command(name="hoard")
    @click.argument("model_id")
    def hoard(model_id):
        (llm.user_dir() / FILE).write_text(json.dumps([model_id]))
"""


class Registry(BaseHTTPRequestHandler):
    """Says which models there are."""

    models: ClassVar[list[str]] = []
    asked: ClassVar[list[str]] = []
    answers = threading.Event()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.answers.wait(60)
        content = json.dumps(self.models).encode()
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def registry() -> Iterator[str]:
    Registry.models, Registry.asked = [], []
    Registry.answers.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    Registry.answers.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def worldly(inn: Inn, registry: str, tmp_path: Path) -> Inn:
    source = write_plugin(tmp_path, "worldly", WORLDLY)
    outcome = inn.run("install", source)
    assert outcome.status == 0, outcome
    assert "It did not register everything: register_models: KeyError: 'WORLDLY_HOST'" in outcome.stderr
    inn.ok("plugins", "allow", "worldly", "--net", registry, "--env", "WORLDLY_HOST")
    return inn


def refreshed(inn: Inn, *names: str, environment: dict[str, str]) -> str:
    outcome = inn.run("plugins", "refresh", *names, environment=environment)
    assert (outcome.status, outcome.stdout) == (0, "")
    return outcome.stderr.splitlines()[-1]


def test_models_of_a_server_come_and_go(worldly: Inn, registry: str) -> None:
    environment = {"WORLDLY_HOST": f"http://{registry}"}
    Registry.models = ["first", "second"]

    assert refreshed(worldly, "worldly", environment=environment) == "worldly: new: first, second"
    assert [line for line in worldly.ok("models").splitlines() if line.startswith("Named: ")] == [
        "Named: first",
        "Named: second",
    ]
    Registry.models = ["second", "third"]
    assert refreshed(worldly, environment=environment) == "worldly: new: third; gone: first"


def test_a_model_that_is_new_on_the_server_is_found_when_it_is_asked_for(worldly: Inn, registry: str) -> None:
    environment = {"WORLDLY_HOST": f"http://{registry}"}
    Registry.models = ["fresh"]

    assert worldly.ok("-m", "fresh", "hi", environment=environment) == "fresh answers\n"
    asked = len(Registry.asked)
    assert worldly.ok("-m", "fresh", "hi", environment=environment) == "fresh answers\n"
    assert len(Registry.asked) == asked + 1, "a model that is known is asked at once, by its plugin's own hook"


def test_a_name_that_stays_unknown_says_which_plugin_could_not_tell(worldly: Inn) -> None:
    message = worldly.fails("-m", "nowhere", "hi")

    assert "Unknown model: nowhere" in message
    assert "worldly could not say which models it has: KeyError: 'WORLDLY_HOST'" in message


def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_the_bound(worldly: Inn, registry: str) -> None:
    environment = {"WORLDLY_HOST": f"http://{registry}"}
    Registry.answers.clear()

    assert "Unknown model: nowhere" in worldly.fails("-m", "nowhere", "hi", environment=environment, timeout_s=60)


def test_files_of_the_real_llm_are_taken_over_and_count_at_once(inn: Inn, tmp_path: Path) -> None:
    old = tmp_path / "io.datasette.llm"
    old.mkdir()
    (old / "hoarder_models.json").write_text('["kept"]', "utf-8")
    (old / "keys.json").write_text('{"openai": "secret"}', "utf-8")
    inn.ok("install", write_plugin(tmp_path, "hoarder", HOARDER))

    assert (
        inn.ok("plugins", "import-data", "hoarder", "--from", str(old), "--dry-run") == f"{old}/hoarder_models.json\n"
    )
    assert inn.ok("plugins", "import-data", "hoarder", "--from", str(old)) == "hoarder_models.json  8 bytes\n"
    assert inn.ok("-m", "kept", "hi") == "kept answers\n"
    assert "keys.json is not copied" in inn.fails(
        "plugins", "import-data", "hoarder", "--from", str(old), "--file", "keys.json", status=2
    )
