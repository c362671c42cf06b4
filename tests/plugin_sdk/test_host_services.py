"""What a plugin asks of its host: other plugins' models and the rest, over a real connection to a host of the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import llm
import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallCancelled, CallFailed, ErrorCode
from innkeeper_protocol.payloads import content, embeddings, fragments, host_services, models, templates, tools
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.peer import IncomingCall
from innkeeper_sdk.api.errors import HostRefused, UnknownModelError
from innkeeper_sdk.api.host import current_host
from innkeeper_sdk.testing import running


class Host:
    """Answers as a host does whose other plugins have the model ``other``. *asked* is what it was asked, in order."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.info = models.ModelInfo(
            model_id="other",
            label="Other: other",
            aliases=("o",),
            has_async=True,
            can_stream=True,
            supports_tools=True,
            supports_schema=True,
            attachment_types=("image/png",),
            options_schema={
                "additionalProperties": False,
                "properties": {"warmth": {"type": "integer"}},
                "title": "Options",
                "type": "object",
            },
        )
        self.answer: Callable[[models.PromptParams, IncomingCall], models.PromptResult] = self.says_hello
        self.handlers = {
            methods.LIST_MODELS.name: self.list_models,
            methods.MODELS_PROMPT.name: self.prompt,
        }

    def list_models(self, params: Nothing, call: IncomingCall) -> host_services.ListModelsResult:
        return host_services.ListModelsResult(models=(self.info,), default_model="other")

    def prompt(self, params: models.PromptParams, call: IncomingCall) -> models.PromptResult:
        self.asked.append(params)
        return self.answer(params, call)

    def says_hello(self, params: models.PromptParams, call: IncomingCall) -> models.PromptResult:
        call.send_items(["hel", models.ModelEvent(type="reasoning", chunk="hm"), "lo"])
        return models.PromptResult(
            usage=models.Usage(input=3, output=2, details={"cached": 1}),
            resolved_model="other-2026",
            response_json={"id": "r1"},
            tool_calls=(content.ToolCall(name="t", arguments={"a": 1}, tool_call_id="c1"),),
        )


class Asks:
    """A plugin with one model, ``asks``, whose execute() is the given function of the prompt."""

    def __init__(self, execute: Callable[[Any], Any]) -> None:
        outer = execute

        class Model(llm.Model):
            model_id = "asks"
            can_stream = True

            def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Any:
                return outer(prompt)

        self.model = Model()

    @llm.hookimpl
    def register_models(self, register: Callable[..., None]) -> None:
        register(self.model)


def test_other_plugins_model_answers_through_the_host() -> None:
    host, seen = Host(), []

    def execute(prompt: Any) -> Iterator[str]:
        model = llm.get_model("o")
        assert (str(model), model.can_stream, model.attachment_types) == ("Other: other", True, {"image/png"})
        response = model.prompt(
            "hi",
            system="be kind",
            attachments=[llm.Attachment(type="image/png", content=b"png")],
            warmth=3,
            key="k",
        )
        yield from response
        seen.append(response)

    with running(Asks(execute), handlers=host.handlers) as plugin:
        assert plugin.prompt("asks", "x").text == "hello"

    [params] = host.asked
    attachment = content.Attachment(type="image/png", content=b"png")
    said = (
        content.Message(role="system", parts=(content.Part(type="text", text="be kind"),)),
        content.Message(
            role="user",
            parts=(content.Part(type="text", text="hi"), content.Part(type="attachment", attachment=attachment)),
        ),
    )
    assert params == models.PromptParams(
        model_id="other",
        prompt=models.Prompt(
            text="hi", system="be kind", attachments=(attachment,), options={"warmth": 3}, messages=said
        ),
        key="k",
        depth=1,
        cwd=str(Path.cwd()),
    )
    [response] = seen
    assert response.usage() == llm.Usage(input=3, output=2, details={"cached": 1})
    assert (response.resolved_model, response.json()) == ("other-2026", {"id": "r1"})
    assert response.tool_calls() == [llm.ToolCall(name="t", arguments={"a": 1}, tool_call_id="c1")]
    assert [type(part).__name__ for part in response.messages()[0].parts] == [
        *("TextPart", "ReasoningPart", "TextPart", "ToolCallPart"),
    ]


