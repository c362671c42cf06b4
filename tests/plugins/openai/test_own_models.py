"""OpenAI's own models, over a real peer. That they are those of the real ``llm`` is tested end to end."""

from __future__ import annotations

import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_sdk.testing import running

from .conftest import Server

KEYS = {"openai": "sk-of-the-person"}


def test_everything_is_registered_without_a_problem() -> None:
    from innkeeper_openai import plugin

    with running(plugin) as openai:
        described = openai.describe()

    assert (len(described.models), len(described.embedding_models), described.problems) == (39, 6, ())
    assert {model.needs_key for model in described.models} == {"openai"}
    assert {model.key_env_var for model in described.models} == {"OPENAI_API_KEY"}
    assert [command.name for command in described.commands[0].commands] == ["endpoint", "models"]


@pytest.mark.parametrize(
    ("model", "path", "answer"),
    [
        ("4o", "/v1/chat/completions", "hello"),
        ("gpt-5", "/v1/responses", "answered"),
        ("3.5-instruct", "/v1/completions", " and on"),
    ],
)
def test_model_is_asked_at_the_address_of_the_environment(
    model: str, path: str, answer: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from innkeeper_openai import plugin

    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    with running(plugin, keys=KEYS) as openai:
        said = openai.prompt(model, "hi", stream=False)

    assert said.text == answer
    assert [(one[1], one[2]["authorization"]) for one in server.asked] == [(path, "Bearer sk-of-the-person")]


def test_embeddings_come_in_the_order_of_the_texts(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from innkeeper_openai import plugin

    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    with running(plugin, keys=KEYS) as openai:
        vectors = openai.embed("3-small-512", "a", "b")

    assert vectors == [[1.0], [2.0]]
    body = {"model": "text-embedding-3-small", "input": ["a", "b"], "dimensions": 512, "encoding_format": "base64"}
    assert [one[3] for one in server.asked] == [body]


def test_missing_key_says_how_to_give_one() -> None:
    from innkeeper_openai import plugin

    with running(plugin) as openai, pytest.raises(CallFailed) as caught:
        openai.prompt("gpt-4o", "hi")

    assert caught.value.code == ErrorCode.NEEDS_KEY
    assert caught.value.message == (
        "No key found - add one using 'llm keys set openai' or set the OPENAI_API_KEY environment variable"
    )


def test_refused_key_is_told_in_one_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from innkeeper_openai import plugin

    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    server.status = 401
    server.answers["/v1/chat/completions"] = {"error": {"message": "Incorrect API key: sk-of-the-person"}}
    with running(plugin, keys=KEYS) as openai, pytest.raises(CallFailed) as caught:
        openai.prompt("gpt-4o", "hi")

    host = server.address.split("/")[2]
    assert caught.value.code == ErrorCode.MODEL_ERROR
    assert caught.value.message == f"{host} answered 401, it does not take the key: Incorrect API key: [key]"
