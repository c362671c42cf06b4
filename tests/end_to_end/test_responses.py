"""Answers as programs hold them: read twice, half, at once, by several; cancelled, dropped, broken off."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from innkeeper.conversation.asynchronous import AsyncModel
from innkeeper.conversation.conversation import Conversation
from innkeeper.conversation.model import Model
from innkeeper.conversation.response import Response
from innkeeper.errors import Interrupted, PluginCallFailed, PluginMisbehaved, PluginStopped, UnknownModel, UsageError
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper_sdk.api.attachments import Attachment

from .inn import Inn
from .plugin_source import write_plugin

SCRIPTED = '''
import asyncio, itertools, json, threading
import llm

@llm.hookimpl
def register_models(register):
    register(Scripted(), AsyncScripted())
    register(OnlySync())

asked = itertools.count(1)
together = threading.Barrier(4)
closed = threading.Event()
PNG = b"\\x89PNG\\r\\n\\x1a\\n"

class Common:
    can_stream = True
    supports_tools = True
    attachment_types = {"image/png"}

    def script(self, prompt, response, conversation):
        """Do what the prompt says."""
        number = next(asked)
        verb, _, rest = (prompt.prompt or "").partition(" ")
        if verb == "count":
            yield from (str(i) for i in range(int(rest)))
        elif verb == "times":
            yield str(number)
        elif verb == "raise":
            yield "so far"
            raise RuntimeError(rest)
        elif verb == "meet":
            together.wait(30)
            yield rest
        elif verb == "hang":
            try:
                yield "ready"
                while True:
                    yield None
            finally:
                closed.set()
        elif verb == "deaf":
            yield "ready"
            threading.Event().wait()
        elif verb == "closed":
            yield str(closed.wait(30))
            closed.clear()
        elif verb == "long":
            for _ in range(5):
                yield "x" * 1024 * 1024
        elif verb == "flood":
            while True:
                yield "x" * 100_000
        elif verb == "think":
            yield llm.StreamEvent(type="reasoning", chunk="hm")
            yield llm.StreamEvent(type="text", chunk="so", provider_metadata={"signature": "s"})
        elif verb == "files":
            yield json.dumps([[file.type, len(file.content_bytes())] for file in prompt.attachments])
        elif verb == "history":
            yield json.dumps({
                "messages": [message.to_dict() for message in prompt.messages],
                "responses": [[one.prompt.prompt, one.text_or_raise()] for one in conversation.responses],
            })

class Scripted(Common, llm.Model):
    model_id = "scripted"

    def execute(self, prompt, stream, response, conversation):
        for piece in self.script(prompt, response, conversation):
            yield piece or llm.StreamEvent(type="reasoning", chunk="")

class AsyncScripted(Common, llm.AsyncModel):
    model_id = "scripted"

    async def execute(self, prompt, stream, response, conversation):
        verb, _, rest = prompt.prompt.partition(" ")
        if verb == "meet":
            await self.meet()
        for piece in self.script(prompt, response, conversation) if verb != "meet" else [rest]:
            if piece is None:
                await asyncio.sleep(0.02)
            else:
                yield piece

    async def meet(self, waiting=[]):
        here = asyncio.get_running_loop().create_future()
        waiting.append(here)
        if len(waiting) == 40:
            for one in waiting:
                one.set_result(None)
        await here

class OnlySync(llm.Model):
    model_id = "only-sync"

    def execute(self, prompt, stream, response, conversation):
        yield "sync"
'''


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """A host of this process, with a model that does what its prompt says."""
    folder = tmp_path_factory.mktemp("scripted")
    inn = Inn(folder / "home")
    inn.ok("install", write_plugin(folder, "scripted", SCRIPTED))
    with Host(Home(str(inn.home)), environ=inn.environment()) as host:
        yield host


@pytest.fixture
def model(host: Host) -> Model:
    return Model(host, host.find_model("scripted"))


@pytest.fixture
def async_model(host: Host) -> AsyncModel:
    return AsyncModel(host, host.find_model("scripted"))


def times_asked(model: Model) -> int:
    return int(model.prompt("times").text())


def test_nothing_is_asked_before_it_is_read_and_then_once(model: Model) -> None:
    response = model.prompt("times")
    before = times_asked(model)

    assert response.text() == str(before + 1)
    assert response.text() == str(before + 1)
    assert list(response) == [str(before + 1)]
    assert response.is_done


def test_a_reader_that_stops_half_way_leaves_the_rest_to_the_next(model: Model) -> None:
    response = model.prompt("count 1000")

    for piece in response:
        if piece == "7":
            break

    assert not response.is_done
    assert list(response) == [str(number) for number in range(1000)]


def test_readers_in_several_threads_all_get_everything(model: Model) -> None:
    response = model.prompt("count 5000")

    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda _: "".join(response), range(4)))

    assert read == ["".join(map(str, range(5000)))] * 4


def test_cancel_from_another_thread_reaches_the_reader_and_the_model(model: Model) -> None:
    response = model.prompt("hang")
    pieces = iter(response)
    assert next(pieces) == "ready"

    threading.Timer(0.05, response.cancel).start()

    with pytest.raises(Interrupted):
        next(pieces)
    assert response.text_so_far == "ready"
    assert not response.is_done
    with pytest.raises(Interrupted):
        response.text()
    assert model.prompt("closed").text() == "True"


def test_a_prompt_cancelled_before_it_is_read_is_never_sent(model: Model) -> None:
    response = model.prompt("count 3")
    before = times_asked(model)

    response.cancel()

    with pytest.raises(Interrupted):
        response.text()
    assert times_asked(model) == before + 1


def test_cancel_of_a_complete_answer_changes_nothing(model: Model) -> None:
    response = model.prompt("count 3")
    response.text()

    response.cancel()

    assert response.text() == "012"


def test_a_model_that_does_not_let_go_is_ended_with_its_process(model: Model) -> None:
    response = model.prompt("deaf")
    pieces = iter(response)
    assert next(pieces) == "ready"

    response.cancel()

    with pytest.raises((Interrupted, PluginStopped)):
        next(pieces)
    assert model.prompt("times").text() == "1"  # of a new process


def test_an_answer_that_nobody_holds_any_more_is_given_up(model: Model) -> None:
    response: Response | None = model.prompt("hang")
    assert response is not None
    assert next(iter(response)) == "ready"

    response = None

    assert model.prompt("closed").text() == "True"


def test_an_error_keeps_what_came_and_stays(model: Model) -> None:
    response = model.prompt("raise boom")
    pieces: list[str] = []

    with pytest.raises(PluginCallFailed, match="boom"):
        pieces.extend(piece for piece in response)

    assert response.text_so_far == "so far"
    assert isinstance(response.error, PluginCallFailed)
    again = iter(response)
    assert next(again) == "so far"
    with pytest.raises(PluginCallFailed, match="boom"):
        next(again)
    assert response.conversation.responses == []


def test_an_answer_without_end_is_given_up(model: Model) -> None:
    response = model.prompt("flood")

    with pytest.raises(PluginMisbehaved, match="answers without end"):
        response.text()

    assert len(response.text_so_far) <= 64 * 1024 * 1024
    assert model.prompt("count 3").text() == "012"


def test_who_wants_to_know_is_told_once_when_it_is_complete(model: Model) -> None:
    told: list[str] = []
    response = model.prompt("count 3")
    response.on_done(lambda done: told.append(done.text()))
    assert told == []

    response.text()
    response.text()
    response.on_done(lambda done: told.append("late"))

    assert told == ["012", "late"]


def test_conversations_go_on_at_once_in_one_plugin(model: Model) -> None:
    """Each of four answers comes only when all four were asked."""

    def meet(name: str) -> list[Any]:
        conversation = model.conversation()
        conversation.prompt(f"meet {name}").text()
        return list(history(conversation)["responses"])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(meet, "abcd")) == [[[f"meet {name}", name]] for name in "abcd"]


def history(conversation: Conversation, **asked: Any) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(conversation.prompt("history", **asked).text())
    return seen


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"type": "text", "text": text}]}


def test_history_is_seen_as_responses_and_as_messages(model: Model) -> None:
    conversation = model.conversation()
    conversation.prompt("think", system="be brief").text()

    seen = history(conversation, system="not again")

    answer = [
        {"type": "reasoning", "text": "hm"},
        {"type": "text", "text": "so", "provider_metadata": {"signature": "s"}},
    ]
    chain = [
        {"role": "system", "parts": [{"type": "text", "text": "be brief"}]},
        user("think"),
        {"role": "assistant", "parts": answer},
        user("history"),
    ]
    assert seen == {"messages": chain, "responses": [["think", "so"]]}
    assert [message.to_dict() for message in conversation.responses[-1].sent()] == chain


def test_messages_given_with_a_prompt_stand_for_what_was_said(model: Model) -> None:
    from innkeeper_sdk.api.parts import assistant
    from innkeeper_sdk.api.parts import user as said

    conversation = model.conversation()
    seen = history(conversation, messages=[said("hello"), assistant("hi")])
    after = history(conversation)

    given = [user("hello"), {"role": "assistant", "parts": [{"type": "text", "text": "hi"}]}, user("history")]
    assert seen == {"messages": given, "responses": []}
    assert after["messages"][:3] == given
    assert after["messages"][-1] == user("history")


def test_a_long_answer_is_whole_and_known_to_the_next_turn(model: Model) -> None:
    """Its plugin does not say it a second time as a message: it would not fit a frame beside the rest."""
    conversation = model.conversation()
    response = conversation.prompt("long")

    text = response.text()

    assert text == "x" * 5 * 1024 * 1024
    assert [part.text for message in response.messages() for part in message.parts] == [text]  # type: ignore[attr-defined]
    assert len(conversation.prompt("history").text()) > 2 * len(text)


def test_files_arrive_whole_be_they_one_large_or_many(model: Model, tmp_path: Path) -> None:
    """All together they are larger than a frame of the protocol."""
    png = b"\x89PNG\r\n\x1a\n"
    large = tmp_path / "large.png"
    large.write_bytes(png + bytes(20 * 1024 * 1024))
    small = [Attachment(content=png + bytes(900_000 + number)) for number in range(25)]

    answer = model.prompt("files", attachments=[str(large), *small]).text()

    sizes = [20 * 1024 * 1024 + 8, *(900_008 + number for number in range(25))]
    assert json.loads(answer) == [["image/png", size] for size in sizes]


def test_a_file_that_is_not_there_is_said_before_anything_is_sent(model: Model, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no\.png cannot be attached"):
        model.prompt("files", attachments=[tmp_path / "no.png"])


def test_async_answers_come_at_once_however_many(async_model: AsyncModel) -> None:
    """Each of forty answers comes only when all were asked: more than the event loop's own threads."""

    async def ask() -> list[str]:
        return await asyncio.gather(*(async_model.prompt(f"meet {number}").text() for number in range(40)))

    assert asyncio.run(ask()) == [str(number) for number in range(40)]


