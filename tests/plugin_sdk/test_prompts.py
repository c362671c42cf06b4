"""A prompt from the wire to a model's execute() and back, over a real peer."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import llm
import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallCancelled, CallFailed, ErrorCode
from innkeeper_protocol.payloads import content, models
from innkeeper_sdk.testing import PluginUnderTest, running
from llm.parts import StreamEvent
from pydantic import field_validator


class Registers:
    """A plugin that registers the given models."""

    def __init__(self, *registered: Any) -> None:
        self.registered = registered

    @llm.hookimpl
    def register_models(self, register: Callable[..., None]) -> None:
        for one in self.registered:
            register(*one) if isinstance(one, tuple) else register(one)


def model_of(execute: Callable[..., Any], base: type = llm.Model, **attributes: Any) -> Any:
    """Return a model ``m`` whose execute() is the given function, without self."""
    body = {"model_id": "m", "can_stream": True, "execute": staticmethod(execute), **attributes}
    return type("M", (base,), body)()


def text_message(text: str, role: str = "assistant") -> content.Message:
    return content.Message(role=role, parts=(content.Part(type="text", text=text),))


def failure(caught: pytest.ExceptionInfo[CallFailed]) -> tuple[int, str, Any]:
    return caught.value.code, caught.value.message, caught.value.data


# What execute() may return


def yields_text(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
    yield "Hello "
    yield prompt.prompt


def returns_list(prompt: Any, stream: bool, response: Any, conversation: Any) -> list[str]:
    return ["Hello ", prompt.prompt]


async def yields_async(prompt: Any, stream: bool, response: Any, conversation: Any) -> AsyncIterator[str]:
    yield "Hello "
    await asyncio.sleep(0)
    yield prompt.prompt


async def returns_list_async(prompt: Any, stream: bool, response: Any, conversation: Any) -> list[str]:
    return ["Hello ", prompt.prompt]


@pytest.mark.parametrize("execute", [yields_text, returns_list])
def test_sync_model_streams_what_it_yields(execute: Callable[..., Any]) -> None:
    with running(Registers(model_of(execute))) as plugin:
        answer = plugin.prompt("m", "you")
    assert answer.items == ["Hello ", "you"]
    assert answer.result == models.PromptResult(messages=(text_message("Hello you"),))


@pytest.mark.parametrize("execute", [yields_async, returns_list_async])
def test_async_model_streams_what_it_yields(execute: Callable[..., Any]) -> None:
    registered = (model_of(returns_list), model_of(execute, llm.AsyncModel))
    with running(Registers(registered)) as plugin:
        answer = plugin.prompt("m", "you", use_async=True)
    assert answer.items == ["Hello ", "you"]
    assert answer.result == models.PromptResult(messages=(text_message("Hello you"),))


def test_events_travel_as_events_and_make_parts() -> None:
    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[Any]:
        yield "plain "
        yield StreamEvent(type="reasoning", chunk="hm", provider_metadata={"signature": "s"})
        yield "text"
        yield StreamEvent(type="tool_call_name", chunk="search", tool_call_id="t1")
        yield StreamEvent(type="tool_call_args", chunk='{"q": 1}', tool_call_id="t1")

    with running(Registers(model_of(execute))) as plugin:
        answer = plugin.prompt("m", "x")

    assert answer.text == "plain text"
    assert answer.items[1] == models.ModelEvent(
        type="reasoning", chunk="hm", part_index=1, provider_metadata={"signature": "s"}
    )
    assert answer.result.messages == (
        content.Message(
            role="assistant",
            parts=(
                content.Part(type="text", text="plain "),
                content.Part(type="reasoning", text="hm", provider_metadata={"signature": "s"}),
                content.Part(type="text", text="text"),
                content.Part(type="tool_call", name="search", arguments={"q": 1}, tool_call_id="t1"),
            ),
        ),
    )


def test_what_is_neither_text_nor_event_is_refused_by_name() -> None:
    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[Any]:
        yield 3

    with running(Registers(model_of(execute))) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("m", "x")
    assert failure(caught) == (
        ErrorCode.PLUGIN_EXCEPTION,
        "TypeError: execute() of M: m yielded int, not str or StreamEvent",
        {"type": "TypeError"},
    )


def test_result_holds_everything_that_the_model_set() -> None:
    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        yield "done"
        response.set_usage(input=3, output=1, details={"cached": 2})
        response.set_resolved_model("m-2026")
        response.add_tool_call(llm.ToolCall(name="t", arguments={"a": 1}, tool_call_id="c1"))
        response.response_json = {"id": "r", 1: {"set"}}
        response._prompt_json = {"messages": []}

    with running(Registers(model_of(execute))) as plugin:
        result = plugin.prompt("m", "x").result

    assert result == models.PromptResult(
        messages=(
            content.Message(
                role="assistant",
                parts=(
                    content.Part(type="text", text="done"),
                    content.Part(type="tool_call", name="t", arguments={"a": 1}, tool_call_id="c1"),
                ),
            ),
        ),
        tool_calls=(content.ToolCall(name="t", arguments={"a": 1}, tool_call_id="c1"),),
        usage=models.Usage(input=3, output=1, details={"cached": 2}),
        resolved_model="m-2026",
        response_json={"id": "r", "1": ["set"]},
        prompt_json={"messages": []},
    )


# What is checked before the model runs


class Picky(llm.Model):
    model_id = "m"

    class Options(llm.Options):
        length: int = 5
        delay: float = 0

        @field_validator("length")
        @classmethod
        def check_length(cls, length: int) -> int:
            if length < 2:
                raise ValueError("length must be >= 2")
            return length

    def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        yield f"{prompt.options.length!r} {prompt.options.delay!r} {stream}"


def test_options_are_the_models_own_and_typed() -> None:
    with running(Registers(Picky())) as plugin:
        assert plugin.prompt("m", "x", length="7", delay=1).text == "7 1.0 False"


def test_refused_options_are_listed_in_their_authors_words() -> None:
    with running(Registers(Picky())) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("m", "x", length=1, delay="slow", colour="red")
    assert (caught.value.code, caught.value.data) == (
        ErrorCode.OPTIONS_INVALID,
        [
            {"option": "length", "message": "length must be >= 2"},
            {"option": "delay", "message": "Input should be a valid number, unable to parse string as a number"},
            {"option": "colour", "message": "Extra inputs are not permitted"},
        ],
    )


def test_model_without_options_refuses_any() -> None:
    with running(Registers(model_of(yields_text))) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("m", "x", colour="red")
    assert failure(caught) == (
        ErrorCode.OPTIONS_INVALID,
        "colour: Extra inputs are not permitted",
        [{"option": "colour", "message": "Extra inputs are not permitted"}],
    )


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        (models.Prompt(text="x", schema={"type": "object"}), "M: m does not support schemas"),
        (models.Prompt(text="x", tools=(models.ToolDefinition(name="t"),)), "M: m does not support tools"),
        (
            models.Prompt(text="x", attachments=(content.Attachment(type="image/png", content=b"x"),)),
            "This model does not support attachments",
        ),
    ],
    ids=["schema", "tools", "attachments"],
)
def test_what_the_model_does_not_support_is_said_before_it_runs(prompt: models.Prompt, says: str) -> None:
    with running(Registers(model_of(yields_text))) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("m", prompt=prompt)
    assert failure(caught) == (ErrorCode.UNSUPPORTED, says, None)


def test_unknown_model_is_not_found() -> None:
    with running(Registers(model_of(yields_text))) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("other", "x")
    assert failure(caught) == (ErrorCode.NOT_FOUND, "no model 'other'", None)


def test_missing_variant_is_said() -> None:
    with running(Registers(model_of(yields_text))) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("m", "x", use_async=True)
    assert failure(caught) == (ErrorCode.UNSUPPORTED, "model 'm' has no async variant, only a sync one", None)


# Keys


def tells_key(prompt: Any, stream: bool, response: Any, conversation: Any, key: str | None = None) -> list[str]:
    return [f"key={key}"]


def keyed(base: type = llm.KeyModel) -> Any:
    return model_of(tells_key, base, needs_key="example", key_env_var="SURELY_UNSET_EXAMPLE_KEY")


def test_explicit_key_wins_over_the_stored_one() -> None:
    with running(Registers(keyed()), keys={"example": "stored"}) as plugin:
        assert plugin.prompt("m", "x", key="explicit").text == "key=explicit"
        assert plugin.prompt("m", "x").text == "key=stored"


def test_missing_key_says_how_to_add_one() -> None:
    with running(Registers(keyed())) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("m", "x")
    assert failure(caught) == (
        ErrorCode.NEEDS_KEY,
        "No key found - add one using 'llm keys set example' or set the SURELY_UNSET_EXAMPLE_KEY environment variable",
        None,
    )


# Errors


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (llm.ModelError("server is full"), ErrorCode.MODEL_ERROR, "server is full"),
        (llm.NeedsKeyException("no key"), ErrorCode.NEEDS_KEY, "no key"),
        (llm.UnknownModelError("Unknown model: x"), ErrorCode.MODEL_ERROR, "Unknown model: x"),
        (NotImplementedError("no system prompts"), ErrorCode.MODEL_ERROR, "no system prompts"),
        (NotImplementedError(), ErrorCode.PLUGIN_EXCEPTION, "NotImplementedError"),
        (ValueError("odd"), ErrorCode.PLUGIN_EXCEPTION, "ValueError: odd"),
        (KeyError(), ErrorCode.PLUGIN_EXCEPTION, "KeyError"),
        (SystemExit(3), ErrorCode.PLUGIN_EXCEPTION, "SystemExit: 3"),
        (asyncio.CancelledError(), ErrorCode.PLUGIN_EXCEPTION, "CancelledError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_exception_of_a_model_is_one_failure_and_the_plugin_goes_on(
    error: BaseException, code: ErrorCode, message: str
) -> None:
    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        yield "so far"
        if prompt.prompt == "fail":
            raise error

    with running(Registers(model_of(execute))) as plugin:
        with pytest.raises(CallFailed) as caught:
            plugin.prompt("m", "fail")
        assert (caught.value.code, caught.value.message) == (code, message)
        assert plugin.prompt("m", "x").text == "so far"


# What the model sees


def test_prompt_has_every_field_filled() -> None:
    seen: list[Any] = []

    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> list[str]:
        seen.append(prompt)
        return ["ok"]

    model = model_of(execute, supports_tools=True, supports_schema=True, attachment_types={"image/png"})
    prompt = models.Prompt(
        text="look",
        system="be kind",
        attachments=(content.Attachment(type="image/png", content=b"png", id="a1"),),
        tools=(models.ToolDefinition(name="t", description="d", input_schema={"type": "object"}, plugin="p"),),
        tool_results=(content.ToolResult(name="t", output="4", tool_call_id="c", exception="ValueError: four"),),
        schema={"type": "object"},
        hide_reasoning=True,
    )
    with running(Registers(model)) as plugin:
        plugin.prompt("m", prompt=prompt)

    [got] = seen
    assert (got.prompt, got.system, got.schema, got.hide_reasoning) == ("look", "be kind", {"type": "object"}, True)
    assert got.attachments == [llm.Attachment(type="image/png", content=b"png", _id="a1")]
    [tool] = got.tools
    assert tool == llm.Tool("t", "d", {"type": "object"}, tool.implementation, "p")
    assert tool.implementation.__name__ == "t"
    [result] = got.tool_results
    assert (result.name, result.output, result.tool_call_id) == ("t", "4", "c")
    assert (type(result.exception).__name__, str(result.exception)) == ("ValueError", "four")
    assert [message.role for message in got.messages] == ["system", "tool", "user"]


def test_earlier_turns_are_there_both_ways() -> None:
    """Plugins read either ``conversation.responses`` or ``prompt.messages``: an empty one loses the history."""
    seen: list[Any] = []

    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> list[str]:
        seen.append((prompt, conversation.id, list(conversation.responses)))
        return ["ok"]

    exchanges = (
        models.Exchange(
            prompt=models.Prompt(text="one", system="be kind"), text="first", response_json={"id": 1}, id="r1"
        ),
        models.Exchange(
            prompt=models.Prompt(text="two"),
            text="second",
            tool_calls=(content.ToolCall(name="t", arguments={"a": 1}, tool_call_id="c"),),
        ),
    )
    with running(Registers(model_of(execute))) as plugin:
        plugin.prompt("m", "three", conversation=models.Conversation(id="c1", exchanges=exchanges))

    [(prompt, conversation_id, (first, second))] = seen
    assert (conversation_id, first.id) == ("c1", "r1")
    assert (first.prompt.prompt, first.prompt.system, first.text(), first.text_or_raise()) == (
        *("one", "be kind", "first", "first"),
    )
    assert first.response_json == {"id": 1}
    assert second.tool_calls() == [llm.ToolCall(name="t", arguments={"a": 1}, tool_call_id="c")]
    said = [(message.role, [getattr(part, "text", part) for part in message.parts]) for message in prompt.messages]
    assert [entry if entry[0] != "assistant" else (entry[0], entry[1][0]) for entry in said] == [
        ("system", ["be kind"]),
        ("user", ["one"]),
        ("assistant", "first"),
        ("user", ["two"]),
        ("assistant", "second"),
        ("user", ["three"]),
    ]


def test_what_tools_gave_follows_what_was_said_and_the_system_prompt_is_not_said_again() -> None:
    """As the real ``llm`` sends it: the results in one message, their files in the next, as the user's."""
    seen: list[Any] = []

    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> list[str]:
        seen.append(prompt)
        return ["ok"]

    model = model_of(execute, supports_tools=True, attachment_types={"image/png"})
    drawn = content.Attachment(type="image/png", content=b"png", id="a1")
    call = content.ToolCall(name="draw", tool_call_id="c")
    asked = models.Exchange(prompt=models.Prompt(text="draw", system="be kind"), tool_calls=(call,))
    prompt = models.Prompt(
        text="",
        system="be kind",
        attachments=(drawn,),
        tool_results=(content.ToolResult(name="draw", output="a circle", tool_call_id="c", attachments=(drawn,)),),
    )
    with running(Registers(model)) as plugin:
        plugin.prompt("m", prompt=prompt, conversation=models.Conversation(id="c1", exchanges=(asked,)))

    [got] = seen
    attachment = llm.Attachment(type="image/png", content=b"png", _id="a1")
    assert (got.system, got.attachments, got.tool_results[0].attachments) == ("be kind", [attachment], [attachment])
    assert got.messages == [
        llm.Message("system", [llm.parts.TextPart("be kind")]),
        llm.Message("user", [llm.parts.TextPart("draw")]),
        llm.Message("assistant", [llm.parts.ToolCallPart("draw", {}, "c")]),
        llm.Message("tool", [llm.parts.ToolResultPart("draw", "a circle", "c")]),
        llm.Message("user", [llm.parts.AttachmentPart(attachment)]),
    ]


