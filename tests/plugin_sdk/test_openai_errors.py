"""What a person is told when a server that speaks OpenAI's API refuses, breaks, or is no such server."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import llm
import pytest
from innkeeper_sdk.openai import (
    AnswerCut,
    AnswerMalformed,
    AsyncChat,
    Chat,
    Completion,
    RequestRefused,
    Responses,
    ServerUnreachable,
)

from .openai_server import OpenAIServer, openai_server

KEY = "sk-secret-key"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with openai_server() as running:
        yield running


def model_of(kind: Any, name: str, server: OpenAIServer, **settings: Any) -> Any:
    return kind(name, api_base=server.address, key=KEY, **settings)


def host_of(server: OpenAIServer) -> str:
    return server.address.split("/")[2]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("model", "kind", "says"),
    [
        (
            "wrong-key",
            RequestRefused,
            "{host} answered 401, it does not take the key: Incorrect API key provided: [key].",
        ),
        (
            "busy",
            RequestRefused,
            "{host} answered 429, too many requests, or nothing left to spend; it can be asked again in 20 s: "
            "Rate limit reached",
        ),
        ("broken", RequestRefused, "{host} answered 500, it failed; it can be asked again in 0 s"),
    ],
)
def test_refusal_says_who_refused_and_why(
    model: str, kind: type[Exception], says: str, stream: bool, server: OpenAIServer
) -> None:
    """A server may repeat the key in its answer; nobody gets to read it."""
    with pytest.raises(kind) as caught:
        model_of(Chat, model, server).prompt("hi", stream=stream).text()
    assert isinstance(caught.value, llm.ModelError)
    assert str(caught.value) == says.format(host=host_of(server))


def test_a_key_that_is_none_leaves_words_alone(server: OpenAIServer) -> None:
    """Servers on one's own machine take any key, so people type the shortest."""
    with pytest.raises(RequestRefused) as caught:
        Chat("busy", api_base=server.address, key="a").prompt("hi").text()
    assert "[key]" not in str(caught.value)


def test_refusal_has_its_facts_for_programs(server: OpenAIServer) -> None:
    with pytest.raises(RequestRefused) as caught:
        model_of(Chat, "busy", server).prompt("hi").text()
    assert (caught.value.status_code, caught.value.retry_after_s, caught.value.body) == (
        429,
        20.0,
        {"error": {"message": "Rate limit reached"}},
    )


def test_what_may_pass_is_asked_again(server: OpenAIServer) -> None:
    assert model_of(Chat, "busy-for-a-moment", server).prompt("hi").text() == "Hello, wörld"
    assert len(server.asked[""]) == 2


def test_asking_again_ends(server: OpenAIServer) -> None:
    with pytest.raises(RequestRefused):
        model_of(Chat, "broken", server).prompt("hi").text()
    assert len(server.asked[""]) == 3


def test_answer_that_is_cut_short_is_no_answer(server: OpenAIServer) -> None:
    pieces = iter(model_of(Chat, "cut", server).prompt("hi"))
    assert next(pieces) == "Hel"
    with pytest.raises(AnswerCut, match=f"^the answer of {host_of(server)} was cut short: "):
        next(pieces)


@pytest.mark.parametrize(
    ("model", "stream", "says"),
    [
        ("no-json", False, "answered with what is no JSON object (text/html): '<html>not the API</html>'"),
        ("no-json-events", True, "answered with what is no JSON object: '<html>'"),
    ],
)
def test_what_is_not_the_api_is_shown_as_it_begins(model: str, stream: bool, says: str, server: OpenAIServer) -> None:
    with pytest.raises(AnswerMalformed) as caught:
        model_of(Chat, model, server).prompt("hi", stream=stream).text()
    assert str(caught.value) == f"{host_of(server)} {says}"


def test_page_instead_of_events_is_not_the_api(server: OpenAIServer) -> None:
    with pytest.raises(AnswerMalformed, match=r"no JSON object \(text/html\)"):
        model_of(Chat, "no-json", server).prompt("hi").text()


def test_error_among_the_events_is_the_servers(server: OpenAIServer) -> None:
    with pytest.raises(RequestRefused, match="the model fell over"):
        model_of(Chat, "error-among-events", server).prompt("hi").text()


def test_answer_that_the_server_gave_up_on_says_why(server: OpenAIServer) -> None:
    with pytest.raises(llm.ModelError, match=r"^the server gave up on the answer: no capacity$"):
        model_of(Responses, "gave-up", server).prompt("hi").text()


