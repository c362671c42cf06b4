"""``extra-openai-models.yaml``: what becomes of its entries, and what is said of those that are wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from innkeeper_protocol.errors import CallFailed
from innkeeper_protocol.payloads.describe import Description
from innkeeper_sdk.testing import running

from .conftest import Server, Write


def described() -> Description:
    from innkeeper_openai import plugin

    with running(plugin) as openai:
        return openai.describe()


def extra_in(described: Description) -> dict[str, Any]:
    """Return the models that are not OpenAI's, by id."""
    return {
        model.model_id: model for model in described.models if not model.model_id.startswith(("gpt-", "o1", "o3", "o4"))
    }


def test_abilities_are_those_of_the_entry(write: Write) -> None:
    write(
        "first",
        """
        - model_id: local
          model_name: llama-3.2
          aliases: [l, 3.2]
          api_base: http://localhost:8080/v1
          can_stream: false
          supports_schema: true
          supports_tools: true
          vision: true
          audio: true
          reasoning: true
        - model_id: old
          model_name: davinci
          completion: true
        - model_id: new
          model_name: gpt-x
          api_key_name: other
          responses: true
        """,
    )
    said = described()
    found = extra_in(said)

    assert said.problems == ()
    local = found["local"]
    assert (local.label, local.aliases, local.needs_key, local.key_env_var) == (
        *("OpenAI Chat: local", ("l", "3.2")),
        *(None, None),
    )
    assert (local.can_stream, local.supports_schema, local.supports_tools) == (False, True, True)
    assert {"image/png", "audio/wav"} <= set(local.attachment_types)
    assert "reasoning_effort" in local.options_schema["properties"]
    old, new = found["old"], found["new"]
    assert (old.label, old.has_async, old.needs_key, old.key_env_var) == (
        *("OpenAI Completion: old", False),
        *("openai", "OPENAI_API_KEY"),
    )
    assert (new.label, new.has_async, new.needs_key, new.key_env_var) == ("OpenAI Responses: new", True, "other", None)


def test_first_file_counts_for_a_model_of_both(write: Write) -> None:
    write("first", "- {model_id: mine, model_name: a, aliases: [one]}")
    write("second", "- {model_id: mine, model_name: b, aliases: [two]}\n- {model_id: more, model_name: c}")

    found = extra_in(described())

    assert {model_id: model.aliases for model_id, model in found.items()} == {"mine": ("one",), "more": ()}


def test_persons_model_takes_the_place_of_openais(write: Write) -> None:
    """As in the real ``llm``, where what is registered last has the name."""
    write("first", "- {model_id: gpt-4o, model_name: x, api_base: 'http://localhost:1/v1', aliases: [4o-mini]}")

    said = described()

    by_id = {model.model_id: model for model in said.models}
    assert said.problems == ()
    assert (by_id["gpt-4o"].needs_key, by_id["gpt-4o"].aliases) == (None, ("4o-mini",))
    assert by_id["gpt-4o-mini"].aliases == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- model_id: a\n  model_name: b: c", "line 2, column 16: mapping values are not allowed here"),
        ("model_id: a", "it has to be a list, each model beginning with `- model_id:`"),
        ("- model_name: a", "model 1: it has no model_id"),
        ("- just text", "model 1: it has to be a map with a model_id"),
        ("- model_id: 4", 'model 1: model_id has to be text; put it in quotes: model_id: "4"'),
        ("- {model_id: a, vision: maybe}", "a: vision has to be true or false"),
        ("- {model_id: a, aliases: b}", "a: aliases has to be a list of names"),
        ("- {model_id: a, headers: {A: [secret]}}", "a: headers has to be a map of names and texts"),
        (
            "- {model_id: a, api_base: localhost:8080}",
            "a: api_base has to begin with http:// or https://, and does not: localhost:8080",
        ),
    ],
)
def test_what_is_wrong_is_said_and_hides_nothing_else(text: str, says: str, write: Write) -> None:
    path = write("first", text)
    write("second", "- {model_id: fine, model_name: x}")

    said = described()

    assert list(extra_in(said)) == ["fine"]
    assert len(said.models) == 40
    assert [(problem.where, problem.message) for problem in said.problems] == [
        ("register_models", f"Unusable: {path}: {says}")
    ]


def test_wrong_entry_hides_no_other_of_its_file(write: Write) -> None:
    write("first", "- {model_id: bad, vision: 1}\n- {model_id: good, model_name: x}\n- 7\n")

    said = described()

    assert list(extra_in(said)) == ["good"]
    assert said.problems[0].message.count("extra-openai-models.yaml: ") == 2


def test_empty_file_is_no_problem(write: Write) -> None:
    write("first", "# nothing yet\n")

    assert (extra_in(described()), described().problems) == ({}, ())


def test_request_goes_to_the_server_with_its_name_and_headers(server: Server, write: Write) -> None:
    from innkeeper_openai import plugin

    write(
        "first",
        f"- {{model_id: mine, model_name: real-name, api_base: '{server.address}', "
        "headers: {X-Team: birds, X-N: 1}}",
    )
    with running(plugin, keys={"openai": "sk-of-the-person"}) as openai:
        said = openai.prompt("mine", "hi", stream=False)

    assert said.text == "hello"
    method, path, headers, body = server.asked[0]
    assert (method, path, body["model"]) == ("POST", "/v1/chat/completions", "real-name")
    assert (headers["x-team"], headers["x-n"]) == ("birds", "1")


def test_other_server_never_gets_openais_key_unasked(
    server: Server, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    from innkeeper_openai import plugin

    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-environment")
    entry = f"{{api_base: '{server.address}', model_name: x, "
    write(
        "first",
        f"- {entry} model_id: none}}\n"
        f"- {entry} model_id: other, api_key_name: other}}\n"
        f"- {entry} model_id: same, api_key_name: openai}}\n"
        f"- {entry} model_id: unknown, api_key_name: unknown}}\n",
    )
    with running(plugin, keys={"openai": "sk-openai", "other": "sk-other"}) as openai:
        for model in ("none", "other", "same"):
            openai.prompt(model, "hi", stream=False)
        with pytest.raises(CallFailed, match=r"^No key found - add one using 'llm keys set unknown'$"):
            openai.prompt("unknown", "hi")

    assert [one[2]["authorization"] for one in server.asked] == [
        "Bearer DUMMY_KEY",
        "Bearer sk-other",
        "Bearer sk-openai",
    ]


def test_host_may_add_models_for_one_run(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"model_id": "m at http://x/v1", "api_base": "http://x/v1", "verbosity": True, "service_tier": True}
    monkeypatch.setenv("INNKEEPER_OPENAI_MODELS", json.dumps([entry]))

    found = extra_in(described())

    assert {"verbosity", "service_tier"} <= found["m at http://x/v1"].options_schema["properties"].keys()
