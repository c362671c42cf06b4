"""A plugin's process, from start to end, with plugins from the index in an environment of their own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallCancelled, ConnectionLost
from innkeeper_protocol.payloads import models
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.commands import RunCommandParams
from innkeeper_protocol.payloads.host_services import GetKeyParams, GetKeyResult
from innkeeper_protocol.payloads.tools import CallToolParams
from innkeeper_protocol.peer import IncomingCall, Peer

from .plugin_process import LEAVING_S, plugin_process


def prompt(peer: Peer, params: models.PromptParams) -> str:
    with peer.open_stream(methods.MODELS_PROMPT, params) as stream:
        return "".join(item if isinstance(item, str) else "" for item in stream)


def test_published_plugin_answers_and_leaves_when_the_host_does(plugin_python: Path) -> None:
    with plugin_process(plugin_python, "llm-echo") as (peer, process):
        answer = prompt(peer, models.PromptParams(model_id="echo", prompt=models.Prompt(text="hi", system="be kind")))
        said = json.loads(answer)
        assert (said["prompt"], said["system"]) == ("hi", "be kind")
    assert process.returncode == 0


def test_only_the_named_distribution_is_loaded(plugin_python: Path) -> None:
    with plugin_process(plugin_python, "llm-markov") as (peer, _):
        description = peer.call(methods.DESCRIBE, Nothing())
    assert [model.model_id for model in description.models] == ["markov"]
    assert description.problems == ()


def test_distribution_without_a_plugin_is_a_problem(plugin_python: Path) -> None:
    with plugin_process(plugin_python, "pluggy") as (peer, _):
        description = peer.call(methods.DESCRIBE, Nothing())
    assert [problem.where for problem in description.problems] == ["entry points of pluggy"]


def test_model_asks_the_host_for_its_key(plugin_python: Path) -> None:
    asked: list[GetKeyParams] = []

    def get_key(params: GetKeyParams, call: IncomingCall) -> GetKeyResult:
        asked.append(params)
        return GetKeyResult(key="K1")

    with plugin_process(plugin_python, "llm-echo", handlers={methods.GET_KEY.name: get_key}) as (peer, _):
        stored = prompt(peer, models.PromptParams(model_id="echo-needs-key", prompt=models.Prompt(text="hi")))
        given = prompt(peer, models.PromptParams(model_id="echo-needs-key", prompt=models.Prompt(text="hi"), key="K2"))
    assert [json.loads(stored)["key"], json.loads(given)["key"]] == ["K1", "K2"]
    assert [params.name for params in asked] == ["echo-needs-key"]


def test_cancelled_prompt_is_answered_and_the_next_one_served(plugin_python: Path) -> None:
    endless = models.Prompt(text="a b a b", options={"length": 1_000_000, "delay": 0.01})
    with plugin_process(plugin_python, "llm-markov") as (peer, _):
        with peer.open_stream(methods.MODELS_PROMPT, models.PromptParams(model_id="markov", prompt=endless)) as stream:
            next(iter(stream))
            stream.cancel()
            with pytest.raises(CallCancelled):
                stream.result()
        short = models.Prompt(text="a b a b", options={"length": 3, "delay": 0})
        assert len(prompt(peer, models.PromptParams(model_id="markov", prompt=short)).split()) == 3


def test_a_tool_may_be_the_first_thing_that_is_asked_for(plugin_python: Path, tmp_path: Path) -> None:
    """The plugin is imported then, by the main thread, while the call waits."""
    source = "import llm\n@llm.hookimpl\ndef register_tools(register):\n    register(lambda: 'done', name='work')\n"
    with plugin_process(plugin_python, "written", environment=written_plugin(tmp_path, source)) as (peer, _):
        assert peer.call(methods.CALL_TOOL, CallToolParams(name="work"), timeout_s=20).output == "done"


def written_plugin(folder: Path, source: str) -> dict[str, str]:
    """Write a plugin called ``written`` into *folder*; return the environment variables that put it on the path."""
    (folder / "written-1.0.dist-info").mkdir(parents=True)
    (folder / "written-1.0.dist-info" / "entry_points.txt").write_text("[llm]\nwritten = written\n", encoding="utf-8")
    (folder / "written.py").write_text(source, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def test_printing_never_reaches_the_channel(plugin_python: Path, tmp_path: Path) -> None:
    """What a plugin's code, or a library in C, writes to descriptor 1 is for its log."""
    environment = written_plugin(
        tmp_path / "site",
        "import os, llm\n"
        "print('imported')\n"
        "class Noisy(llm.Model):\n"
        "    model_id = 'noisy'\n"
        "    def execute(self, prompt, stream, response, conversation):\n"
        "        print('printed')\n"
        "        os.write(1, b'written\\n')\n"
        "        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n"
        "        yield 'clean'\n"
        "@llm.hookimpl\n"
        "def register_models(register):\n"
        "    register(Noisy())\n",
    )
    log = tmp_path / "log"
    with (
        log.open("wb") as file,
        plugin_process(plugin_python, "written", environment=environment, stdout=file, stderr=subprocess.STDOUT) as (
            peer,
            _,
        ),
    ):
        assert prompt(peer, models.PromptParams(model_id="noisy", prompt=models.Prompt(text="x"))) == "clean"
    assert log.read_text(encoding="utf-8").splitlines() == ["imported", "printed", "written"]


