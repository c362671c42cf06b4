"""Chains as programs hold them: their own functions beside plugins' tools, sync and async, paused and cancelled."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from innkeeper.conversation.asynchronous import AsyncModel
from innkeeper.conversation.chain_tools import Tools
from innkeeper.conversation.model import Model
from innkeeper.conversation.prompt import ToolboxUse
from innkeeper.errors import ChainLimitReached, Interrupted
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper_protocol.payloads.content import ToolResult
from innkeeper_sdk.api.tools import PauseChain

from .inn import Inn
from .test_library import run_program
from .tool_plugins import write_tool_plugins


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("chains")
    inn = Inn(folder / "home")
    inn.ok("install", *write_tool_plugins(folder))
    return inn


@pytest.fixture(scope="module")
def host(home: Inn) -> Iterator[Host]:
    with Host(Home(str(home.home)), cwd=os.getcwd()) as host:
        yield host


@pytest.fixture
def model(host: Host) -> Model:
    return Model(host, host.find_model("asks"))


def rounds(*each: list[Any]) -> str:
    return json.dumps(each)


def add(a: int, b: int = 1) -> int:
    "Add"
    return a + b


async def add_later(a: int) -> int:
    await asyncio.sleep(0)
    return a + 1


WANTED: list[Any] = ["shout", "Counter(40)", add, add_later]
ASKED = rounds(
    [["shout", {"text": "a"}], ["add", {"a": 1}], ["Counter_add", {}], ["add_later", {"a": 5}]], [["Counter_add", {}]]
)


def test_chain_runs_functions_of_the_program_beside_tools_of_plugins(model: Model) -> None:
    chain = model.chain(ASKED, tools=WANTED)

    text = chain.text()

    first, second, last = chain.completed
    assert [given.output for given in second.prompt.tool_results] == ["A", "2", "41", "6"]
    assert [given.output for given in last.prompt.tool_results] == ["42"]
    assert text == f"{first.text()} {second.text()} {last.text()}"
    assert first.prompt.toolboxes["Counter_add"] == ToolboxUse(
        name="Counter", plugin="tool-set", arguments={"start": 40}
    )
    assert chain.text() == text


def test_async_chain_is_the_same_chain(host: Host) -> None:
    async def main() -> tuple[str, list[str]]:
        chain = AsyncModel(host, host.find_model("asks")).chain(ASKED, tools=WANTED)
        pieces = [piece async for piece in chain]
        return "".join(pieces), [given.output for given in chain.completed[1].prompt.tool_results]

    text, outputs = asyncio.run(main())
    assert text == Model(host, host.find_model("asks")).chain(ASKED, tools=WANTED).text()
    assert outputs == ["A", "2", "41", "6"]


def test_toolboxes_that_came_open_keep_their_state_from_chain_to_chain(model: Model) -> None:
    asked = rounds([["Counter_add", {}]])
    with Tools(model.host, ["Counter"]) as tools:
        for count in ("1", "2"):
            chain = model.chain(asked, tools=tools)
            chain.text()
            assert chain.completed[-1].prompt.tool_results == (
                ToolResult(name="Counter_add", output=count, tool_call_id="call-0-0"),
            )


def test_tool_calls_of_a_single_prompt_are_the_programs_to_run(model: Model) -> None:
    conversation = model.conversation()
    response = conversation.prompt(rounds([["add", {"a": 1}], ["Counter_add", {}]]), tools=[add, "Counter(5)"])
    assert [call.name for call in response.tool_calls()] == ["add", "Counter_add"]

    results = response.execute_tool_calls()

    assert [given.output for given in results] == ["2", "6"]
    answer = conversation.prompt(tools=[add], tool_results=results)
    assert json.loads(answer.text())["results"] == [["add", "2", "call-0-0"], ["Counter_add", "6", "call-0-1"]]


def test_paused_chain_goes_on_where_it_stopped(model: Model) -> None:
    answers: list[str] = []

    def asks_person() -> str:
        if not answers:
            raise PauseChain("who?")
        return answers[0]

    conversation = model.conversation()
    with pytest.raises(PauseChain) as caught:
        conversation.chain(rounds([["shout", {"text": "a"}], ["asks_person", {}]]), tools=["shout", asks_person]).text()
    assert caught.value.tool_call is not None
    assert caught.value.tool_call.name == "asks_person"
    answers.append("me")

    got = json.loads(conversation.chain(tools=["shout", asks_person]).text())

    assert got["results"] == [["shout", "A", "call-0-0"], ["asks_person", "me", "call-0-1"]]
    assert got["roles"] == ["user", "assistant", "tool"]


def test_chain_that_is_too_long_keeps_what_is_complete(model: Model) -> None:
    chain = model.chain(rounds(*[[["add", {"a": 1}]]] * 3), tools=[add], chain_limit=2)

    for _ in range(2):
        with pytest.raises(ChainLimitReached):
            chain.text()

    assert [response.text() for response in chain.completed] == ["asking 0", "asking 1"]


def test_callbacks_decide_and_see(model: Model) -> None:
    seen: list[str] = []
    chain = model.chain(
        rounds([["shout", {"text": "a"}], ["add", {"a": 1}]]),
        tools=["shout", add],
        before_call=lambda tool, call: seen.append(f"before {call.name}"),
        after_call=lambda tool, call, result: seen.append(f"after {tool.name} {result.output}"),
    )
    chain.text()
    assert seen == ["before shout", "after shout A", "before add", "after add 2"]


@pytest.fixture
def fifo(home: Inn, tmp_path: Path) -> Iterator[str]:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    home.ok("plugins", "allow", "tool-set", "--write", str(path))
    yield str(path)
    home.ok("plugins", "deny", "tool-set", "--write", str(path))


def test_cancel_reaches_the_tool_that_runs(home: Inn, fifo: str) -> None:
    with Host(Home(str(home.home)), cwd=os.getcwd()) as host:
        chain = Model(host, host.find_model("asks")).chain(rounds([["waits", {"path": fifo}]]), tools=["waits"])
        raised: list[BaseException] = []

        def read() -> None:
            try:
                chain.text()
            except Interrupted as error:
                raised.append(error)

        reader = threading.Thread(target=read)
        reader.start()
        assert Path(fifo).read_text() == "began"
        chain.cancel()
        assert Path(fifo).read_text() == "cancelled"
        reader.join(20)
    assert [type(error) for error in raised] == [Interrupted]


def test_tool_that_cannot_be_stopped_is_ended_with_its_plugin_and_the_next_call_gets_a_new_one(
    home: Inn, fifo: str
) -> None:
    def wait_for_it(tool: object, call: object) -> None:
        began.set()

    began = threading.Event()
    with Host(Home(str(home.home)), cwd=os.getcwd()) as host:
        model = Model(host, host.find_model("asks"))
        response = model.prompt(rounds([["read_fifo", {"path": fifo}]]), tools=["read_fifo"])
        assert len(response.tool_calls()) == 1
        canceller = threading.Thread(target=lambda: (began.wait(20), response.cancel()))
        canceller.start()
        with pytest.raises(Interrupted):
            response.execute_tool_calls(before_call=wait_for_it)
        canceller.join(20)
        assert model.chain(rounds([["shout", {"text": "a"}]]), tools=["shout"]).text().startswith("asking 0 ")


def test_task_that_is_cancelled_cancels_the_tool_that_runs(home: Inn, fifo: str) -> None:
    async def main(host: Host) -> None:
        chain = AsyncModel(host, host.find_model("asks")).chain(rounds([["waits", {"path": fifo}]]), tools=["waits"])
        task = asyncio.create_task(chain.text())
        assert await asyncio.to_thread(Path(fifo).read_text) == "began"
        task.cancel()
        assert await asyncio.to_thread(Path(fifo).read_text) == "cancelled"
        with pytest.raises(asyncio.CancelledError):
            await task

    with Host(Home(str(home.home)), cwd=os.getcwd()) as host:
        asyncio.run(main(host))


def test_library_offers_all_of_it(home: Inn) -> None:
    program = """
import innkeeper, json

def add(a: int, b: int) -> int:
    return a + b

model = innkeeper.get_model("asks")
asked = json.dumps([[["add", {"a": 1, "b": 2}], ["Counter_add", {}]]])
with innkeeper.open_tools(add, "Counter(7)", functions=["def own(): pass"]) as tools:
    print([tool.name for tool in tools.definitions])
    for _ in range(2):
        print(json.loads(list(model.chain(asked, tools=tools).responses())[-1].text())["results"])
try:
    model.chain(asked, tools=["nothing"]).text()
except innkeeper.UnknownTool as error:
    print(error.message)
"""
    assert run_program(home, program) == (
        "['own', 'add', 'Counter_add', 'Counter_crash']\n"
        "[['add', '3', 'call-0-0'], ['Counter_add', '8', 'call-0-1']]\n"
        "[['add', '3', 'call-0-0'], ['Counter_add', '9', 'call-0-1']]\n"
        "Tool(s) nothing not found.\n"
    )