def test_messages_of_the_host_are_authoritative() -> None:
    seen: list[Any] = []

    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> list[str]:
        seen.extend(prompt.messages)
        return ["ok"]

    prompt = models.Prompt(text="ignored", messages=(text_message("said before"), text_message("now", "user")))
    with running(Registers(model_of(execute))) as plugin:
        plugin.prompt("m", prompt=prompt)
    assert [(message.role, message.parts[0].text) for message in seen] == [
        ("assistant", "said before"),
        ("user", "now"),
    ]


# Threads, loops and cancels


def test_sync_model_may_run_a_loop_of_its_own() -> None:
    """Sync plugin code calls asyncio.run itself, so it must never meet a running loop."""

    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        yield asyncio.run(asyncio.sleep(0, "from a loop"))

    with running(Registers(model_of(execute))) as plugin:
        assert plugin.prompt("m", "x").text == "from a loop"


def test_calls_are_served_beside_each_other() -> None:
    """Each of the two waits for the other to have started."""
    started = {"a": threading.Event(), "b": threading.Event()}

    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        started[prompt.prompt].set()
        assert started["b" if prompt.prompt == "a" else "a"].wait(20)
        yield prompt.prompt

    answers: dict[str, str] = {}
    with running(Registers(model_of(execute))) as plugin:
        threads = [
            threading.Thread(target=lambda text=text: answers.update({text: plugin.prompt("m", text).text}))
            for text in ("a", "b")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert answers == {"a": "a", "b": "b"}


def cancel_after_first_item(plugin: PluginUnderTest, use_async: bool) -> None:
    params = models.PromptParams(model_id="m", prompt=models.Prompt(text="x"), use_async=use_async)
    with plugin.peer.open_stream(methods.MODELS_PROMPT, params) as stream:
        assert next(iter(stream)) == "tick"
        stream.cancel()
        with pytest.raises(CallCancelled):
            stream.result()


def test_cancelled_generator_is_closed() -> None:
    ended = threading.Event()

    def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> Iterator[str]:
        try:
            while True:
                yield "tick"
        except GeneratorExit:
            ended.set()
            raise

    with running(Registers(model_of(execute))) as plugin:
        cancel_after_first_item(plugin, use_async=False)
        assert ended.wait(20)


def test_cancelled_task_is_cancelled_where_it_waits() -> None:
    ended = threading.Event()

    async def execute(prompt: Any, stream: bool, response: Any, conversation: Any) -> AsyncIterator[str]:
        try:
            yield "tick"
            await asyncio.Event().wait()
        finally:
            ended.set()

    with running(Registers((None, model_of(execute, llm.AsyncModel)))) as plugin:
        cancel_after_first_item(plugin, use_async=True)
        assert ended.wait(20)