def test_prompt_imports_nothing_that_it_does_not_need(plugin_python: Path, tmp_path: Path) -> None:
    """The person waits for every import: click alone takes longer than all the rest of the SDK."""
    environment = written_plugin(
        tmp_path / "site",
        "import sys, llm\n"
        "class Tells(llm.Model):\n"
        "    model_id = 'tells'\n"
        "    def execute(self, prompt, stream, response, conversation):\n"
        "        return ' '.join(sys.modules)\n"
        "@llm.hookimpl\n"
        "def register_models(register):\n"
        "    register(Tells())\n",
    )
    with plugin_process(plugin_python, "written", environment=environment) as (peer, _):
        imported = prompt(peer, models.PromptParams(model_id="tells", prompt=models.Prompt(text="x"))).split()
    assert {"written", "innkeeper_sdk.adapters.models"} <= set(imported)
    assert not {"click", "asyncio", "pydantic", "traceback", "importlib.metadata", "json"} & set(imported)


COMMANDS = """
import os, signal, sys, threading, time
import click, llm

@llm.hookimpl
def register_commands(cli):
    @cli.command()
    def where():
        click.echo(f"{sys.stdin.read()} on main: {threading.current_thread() is threading.main_thread()}")

    @cli.command()
    def waits():
        print("waiting", flush=True)
        threading.Event().wait()

    @cli.command()
    def handles():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.exit(3)
"""


def test_command_has_the_main_thread_and_the_standard_streams(plugin_python: Path, tmp_path: Path) -> None:
    environment = written_plugin(tmp_path / "site", COMMANDS)
    typed, shown = tmp_path / "typed", tmp_path / "shown"
    typed.write_text("typed", encoding="utf-8")
    with (
        typed.open("rb") as stdin,
        shown.open("wb") as stdout,
        plugin_process(plugin_python, "written", environment=environment, stdin=stdin, stdout=stdout) as (peer, _),
    ):
        where = peer.call(methods.RUN_COMMAND, RunCommandParams(name="where"))
        handles = peer.call(methods.RUN_COMMAND, RunCommandParams(name="handles"))
    assert (where.exit_code, handles.exit_code) == (0, 3)
    assert shown.read_text(encoding="utf-8") == "typed on main: True\n"


def test_interrupted_command_is_aborted(plugin_python: Path, tmp_path: Path) -> None:
    """Ctrl-C at the terminal reaches the command's process, and its main thread, by itself."""
    environment = written_plugin(tmp_path / "site", COMMANDS)
    with plugin_process(plugin_python, "written", environment=environment) as (peer, process):
        ended = []
        waits = RunCommandParams(name="waits")
        asking = threading.Thread(target=lambda: ended.append(peer.call(methods.RUN_COMMAND, waits).exit_code))
        asking.start()
        assert process.stdout is not None
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        asking.join(LEAVING_S)
    assert ended == [1]
    assert process.returncode == 0


def test_command_whose_host_is_gone_ends(plugin_python: Path, tmp_path: Path) -> None:
    environment = written_plugin(tmp_path / "site", COMMANDS)
    with plugin_process(plugin_python, "written", environment=environment) as (peer, process):
        lost = []

        def ask() -> None:
            try:
                peer.call(methods.RUN_COMMAND, RunCommandParams(name="waits"))
            except ConnectionLost as error:
                lost.append(error)

        asking = threading.Thread(target=ask)
        asking.start()
        assert process.stdout is not None
        assert process.stdout.readline() == b"waiting\n"
    asking.join(LEAVING_S)
    assert (len(lost), process.returncode) == (1, 0)


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({}, "INNKEEPER_CHANNEL is not set"),
        ({"INNKEEPER_CHANNEL": "99"}, "INNKEEPER_CHANNEL is '99', which is no open descriptor"),
    ],
)
def test_started_by_hand_it_says_who_starts_it(plugin_python: Path, environment: dict[str, str], says: str) -> None:
    ran = subprocess.run(
        [plugin_python, "-m", "innkeeper_sdk"], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"Error: {says}")


def test_without_a_plugins_name_nothing_is_loaded(plugin_python: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ran = subprocess.run(
            [plugin_python, "-m", "innkeeper_sdk"],
            env={"INNKEEPER_CHANNEL": str(theirs.fileno())},
            pass_fds=[theirs.fileno()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "Error: INNKEEPER_PLUGIN is not set: the host names the plugin to serve by it\n"


def test_host_that_breaks_the_protocol_is_told_by_exit_code(plugin_python: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [plugin_python, "-m", "innkeeper_sdk"],
            env={"INNKEEPER_CHANNEL": str(theirs.fileno()), "INNKEEPER_PLUGIN": "llm-echo"},
            pass_fds=[theirs.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        theirs.close()
        ours.sendall(b"\0\0\0\0")
        with process:
            _, errors = process.communicate(timeout=LEAVING_S)
    assert process.returncode == 1
    assert errors.startswith(b"Error: the connection to the host ended: ")
