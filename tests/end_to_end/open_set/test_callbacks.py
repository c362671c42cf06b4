"""What a plugin's code asks of `llm` and does not find in its own process: the host answers it, by other plugins."""

from __future__ import annotations

import json

import pytest

from tests.end_to_end.inn import Inn
from tests.end_to_end.plugin_source import write_plugin

from .real_llm_plugins import PARROT

CALLER = """
import asyncio, json, os, threading
import llm
from llm.cli import get_default_model, load_template


def conversation(text):
    talk = llm.get_model("parrot").conversation()
    return [talk.prompt(text).text(), talk.prompt("again", system="s").text(), len(talk.responses)]


async def together(text):
    model = llm.get_async_model("async-parrot")
    return sorted(await asyncio.gather(*(model.prompt(f"{text} {number}").text() for number in range(5))))


def own(text):
    "A model of the plugin's own is called right here, in this process."
    return llm.get_model("pid").prompt("").text() == str(os.getpid())


def threads(text):
    answers = []
    def ask(number):
        answers.append(llm.get_model("parrot").prompt(f"{text} {number}").text())
    running = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in running: thread.start()
    for thread in running: thread.join()
    return sorted(answers)


def key(text):
    return [llm.get_key("", "granted"), llm.get_key("", "other"), llm.get_key("given-by-hand", "granted")]


def models(text):
    return sorted(
        name
        for one in llm.get_models_with_aliases()
        for name in [(one.model or one.async_model).model_id, *one.aliases]
        if name in ("pid", "parrot", "async-parrot", "caller", "polly")
    )


def template(text):
    loaded = load_template("greetings:x")
    return [loaded.evaluate("you")[0], loaded.system]


def embedded(text):
    model = llm.get_embedding_model("lengths")
    return [model.embed(text), list(model.embed_multi(["a", "bb"]))]


def streamed(text):
    return list(llm.get_model("parrot").prompt(text))


WAYS = {
    "conversation": conversation,
    "async": lambda text: asyncio.run(together(text)),
    "own": own,
    "threads": threads,
    "key": key,
    "models": models,
    "default": lambda text: [get_default_model(), llm.get_model().model_id],
    "template": template,
    "embedded": embedded,
    "alias": lambda text: llm.set_alias("by-plugin", "pid"),
    "directory": lambda text: [llm.user_dir().name, llm.user_dir().parent.name, llm.user_dir().is_dir()],
    "streamed": streamed,
    "option": lambda text: llm.get_model("loud").prompt(text, loud=True).text(),
    "wrong option": lambda text: llm.get_model("loud").prompt(text, quiet=True).text(),
    "unknown": lambda text: llm.get_model("no-such-model").prompt(text).text(),
    "failing": lambda text: llm.get_model("failing").prompt(text).text(),
}


class Caller(llm.Model):
    model_id = "caller"

    def execute(self, prompt, stream, response, conversation):
        way, _, text = prompt.prompt.partition(":")
        try:
            yield json.dumps(WAYS[way](text))
        except Exception as error:
            yield f"{type(error).__name__}: {error}"


class Pid(llm.Model):
    model_id = "pid"

    def execute(self, prompt, stream, response, conversation):
        yield str(os.getpid())


class Ping(llm.Model):
    model_id = "ping"

    def execute(self, prompt, stream, response, conversation):
        left = int(prompt.prompt)
        yield f"ping {left} "
        if left:
            yield llm.get_model("pong").prompt(str(left - 1)).text()


@llm.hookimpl
def register_commands(cli):
    @cli.command(name="name-pid")
    def name_pid():
        llm.set_alias("by-plugin", "pid")


@llm.hookimpl
def register_models(register):
    register(Caller())
    register(Pid())
    register(Ping())
"""

OTHER = """
import llm


class Pong(llm.Model):
    model_id = "pong"

    def execute(self, prompt, stream, response, conversation):
        left = int(prompt.prompt)
        yield f"pong {left} "
        if left:
            yield llm.get_model("ping").prompt(str(left - 1)).text()


class Loud(llm.Model):
    model_id = "loud"

    class Options(llm.Options):
        loud: bool = False

    def execute(self, prompt, stream, response, conversation):
        yield prompt.prompt.upper() if prompt.options.loud else prompt.prompt


class Failing(llm.Model):
    model_id = "failing"

    def execute(self, prompt, stream, response, conversation):
        raise llm.ModelError("out of order")
        yield


class Lengths(llm.EmbeddingModel):
    model_id = "lengths"

    def embed_batch(self, items):
        return [[float(len(item))] for item in items]


@llm.hookimpl
def register_models(register):
    register(Pong())
    register(Loud())
    register(Failing())


@llm.hookimpl
def register_embedding_models(register):
    register(Lengths())


@llm.hookimpl
def register_template_loaders(register):
    register("greetings", lambda path: llm.Template(name=path, prompt="Greet $input", system="warmly"))
"""


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("callers")
    inn = Inn(folder / "home")
    sources = [
        write_plugin(folder, "caller", CALLER),
        write_plugin(folder, "other", OTHER),
        write_plugin(folder, "parrot", PARROT),
    ]
    inn.ok("install", *sources)
    inn.ok("keys", "set", "granted", stdin="the-key")
    inn.ok("keys", "set", "other", stdin="other-key")
    inn.ok("plugins", "allow", "caller", "--key", "granted")
    inn.ok("aliases", "set", "polly", "parrot")
    inn.ok("models", "default", "loud")
    return inn


@pytest.mark.parametrize(
    ("way", "answer"),
    [
        ("conversation:hi", ["hi 0", "s again 1", 2]),
        ("async:hi", [f"async hi {number}" for number in range(5)]),
        ("threads:hi", [f"hi {number} 0" for number in range(4)]),
        ("own:", True),
        ("key:", ["the-key", None, "given-by-hand"]),
        ("models:", ["async-parrot", "caller", "parrot", "pid", "polly"]),
        ("default:", ["loud", "loud"]),
        ("template:", ["Greet you", "warmly"]),
        ("embedded:four", [[4.0], [[1.0], [2.0]]]),
        ("directory:", ["data", "caller", True]),
        ("streamed:hi", ["hi 0"]),
        ("option:hi", "HI"),
    ],
)
def test_the_host_answers(callers: Inn, way: str, answer: object) -> None:
    assert json.loads(callers.ok("-m", "caller", way)) == answer


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("unknown:hi", "UnknownModelError: 'Unknown model: no-such-model'"),
        ("failing:hi", "ModelError: out of order"),
        ("wrong option:hi", "quiet"),
    ],
)
def test_what_goes_wrong_is_the_error_that_llm_would_raise(callers: Inn, way: str, words: str) -> None:
    assert words in callers.ok("-m", "caller", way)


def test_an_alias_that_a_command_sets_is_the_persons_to_use(callers: Inn) -> None:
    refused = callers.ok("-m", "caller", "alias:")
    assert refused.startswith("HostRefused: a plugin may set a name in a command that you run only")
    callers.ok("name-pid")

    assert callers.ok("-m", "by-plugin", "hi").strip().isdigit()


def test_models_that_ask_one_another_work(callers: Inn) -> None:
    assert callers.ok("-m", "ping", "3") == "ping 3 pong 2 ping 1 pong 0 \n"


def test_models_that_ask_one_another_for_ever_are_ended_with_a_reason(callers: Inn) -> None:
    message = callers.fails("-m", "ping", "1000")

    assert "plugins that call one another: more than 8 deep" in message