def test_conversation_with_another_plugins_model_carries_what_was_said() -> None:
    host = Host()

    def execute(prompt: Any) -> Iterator[str]:
        conversation = llm.get_model("other").conversation()
        yield conversation.prompt("one").text()
        yield conversation.prompt("two").text()

    with running(Asks(execute), handlers=host.handlers) as plugin:
        assert plugin.prompt("asks", "x").text == "hellohello"

    first, second = host.asked
    assert first.conversation is not None
    assert first.conversation.exchanges == ()
    [exchange] = second.conversation.exchanges
    assert (second.conversation.id, exchange.prompt.text, exchange.text) == (first.conversation.id, "one", "hello")
    assert [message.role for message in second.prompt.messages] == ["user", "assistant", "user"]


def test_async_code_asks_without_stopping_its_loop() -> None:
    """Two prompts of one plugin wait for each other at the host: one after the other would never end."""
    host, together = Host(), threading.Barrier(2, timeout=20)

    def answer(params: models.PromptParams, call: IncomingCall) -> models.PromptResult:
        together.wait()
        call.send_item(params.prompt.text)
        return models.PromptResult()

    host.answer = answer

    async def ask(text: str) -> str:
        return await llm.get_async_model("other").prompt(text).text()

    async def both() -> list[str]:
        return await asyncio.gather(ask("a"), ask("b"))

    with running(Asks(lambda prompt: asyncio.run(both())), handlers=host.handlers) as plugin:
        assert plugin.prompt("asks", "x").items == ["a", "b"]
    assert [params.use_async for params in host.asked] == [True, True]


def test_plugins_own_model_is_asked_in_its_own_process() -> None:
    host = Host()

    def execute(prompt: Any) -> Iterator[str]:
        if prompt.prompt == "again":
            yield "from here"
        else:
            yield llm.get_model("asks").prompt("again").text()

    with running(Asks(execute), handlers=host.handlers) as plugin:
        assert plugin.prompt("asks", "x").text == "from here"
    assert host.asked == []


def test_nested_calls_are_one_deeper_than_the_call_they_are_made_for() -> None:
    """Also in threads, which may not know what they work for: a cycle has to end at the host."""
    host = Host()

    def execute(prompt: Any) -> Iterator[str]:
        model = llm.get_model("other")
        model.prompt("here").text()
        thread = threading.Thread(target=lambda: model.prompt("thread").text())
        thread.start()
        thread.join(20)
        yield "done"

    with running(Asks(execute), handlers=host.handlers) as plugin:
        params = models.PromptParams(model_id="asks", prompt=models.Prompt(text="x"), depth=4)
        with plugin.peer.open_stream(methods.MODELS_PROMPT, params) as stream:
            stream.result()
    assert [(asked.prompt.text, asked.depth) for asked in host.asked] == [("here", 5), ("thread", 5)]


def test_tools_that_call_tools_are_counted_as_models_are() -> None:
    asked: list[host_services.RunToolParams] = []

    def run_tool(params: host_services.RunToolParams, call: IncomingCall) -> tools.CallToolResult:
        asked.append(params)
        return tools.CallToolResult(output="4")

    class Asks:
        @llm.hookimpl
        def register_tools(self, register: Callable[..., None]) -> None:
            register(self.twice)

        def twice(self, number: int) -> str:
            return str(current_host().run_tool("double", "double", {"number": number}).output)

    with running(Asks(), handlers={methods.RUN_TOOL.name: run_tool}) as plugin:
        params = tools.CallToolParams(name="twice", arguments={"number": 2}, depth=4)
        assert plugin.peer.call(methods.CALL_TOOL, params).output == "4"
    assert [(one.arguments, one.depth) for one in asked] == [({"number": 2}, 5)]


def waits_for_cancel(given_up: threading.Event) -> Callable[[models.PromptParams, IncomingCall], models.PromptResult]:
    def answer(params: models.PromptParams, call: IncomingCall) -> models.PromptResult:
        call.send_item("tick")
        call.on_cancel(given_up.set)
        assert given_up.wait(20)
        raise CallCancelled("given up")

    return answer


