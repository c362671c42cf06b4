"""``llm openai models``, and the list of models at any server."""

from __future__ import annotations

import json

import pytest
from innkeeper_sdk.testing import running

from .conftest import Server


def test_models_are_a_table(server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    from innkeeper_openai import plugin

    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    with running(plugin, keys={"openai": "sk-stored"}) as openai:
        assert openai.run_command("openai", "models") == 0

    assert capfd.readouterr().out == (
        "id     owned_by    created                  \nm-1    us          2023-11-14T22:13:20+00:00\n"
    )
    method, path, headers, _ = server.asked[0]
    assert (method, path, headers["authorization"]) == ("GET", "/v1/models", "Bearer sk-stored")


def test_models_as_json_are_the_servers(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from innkeeper_openai import plugin

    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    with running(plugin) as openai:
        assert openai.run_command("openai", "models", "--json", "--key", "sk-given") == 0

    assert json.loads(capfd.readouterr().out) == server.answers["/v1/models"]["data"]
    assert server.asked[0][2]["authorization"] == "Bearer sk-given"


def test_models_of_any_server_are_listed_without_a_key(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    from innkeeper_openai import plugin

    server.answers["/v1/models"]["data"].append({"id": "m-2\x1b[31m", "object": "model"})
    with running(plugin, keys={"openai": "sk-stored"}) as openai:
        assert openai.run_command("openai", "endpoint", server.address, "--models", "-H", "X-Team", "birds") == 0

    assert capfd.readouterr().out == "m-1\nm-2?[31m\n"
    headers = server.asked[0][2]
    assert (headers["authorization"], headers["x-team"]) == ("Bearer DUMMY_KEY", "birds")


def test_refusal_is_a_sentence(
    server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from innkeeper_openai import plugin

    server.status = 401
    server.answers["/v1/models"] = {"error": {"message": "no such key: sk-given"}}
    monkeypatch.setenv("OPENAI_BASE_URL", server.address)
    with running(plugin) as openai:
        assert openai.run_command("openai", "models", "--key", "sk-given") == 1

    host = server.address.split("/")[2]
    assert capfd.readouterr().err == (f"Error: {host} answered 401, it does not take the key: no such key: [key]\n")


@pytest.mark.parametrize("answer", [{}, {"data": {"a": 1}}, {"data": ["m"]}])
def test_what_is_no_list_of_models_is_said(answer: object, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    from innkeeper_openai import plugin

    server.answers["/v1/models"] = answer
    with running(plugin) as openai:
        assert openai.run_command("openai", "endpoint", server.address, "--models") == 1

    assert capfd.readouterr().err == f"Error: {server.address.split('/')[2]} answered with what is no list of models\n"


def test_missing_key_says_how_to_give_one(capfd: pytest.CaptureFixture[str]) -> None:
    from innkeeper_openai import plugin

    with running(plugin) as openai:
        assert openai.run_command("openai", "models") == 1

    assert capfd.readouterr().err == (
        "Error: No key found - add one using 'llm keys set openai' or set the OPENAI_API_KEY environment variable\n"
    )