def test_async_reader_gets_each_piece_and_may_read_again(async_model: AsyncModel) -> None:
    async def read() -> tuple[list[str], list[str], str]:
        response = async_model.prompt("count 2000")
        pieces = [piece async for piece in response]
        return pieces, [piece async for piece in response], await response.text()

    pieces, again, text = asyncio.run(read())

    assert pieces == again == [str(number) for number in range(2000)]
    assert text == "".join(pieces)


def test_async_task_that_is_cancelled_cancels_the_model(async_model: AsyncModel) -> None:
    async def read() -> str:
        response = async_model.prompt("hang")
        begun = asyncio.Event()

        async def reader() -> None:
            async for _ in response:
                begun.set()

        task = asyncio.create_task(reader())
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await async_model.prompt("closed").text()

    assert asyncio.run(read()) == "True"


def test_async_conversation_knows_its_turns(async_model: AsyncModel) -> None:
    async def talk() -> Any:
        conversation = async_model.conversation()
        await conversation.prompt("count 2")
        return json.loads(await conversation.prompt("history").text())["responses"]

    assert asyncio.run(talk()) == [["count 2", "01"]]


def test_model_without_an_async_variant_says_so(host: Host) -> None:
    with pytest.raises(UnknownModel, match="sync model exists"):
        AsyncModel(host, host.find_model("only-sync"))
