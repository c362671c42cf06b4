"""The plugin for OpenAI: it asks what the real ``llm`` asks, at whichever server, and tells what went wrong there."""

from __future__ import annotations

import functools
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import innkeeper
import msgspec
import pytest
from innkeeper_protocol.payloads.describe import Description
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo
from innkeeper_protocol.payloads.models import ModelInfo

from .inn import Inn
from .loader_plugins import DIRECT
from .openai_server import JSONMap, OpenAIServer, answer, chunk, openai_server, send, send_events

KEY = "sk-test-of-the-person"

EXTRA = """
- {model_id: mine, model_name: real-name, aliases: [my], api_base: ADDRESS, headers: {X-Test: birds}, audio: true,
   vision: true, supports_tools: true, supports_schema: true, reasoning: true}
- {model_id: keyed, model_name: keyed, api_base: ADDRESS, api_key_name: shop, can_stream: false}
- {model_id: same-key, model_name: same-key, api_base: ADDRESS, api_key_name: openai}
- {model_id: goes-on, model_name: goes-on, api_base: ADDRESS, completion: true}
- {model_id: answers, model_name: answers, api_base: ADDRESS, responses: true, reasoning: true}
- {model_id: elsewhere, model_name: tuned, vision: true}
"""

FUNCTIONS = """
def add(a: int, b: int) -> int:
    "Add two numbers"
    return a + b
"""


class OpenAIInn(Inn):
    """A home, and an environment that names *server* as OpenAI's. *folder* is the person's, with files."""

    def __init__(self, folder: Path, server: OpenAIServer) -> None:
        super().__init__(folder / "inn")
        self.folder = folder
        self.server = server
        self.more = {
            **DIRECT,
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": server.address,
            "OPENAI_ORG_ID": "org-1",
            "HOME": str(folder),
            "UV_CACHE_DIR": cache_of_uv(),
        }
        self.home.mkdir()

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        return super().environment({**self.more, **(more or {})})

    def write_models(self, text: str, folder: Path | None = None) -> Path:
        """Write a file of extra models, into the home where no *folder* is named; return where it is."""
        path = (folder or self.home) / "extra-openai-models.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text.replace("ADDRESS", self.server.address), "utf-8")
        return path


@functools.cache
def cache_of_uv() -> str:
    """Return where uv keeps what it fetched, also for a home folder that is not the person's."""
    asked = subprocess.run(["uv", "cache", "dir"], capture_output=True, text=True, timeout=30, check=True)
    return asked.stdout.strip()


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


@pytest.fixture(autouse=True)
def _usual_answers(server: OpenAIServer) -> Iterator[None]:
    yield
    server.answer = answer
    server.taken()