def test_giving_up_on_a_call_gives_up_on_what_it_asked_for() -> None:
    host, given_up = Host(), threading.Event()
    host.answer = waits_for_cancel(given_up)

    def execute(prompt: Any) -> Iterator[str]:
        yield from llm.get_model("other").prompt("hi")

    with running(Asks(execute), handlers=host.handlers) as plugin:
        params = models.PromptParams(model_id="asks", prompt=models.Prompt(text="x"))
        with plugin.peer.open_stream(methods.MODELS_PROMPT, params) as stream:
            assert next(iter(stream)) == "tick"
            stream.cancel()
            with pytest.raises(CallCancelled):
                stream.result()
        assert given_up.is_set()


def test_leaving_a_response_unread_gives_up_on_it() -> None:
    host, given_up = Host(), threading.Event()
    host.answer = waits_for_cancel(given_up)

    def execute(prompt: Any) -> Iterator[str]:
        for piece in llm.get_model("other").prompt("hi"):
            yield piece
            break

    with running(Asks(execute), handlers=host.handlers) as plugin:
        assert plugin.prompt("asks", "x").text == "tick"
        assert given_up.wait(20)


def test_cancelled_task_gives_up_on_what_it_waits_for() -> None:
    host, given_up = Host(), threading.Event()
    host.answer = waits_for_cancel(given_up)

    async def first_piece() -> AsyncIterator[str]:
        response = llm.get_async_model("other").prompt("hi")
        assert await response.__anext__() == "tick"
        try:
            await asyncio.wait_for(response.__anext__(), 0)
        except asyncio.TimeoutError:
            yield "gave up"

    async def collected() -> list[str]:
        return [piece async for piece in first_piece()]

    with running(Asks(lambda prompt: asyncio.run(collected())), handlers=host.handlers) as plugin:
        assert plugin.prompt("asks", "x").text == "gave up"
        assert given_up.wait(20)


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (CallFailed(ErrorCode.NEEDS_KEY, "no key"), llm.NeedsKeyException),
        (CallFailed(ErrorCode.MODEL_ERROR, "full"), llm.ModelError),
        (CallFailed(ErrorCode.PLUGIN_EXCEPTION, "ValueError: odd"), llm.ModelError),
        (CallFailed(ErrorCode.NOT_FOUND, "gone"), UnknownModelError),
        (CallFailed(ErrorCode.OPTIONS_INVALID, "w", [{"option": "warmth", "message": "too cold"}]), ValueError),
        (CallFailed(ErrorCode.DENIED, "'asks' may not use 'other'"), HostRefused),
    ],
    ids=lambda value: ErrorCode(value.code).name if isinstance(value, CallFailed) else "",
)
def test_failure_of_the_host_is_the_error_that_plugins_catch(failure: CallFailed, expected: type[Exception]) -> None:
    host, caught = Host(), []

    def answer(params: models.PromptParams, call: IncomingCall) -> models.PromptResult:
        raise failure

    host.answer = answer

    def execute(prompt: Any) -> Iterator[str]:
        try:
            yield llm.get_model("other").prompt("hi").text()
        except Exception as error:  # noqa: BLE001  # which one it is, is the question
            caught.append(error)

    with running(Asks(execute), handlers=host.handlers) as plugin:
        plugin.prompt("asks", "x")
    assert [type(error) for error in caught] == [expected] or isinstance(caught[0], expected)


def test_refusal_that_nobody_catches_keeps_its_code() -> None:
    """A depth limit or a missing grant, deep in a chain of plugins, is still that when the person reads it."""
    host = Host()

    def answer(params: models.PromptParams, call: IncomingCall) -> models.PromptResult:
        raise CallFailed(ErrorCode.DEPTH_EXCEEDED, "plugins call each other more than 8 deep")

    host.answer = answer
    with (
        running(Asks(lambda prompt: llm.get_model("other").prompt("hi")), handlers=host.handlers) as plugin,
        pytest.raises(CallFailed) as caught,
    ):
        plugin.prompt("asks", "x")
    assert (caught.value.code, caught.value.message) == (
        ErrorCode.DEPTH_EXCEEDED,
        "plugins call each other more than 8 deep",
    )