@pytest.mark.parametrize(
    ("kind", "model", "error", "says"),
    [
        (Chat, "error-with-success", RequestRefused, "{host} answered 200, it refused: [key]: out of credit"),
        (Chat, "no-choices", AnswerMalformed, "the server's answer has nothing in its 'choices'"),
        (Chat, "something-else", AnswerMalformed, "the server's answer has no 'choices'"),
        (Completion, "something-else", AnswerMalformed, "the server's answer has no 'choices'"),
        (Responses, "something-else", AnswerMalformed, "the server's answer has no 'output'"),
    ],
)
def test_answer_that_is_none_is_said(
    kind: Any, model: str, error: type[Exception], says: str, server: OpenAIServer
) -> None:
    """Also where pieces were asked for, and one thing came."""
    for stream in (True, False):
        with pytest.raises(error) as caught:
            model_of(kind, model, server).prompt("hi", stream=stream).text()
        assert str(caught.value) == says.format(host=host_of(server))


def test_answer_given_up_at_once_says_why(server: OpenAIServer) -> None:
    with pytest.raises(llm.ModelError, match=r"^the server gave up on the answer: no capacity$"):
        model_of(Responses, "gave-up-at-once", server).prompt("hi", stream=False).text()


def test_answer_without_events_is_not_the_api(server: OpenAIServer) -> None:
    with pytest.raises(AnswerMalformed) as caught:
        model_of(Chat, "no-events", server).prompt("hi").text()
    assert str(caught.value) == f"{host_of(server)} answered with no events (text/plain)"


def test_answer_whose_end_is_missing_is_cut(server: OpenAIServer) -> None:
    with pytest.raises(AnswerCut, match=r"^the server's answer ended before it was complete$"):
        model_of(Responses, "stops-early", server).prompt("hi").text()


def test_server_without_streams_is_understood(server: OpenAIServer) -> None:
    assert model_of(Chat, "knows-no-streams", server).prompt("hi").text() == "all at once"
    assert model_of(Responses, "says-it-at-once", server).prompt("hi").text() == "all at once"


def test_option_that_the_api_lacks_is_named(server: OpenAIServer) -> None:
    with pytest.raises(llm.ModelError, match=r"^the responses API does not take stop, seed: "):
        model_of(Responses, "said", server).prompt("hi", seed=1, stop="x").text()
    assert server.asked[""] == []


def test_server_that_is_not_there_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ServerUnreachable) as caught:
            Chat("m", api_base=f"http://{host}/v1", key=KEY).prompt("hi").text()
    assert str(caught.value).startswith(f"{host} cannot be reached: ")


def test_password_in_an_address_is_not_shown(server: OpenAIServer) -> None:
    address = server.address.replace("//", "//me:secret@")
    with pytest.raises(RequestRefused) as caught:
        Chat("wrong-key", api_base=address, key=KEY).prompt("hi").text()
    assert str(caught.value).startswith(f"{host_of(server)} answered 401, ")


def test_address_that_is_none_is_said(server: OpenAIServer) -> None:
    with pytest.raises(ServerUnreachable, match="nowhere cannot be reached"):
        Chat("m", api_base="nowhere", key=KEY).prompt("hi").text()


def test_async_model_fails_the_same(server: OpenAIServer) -> None:
    async def failures() -> list[str]:
        texts = []
        for model in ("wrong-key", "busy", "broken", "cut", "no-json"):
            with pytest.raises(llm.ModelError) as caught:
                await model_of(AsyncChat, model, server).prompt("hi").text()
            texts.append(type(caught.value).__name__)
        return texts

    assert asyncio.run(failures()) == [
        *("RequestRefused", "RequestRefused", "RequestRefused", "AnswerCut", "AnswerMalformed"),
    ]


def test_stream_that_nobody_reads_on_is_closed(server: OpenAIServer) -> None:
    """Warnings fail the run: an open connection would be one."""
    response = iter(model_of(Chat, "text", server).prompt("hi"))
    assert next(response) == "Hello"
    response.close()  # type: ignore[attr-defined]  # it is a generator


def test_requests_are_shown_without_the_key(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LLM_OPENAI_SHOW_RESPONSES", "1")
    assert model_of(Chat, "text", server).prompt("hi").text() == "Hello, wörld"
    shown = capsys.readouterr().err
    assert f"Request: POST {server.address}/chat/completions" in shown
    assert '"content": "hi"' in shown
    assert "authorization: [...]" in shown
    assert "wörld" in shown or "w\\u00f6rld" in shown
    assert KEY not in shown