@pytest.fixture(scope="module")
def ready(server: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> OpenAIInn:
    """A home in which the plugin is ready and knows extra models. For tests that only ask."""
    inn = OpenAIInn(tmp_path_factory.mktemp("openai"), server)
    inn.write_models(EXTRA)
    inn.ok("keys", "set", "shop", stdin="sk-of-the-shop")
    for name, content in FILES.items():
        (inn.folder / name).write_bytes(content)
    inn.ok("-m", "gpt-4o", "make ready")
    server.taken()
    return inn


@pytest.fixture
def fresh(server: OpenAIServer, tmp_path: Path) -> OpenAIInn:
    """A home in which nothing was used yet."""
    return OpenAIInn(tmp_path, server)


FILES = {
    "photo.png": b"\x89PNG\r\n\x1a\nphoto",
    "page.pdf": b"%PDF-1.4 page",
    "sound.wav": b"RIFF\x00\x00\x00\x00WAVEfmt ",
    "speech.mp3": b"ID3speech",
}

Case = list[tuple[list[str], str]]
"""Commands one after the other, and what is piped into each."""


def one(*arguments: str, stdin: str = "") -> Case:
    return [([*arguments], stdin)]


LINK = ("--at", "https://example.com/a.jpg", "image/jpeg")
ALL_FILES = ("-a", "photo.png", *LINK, "-a", "page.pdf")

CASES: dict[str, Case] = {
    "plain": one("-m", "gpt-4o", "hi"),
    "by an alias, at once": one("-m", "4o-mini", "hi", "--no-stream"),
    "piped in": one("-m", "gpt-4", "say it", stdin="what I think"),
    "system prompt": one("-m", "gpt-3.5-turbo", "hi", "-s", "be kind"),
    "options": one(
        *("-m", "gpt-4.1", "as JSON", "-o", "temperature", "0.5", "-o", "max_tokens", "10", "-o", "top_p", "0.9"),
        *("-o", "frequency_penalty", "1", "-o", "presence_penalty", "-1", "-o", "stop", "END", "-o", "seed", "3"),
        *("-o", "logit_bias", '{"12": -100}', "-o", "json_object", "1", "-o", "service_tier", "flex"),
    ),
    "schema": one("-m", "gpt-4o", "a dog", "--schema", "name, age int: in years"),
    "schema for many": one("-m", "gpt-4o", "dogs", "--schema-multi", "name"),
    "tools": one("-m", "gpt-4o", "2 + 3", "--functions", FUNCTIONS),
    "tools at once": one("-m", "gpt-4o", "2 + 3", "--functions", FUNCTIONS, "--no-stream", "-s", "be exact"),
    "files": one("-m", "gpt-4o", "look", *ALL_FILES, "-o", "image_detail", "low"),
    "file at an address": one("-m", "gpt-4o", "look", "-a", "PAGE"),
    "responses, file at an address": one("-m", "gpt-5", "look", "--at", "PAGE", "application/pdf"),
    "file alone": one("-m", "gpt-4o-mini", "-a", "photo.png"),
    "sounds": one("-m", "my", "hear", "-a", "sound.wav", "--at", "speech.mp3", "audio/mpeg"),
    "async": one("-m", "gpt-4o", "hi", "-s", "be kind", "--async"),
    "conversation": [
        (["-m", "gpt-4o", "one", "-s", "be kind"], ""),
        (["-c", "two"], ""),
        (["-c", "three", "-a", "photo.png"], ""),
    ],
    "chat": one("chat", "-m", "gpt-4o", "-s", "be kind", stdin="one\ntwo\nquit\n"),
    "chat with tools": one("chat", "-m", "gpt-4o", "--functions", FUNCTIONS, stdin="one\ntwo\nquit\n"),
    "old completion": one("-m", "3.5-instruct", "once upon", "-o", "logprobs", "2"),
    "responses": one("-m", "gpt-5", "hi", "-s", "be kind"),
    "responses at once": one("-m", "o1", "hi"),
    "responses, reasoning": one(
        *("-m", "gpt-5.5", "hi", "-o", "reasoning_effort", "high", "-o", "reasoning_summary", "detailed"),
        *("-o", "verbosity", "low", "-o", "max_tokens", "9", "-o", "service_tier", "flex"),
    ),
    "responses, hidden reasoning": one("-m", "gpt-5", "hi", "-R"),
    "responses, schema": one("-m", "gpt-5-mini", "a dog", "--schema", "name, age int"),
    "responses, tools": one("-m", "gpt-5", "2 + 3", "--functions", FUNCTIONS),
    "responses, tools at once": one("-m", "o1", "2 + 3", "--functions", FUNCTIONS),
    "responses, files": one("-m", "gpt-5.4", "look", *ALL_FILES, "-o", "image_detail", "original"),
    "responses, tools of the provider": one("-m", "gpt-5", "find", "-T", 'WebSearch(search_context_size="low")'),
    "responses, async": one("-m", "gpt-5", "2 + 3", "--async", "--functions", FUNCTIONS),
    "responses, conversation": [(["-m", "gpt-5", "one", "-s", "be kind"], ""), (["-c", "two"], "")],
    "responses over chat": one("-m", "gpt-5", "hi", "-o", "chat_completions", "1", "-o", "reasoning_effort", "low"),
    "extra, headers": one("-m", "mine", "hi", "-o", "reasoning_effort", "low"),
    "extra, tools": one("-m", "mine", "2 + 3", "--functions", FUNCTIONS),
    "extra, its own key": one("-m", "keyed", "hi"),
    "extra, the same key": one("-m", "same-key", "hi"),
    "extra, completion": one("-m", "goes-on", "once upon"),
    "extra, responses": one("-m", "answers", "hi"),
    "extra, at OpenAI": one("-m", "elsewhere", "look", "-a", "photo.png"),
    "key by hand": one("-m", "gpt-4o", "hi", "--key", "sk-by-hand"),
    "key by its name": one("-m", "gpt-4o", "hi", "--key", "shop"),
    "endpoint": one("openai", "endpoint", "ADDRESS", "hi", "-m", "x", "-s", "be kind"),
    "endpoint, all kinds": one(
        *("openai", "endpoint", "ADDRESS", "look", "-m", "x", "--key", "sk-given", "-H", "X-Test", "1", "--no-stream"),
        *("-o", "temperature", "1", "-o", "verbosity", "low", "--schema", "name", *ALL_FILES, "-a", "sound.wav"),
    ),
    "endpoint, tools": one("openai", "endpoint", "ADDRESS", "2 + 3", "-m", "x", "--functions", FUNCTIONS),
    "endpoint, responses": one(
        "openai", "endpoint", "ADDRESS", "hi", "-m", "x", "--responses", "-o", "reasoning_effort", "low"
    ),
    "endpoint, chat": one(
        *("openai", "endpoint", "ADDRESS", "-m", "x", "-s", "be kind", "--chat", "-a", "photo.png"),
        stdin="one\ntwo\nquit\n",
    ),
    "endpoint, models": one("openai", "endpoint", "ADDRESS", "--models", "--key", "shop", "-H", "X-Test", "1"),
    "embedding": one("embed", "-m", "3-small", "-c", "a pelican"),
    "embedding, fewer numbers": one("embed", "-m", "3-large-256", "-c", "a pelican", "-f", "hex"),
    "embeddings": one("embed-multi", "birds", "-", "-m", "ada", "-d", "birds.db", stdin='[{"id": 1, "t": "a"}]'),
}

REAL = """
import json, sys, urllib.request
from click.testing import CliRunner
from llm.cli import cli

address = sys.argv[1]

def taken():
    return json.load(urllib.request.urlopen(address.removesuffix("/v1") + "/taken"))

taken()
asked, said = {}, {}
for name, commands in json.load(sys.stdin).items():
    results = [CliRunner().invoke(cli, arguments, input=stdin) for arguments, stdin in commands]
    said[name] = [[result.exit_code, result.stdout] for result in results]
    asked[name] = taken()
print(json.dumps([asked, said]))
"""


def placed(case: Case, inn: OpenAIInn) -> Case:
    """Return the commands of *case* with the server's address, and the paths of files, in them."""
    places = {
        "ADDRESS": inn.server.address,
        "PAGE": f"{inn.server.address}/page.pdf",
        "birds.db": str(inn.folder / "birds.db"),
    }
    places |= {name: str(inn.folder / name) for name in FILES}
    return [([places.get(word, word) for word in arguments], stdin) for arguments, stdin in case]


@pytest.fixture(scope="module")
def theirs(ready: OpenAIInn, real_python: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the real one asked, and what it wrote, by case."""
    folder = tmp_path_factory.mktemp("real")
    for name in ("extra-openai-models.yaml", "keys.json"):
        (folder / name).write_bytes((ready.home / name).read_bytes())
    environment = {name: value for name, value in ready.environment().items() if not name.startswith("PYTHON")}
    ran = subprocess.run(
        [real_python, "-c", REAL, ready.server.address],
        input=json.dumps({name: placed(case, ready) for name, case in CASES.items()}),
        env={**environment, "LLM_USER_PATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    (ready.folder / "birds.db").unlink()
    asked, said = json.loads(ran.stdout)
    return [asked, said]


@pytest.mark.parametrize("name", CASES)
def test_requests_are_those_of_the_real_one(name: str, ready: OpenAIInn, theirs: list[dict[str, Any]]) -> None:
    outcomes = [ready.run(*arguments, stdin=stdin) for arguments, stdin in placed(CASES[name], ready)]

    assert ready.server.taken() == theirs[0][name]
    if not {"chat", "--chat", "embed-multi"} & {*CASES[name][0][0]}:  # these greet in words of their own
        assert [[outcome.status, outcome.stdout] for outcome in outcomes] == theirs[1][name]


REAL_MODELS = """
import json, llm
def plain(schema):
    if isinstance(schema, dict):
        return {name: plain(value) for name, value in schema.items() if name not in ("description", "title")}
    return [plain(value) for value in schema] if isinstance(schema, list) else schema
models = [
    {
        "model_id": one.model.model_id, "label": str(one.model), "aliases": one.aliases,
        "has_async": one.async_model is not None, "can_stream": one.model.can_stream,
        "needs_key": one.model.needs_key, "key_env_var": one.model.key_env_var,
        "attachment_types": sorted(one.model.attachment_types), "supports_schema": one.model.supports_schema,
        "supports_tools": one.model.supports_tools, "options": plain(one.model.Options.model_json_schema()),
        "server_side_tools": [tool.__name__ for tool in one.model.supported_server_side_tools],
    }
    for one in llm.get_models_with_aliases() if "OpenAI" in str(one.model)
]
embedding = [
    {"model_id": one.model.model_id, "aliases": one.aliases, "batch_size": one.model.batch_size,
     "needs_key": one.model.needs_key, "key_env_var": one.model.key_env_var}
    for one in llm.get_embedding_models_with_aliases()
]
print(json.dumps([models, embedding]))
"""


def test_models_are_those_of_the_real_one(real: Callable[..., str]) -> None:
    """What ships about the plugin is what it says of itself; another test holds it to that."""
    path = Path(innkeeper.__file__).parent / "installation" / "default_plugins" / "manifests" / "innkeeper-openai.json"
    shipped = msgspec.json.decode(path.read_bytes(), type=Description)
    models, embedding_models = json.loads(real(REAL_MODELS))

    ours = [{**facts_of(one, models[0]), "options": plain(one.options_schema)} for one in shipped.models]
    assert ours == models
    assert [facts_of(one, embedding_models[0]) for one in shipped.embedding_models] == embedding_models


def facts_of(model: ModelInfo | EmbeddingModelInfo, wanted: Iterable[str]) -> JSONMap:
    """Return what is said of *model* under the names in *wanted*."""
    facts = {name: getattr(model, name) for name in wanted if name != "options"}
    if "server_side_tools" in facts:
        facts["server_side_tools"] = [tool.name for tool in facts["server_side_tools"]]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}


def plain(schema: Any) -> Any:
    """Return a JSON schema without its words."""
    if isinstance(schema, dict):
        return {name: plain(value) for name, value in schema.items() if name not in ("description", "title")}
    return [plain(value) for value in schema] if isinstance(schema, list) else schema


def refuse(status: int, said: Any, **headers: str) -> Callable[[BaseHTTPRequestHandler, JSONMap], None]:
    """Return what answers everything so."""
    content = said if isinstance(said, str) else json.dumps({"error": {"message": said["message"]}})
    kind = "text/html" if isinstance(said, str) else "application/json"
    return lambda handler, body: send(handler, content, status=status, kind=kind, **headers)


FAILURES: dict[str, tuple[Callable[[BaseHTTPRequestHandler, JSONMap], None], str]] = {
    "wrong key": (
        refuse(401, {"message": f"Incorrect API key provided: {KEY}."}),
        "HOST answered 401, it does not take the key: Incorrect API key provided: [key].",
    ),
    "too many": (
        refuse(429, {"message": "Rate limit reached"}, Retry_After="20"),
        "HOST answered 429, too many requests, or nothing left to spend; it can be asked again in 20 s: "
        "Rate limit reached",
    ),
    "broken": (
        refuse(500, "<html>oh no</html>", Retry_After="0"),
        "HOST answered 500, it failed; it can be asked again in 0 s",
    ),
    "no such model": (
        refuse(404, {"message": "The model `gpt-4o` does not exist"}),
        "HOST answered 404, it has no such model, or no such address: The model `gpt-4o` does not exist",
    ),
    "no JSON": (
        refuse(200, "<html>a page</html>"),
        "HOST answered with what is no JSON object (text/html): '<html>a page</html>'",
    ),
    "no API": (
        lambda handler, body: send(handler, '{"hello": "world"}'),
        "the server's answer has no 'choices'",
    ),
    "not events": (
        lambda handler, body: send(handler, "hello", kind="text/plain"),
        "HOST answered with no events (text/plain)",
    ),
    "an error in a stream": (
        lambda handler, body: send_events(handler, [chunk({"content": "hel"}), {"error": {"message": "fell over"}}]),
        "HOST answered 200, it refused: fell over",
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_failure_of_a_server_is_told_in_a_sentence(name: str, ready: OpenAIInn) -> None:
    ready.server.answer, says = FAILURES[name]

    told = ready.fails("-m", "gpt-4o", "hi")

    assert told == f"Error: {says}\n".replace("HOST", ready.server.host)
    assert KEY not in ready.log("innkeeper-openai")


def test_answer_that_is_cut_short_is_told_behind_what_came(ready: OpenAIInn) -> None:
    ready.server.answer = lambda handler, body: send_events(handler, [chunk({"content": "hel"})], is_cut=True)

    outcome = ready.run("-m", "gpt-4o", "hi")

    assert (outcome.status, outcome.stdout) == (1, "hel")
    assert outcome.stderr.startswith(f"Error: the answer of {ready.server.host} was cut short: ")
    assert "Traceback" not in outcome.stderr


def test_answer_is_shown_as_it_comes(ready: OpenAIInn) -> None:
    is_seen = threading.Event()

    def slow(handler: BaseHTTPRequestHandler, body: JSONMap) -> None:
        def events() -> Iterator[JSONMap]:
            yield chunk({"content": "hel"})
            is_seen.wait(30)
            yield chunk({"content": "lo"})
            yield chunk({}, "stop")

        send_events(handler, events())

    ready.server.answer = slow
    with ready.running("-m", "gpt-4o", "hi") as process:
        assert process.stdout is not None
        assert process.stdout.read(3) == "hel"
        is_seen.set()
        assert process.stdout.read() == "lo\n"
        assert process.wait(30) == 0


def test_silent_server_is_given_up_by_ctrl_c(ready: OpenAIInn) -> None:
    is_asked, is_over = threading.Event(), threading.Event()

    def silent(handler: BaseHTTPRequestHandler, body: JSONMap) -> None:
        is_asked.set()
        is_over.wait(60)

    ready.server.answer = silent
    with ready.running("-m", "gpt-4o", "hi") as process:
        assert is_asked.wait(30)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 130
    is_over.set()


def test_server_that_is_not_there_is_named(ready: OpenAIInn) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        told = ready.fails("-m", "gpt-4o", "hi", environment={"OPENAI_BASE_URL": f"http://{host}/v1"})
    assert told.startswith(f"Error: {host} cannot be reached: ")


def test_key_that_is_missing_is_asked_for(ready: OpenAIInn) -> None:
    told = ready.fails("-m", "gpt-4o", "hi", environment={"OPENAI_API_KEY": ""})
    assert told == (
        "Error: No key found - add one using 'llm keys set openai' or set the OPENAI_API_KEY environment variable\n"
    )
    assert ready.server.taken() == []


def test_stored_key_counts_before_the_variable(fresh: OpenAIInn) -> None:
    fresh.ok("keys", "set", "openai", stdin="sk-stored")
    assert fresh.ok("-m", "gpt-4o", "hi") == "hello\n"
    assert [asked["headers"]["authorization"] for asked in fresh.server.taken()] == ["Bearer sk-stored"]
    assert fresh.ok("models", "default") == "smollm2\n"


def test_commands_are_described_without_a_start(fresh: OpenAIInn) -> None:
    assert "openai" in fresh.ok("--help")
    assert "endpoint" in fresh.ok("openai", "--help")
    assert "--responses" in fresh.ok("openai", "endpoint", "--help")
    assert "gpt-4o-mini" in fresh.ok("models")
    assert not (fresh.home / "plugins").exists()


def test_models_of_openai_are_listed(ready: OpenAIInn) -> None:
    assert ready.ok("openai", "models") == (
        "id     owned_by    created                  \none                1970-01-01T00:00:01+00:00\n"
    )
    assert [(one["method"], one["path"]) for one in ready.server.taken()] == [("GET", "/v1/models")]


def test_endpoint_may_be_reached_for_that_run_alone(ready: OpenAIInn) -> None:
    """The plugin gets no other server, and the server no key, and nothing is logged."""
    with openai_server() as other:
        count = len(json.loads(ready.ok("logs", "--json", "-n", "0")))
        assert ready.ok("openai", "endpoint", other.address, "hi", "-m", "x") == "hello\n"
        assert [one["headers"]["authorization"] for one in other.taken()] == ["Bearer DUMMY_KEY"]
        assert other.host not in ready.ok("plugins", "permissions", "openai")
    assert len(json.loads(ready.ok("logs", "--json", "-n", "0"))) == count


def test_file_of_models_counts_from_the_next_command_on(fresh: OpenAIInn) -> None:
    """Also where the plugin was never used, and in either place."""
    fresh.write_models("- {model_id: first, model_name: x, api_base: ADDRESS}")
    assert fresh.ok("-m", "first", "hi") == "hello\n"

    fresh.write_models("- {model_id: second, model_name: y, aliases: [two], api_base: ADDRESS}", fresh.folder / ".llm")
    assert fresh.ok("-m", "two", "hi") == "hello\n"
    assert [one["body"]["model"] for one in fresh.server.taken()] == ["x", "y"]

    fresh.write_models("- {model_id: third, model_name: z, api_base: ADDRESS}")
    listed = fresh.ok("models")
    assert "third" in listed
    assert "second" in listed
    assert "first" not in listed
    assert "Unknown model: first" in fresh.fails("-m", "first", "hi")


def test_broken_file_is_told_and_hides_nothing_else(fresh: OpenAIInn) -> None:
    path = fresh.write_models("- {model_id: good, model_name: x, api_base: ADDRESS}\n- {model_id: bad, vision: maybe}")
    says = f"{path}: bad: vision has to be true or false"

    listed = fresh.run("models")
    assert "good" in listed.stdout
    assert says in listed.stderr
    assert says in fresh.fails("-m", "bad", "hi")
    assert fresh.ok("-m", "good", "hi") == "hello\n"
    assert fresh.ok("-m", "gpt-4o", "hi") == "hello\n"

    fresh.write_models("- model_id: [")
    assert f"{path}: line 1, column 14" in fresh.run("models").stderr
    assert fresh.ok("-m", "gpt-4o", "hi") == "hello\n"


def test_server_that_a_file_names_no_more_is_out_of_reach(fresh: OpenAIInn) -> None:
    with openai_server() as other:
        fresh.write_models(f"- {{model_id: there, model_name: x, api_base: {other.address}}}")
        assert fresh.ok("-m", "there", "hi") == "hello\n"
        assert f"reach {other.host}" in fresh.ok("plugins", "permissions", "openai")
        fresh.write_models("[]")
        assert other.host not in fresh.ok("plugins", "permissions", "openai")