def test_everything_else_is_asked_by_its_own_method() -> None:
    asked: list[Any] = []

    def answering(result: Any) -> Callable[[Any, IncomingCall], Any]:
        def handler(params: Any, call: IncomingCall) -> Any:
            asked.append(params)
            return result

        return handler

    def with_blob(params: fragments.LoadFragmentsParams, call: IncomingCall) -> fragments.LoadFragmentsResult:
        asked.append(params)
        blob = call.peer.send_blob(b"png")
        return fragments.LoadFragmentsResult(
            items=(
                fragments.FragmentItem(fragment=fragments.Fragment(content="text", source="s")),
                fragments.FragmentItem(attachment=content.Attachment(type="image/png", blob=blob)),
            )
        )

    collection = host_services.CollectionResult(name="c", model_id="e", count=1)
    entries = host_services.CollectionEntriesResult(entries=(host_services.CollectionEntry(id="1", score=0.5),))
    handlers = {
        methods.EMBED.name: answering(embeddings.EmbedResult(count=2, dimensions=1, vectors=b"\0\0\x80\x3f\0\0\0\x40")),
        methods.LOAD_TEMPLATE.name: answering(templates.Template(name="t", prompt="$input", tools=("x",))),
        methods.LOAD_FRAGMENTS.name: with_blob,
        methods.RUN_TOOL.name: answering(tools.CallToolResult(output="42")),
        methods.SET_ALIAS.name: answering(Nothing()),
        methods.SET_DEFAULT_MODEL.name: answering(Nothing()),
        methods.LOG_RESPONSE.name: answering(Nothing()),
        methods.OPEN_COLLECTION.name: answering(collection),
        methods.STORE_IN_COLLECTION.name: answering(Nothing()),
        methods.SIMILAR_IN_COLLECTION.name: answering(entries),
        methods.DELETE_COLLECTION.name: answering(Nothing()),
    }
    here = str(Path.cwd())
    store = host_services.CollectionStoreParams(name="c", model_id="e")
    similar = host_services.CollectionSimilarParams(name="c", value="x")
    record = host_services.LogResponseParams(model_id="other", response="hello")

    with running(Asks(lambda prompt: ["x"]), handlers=handlers):
        host = current_host()
        assert host.embed("e", ["a", "b"], key="k") == [[1.0], [2.0]]
        assert host.load_template("fs", "t") == llm.Template(name="t", prompt="$input", tools=["x"])
        text, image = host.load_fragments("fs", "f")
        assert (text, text.source, image) == ("text", "s", llm.Attachment(type="image/png", content=b"png"))
        assert host.run_tool("x", "x", {"a": 1}) == llm.ToolOutput(output="42")
        host.set_alias("a", "other")
        host.set_default_model("other", embedding=False)
        host.log_response(record)
        assert host.open_collection(host_services.CollectionParams(name="c")) == collection
        host.store_in_collection(store)
        assert host.similar_in_collection(similar) == entries
        host.delete_collection(host_services.CollectionParams(name="c"))

    assert asked == [
        embeddings.EmbedParams(model_id="e", items=("a", "b"), key="k"),
        templates.LoadTemplateParams(prefix="fs", path="t", cwd=here),
        fragments.LoadFragmentsParams(prefix="fs", argument="f", cwd=here),
        host_services.RunToolParams(specification="x", name="x", arguments={"a": 1}, depth=0),
        host_services.SetAliasParams(alias="a", model_id="other"),
        host_services.SetDefaultModelParams(model_id="other"),
        record,
        host_services.CollectionParams(name="c"),
        store,
        similar,
        host_services.CollectionParams(name="c"),
    ]


def test_user_directory_is_the_one_that_the_host_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path / "own"))
    with running(Asks(lambda prompt: [str(llm.user_dir())])) as plugin:
        assert plugin.prompt("asks", "x").text == str(tmp_path / "own")
    assert (tmp_path / "own").is_dir()


def test_key_that_the_host_has_not_may_be_in_a_granted_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_KEY", "from the environment")
    with running(
        Asks(lambda prompt: [str(llm.get_key("", "example", "EXAMPLE_KEY")), str(llm.get_key(alias="other"))]),
        keys={"other": "stored"},
    ) as plugin:
        assert plugin.prompt("asks", "x").items == ["from the environment", "stored"]
