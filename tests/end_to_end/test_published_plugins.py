"""Plugins from the package index, unmodified, beside what the real `llm` 0.36 answers with them."""

from __future__ import annotations

import json

from .inn import Inn

NOTHING = {"prompt": "hi", "system": "", "attachments": [], "stream": True, "previous": []}


def test_markov_chains_eight_words_of_the_prompt(published: Inn) -> None:
    answer = published.ok("-m", "markov", "-o", "length", "8", "-o", "delay", "0", "the cat sat on the mat")

    assert len(answer.split()) == 8
    assert set(answer.split()) <= {"the", "cat", "sat", "on", "mat"}


def test_markov_refuses_an_option_in_its_own_words(published: Inn) -> None:
    outcome = published.run("-m", "markov", "-o", "length", "1", "hi")

    assert (outcome.status, outcome.stdout) == (1, "")
    assert outcome.stderr == "Error: length\n  length must be >= 2\n"


def test_echo_sees_prompt_system_and_options(published: Inn) -> None:
    outcome = published.run("-m", "echo", "-s", "sys", "hi", "-o", "thinking", "1")

    assert outcome.status == 0
    assert json.loads(outcome.stdout) == {**NOTHING, "system": "sys"}
    assert outcome.stderr == "First I consider the prompt, then I decide what to say.\n"


def test_echo_answers_async(published: Inn) -> None:
    assert json.loads(published.ok("-m", "echo", "--async", "hi")) == NOTHING


def test_echo_knows_when_it_does_not_stream(published: Inn) -> None:
    assert json.loads(published.ok("-m", "echo", "--no-stream", "hi")) == {**NOTHING, "stream": False}


def test_usage_is_printed_on_stderr(published: Inn) -> None:
    assert "Token usage: 1 input, 12 output" in published.run("-m", "echo", "hi", "-u").stderr


def test_a_key_given_on_the_command_line_reaches_the_model(published: Inn) -> None:
    assert json.loads(published.ok("-m", "echo-needs-key", "--key", "K1", "hi")) == {**NOTHING, "key": "K1"}


def test_a_model_without_its_key_says_how_to_give_one(published: Inn) -> None:
    message = published.fails("-m", "echo-needs-key", "hi")

    assert "No key found" in message
    assert "llm keys set echo-needs-key" in message


def test_installed_plugins_are_listed_as_llm_lists_them(published: Inn) -> None:
    plugins = published.plugins()

    assert set(plugins) == {"llm-markov", "llm-echo"}
    for plugin in plugins.values():
        assert plugin["hooks"] == ["register_models"]
        assert plugin["version"].startswith("0.")


def test_models_of_the_plugins_are_listed_with_their_options(published: Inn) -> None:
    """And with what else they take and can do. Options that two models have alike are described once."""
    options = ["  Options:", "    example_bool: boolean", "    thinking: boolean"]
    abilities = [
        "  Attachment types:",
        "    image/gif, image/jpeg, image/png",
        "  Features:",
        "  - streaming",
        "  - tools",
        "  - async",
    ]

    first, second = published.ok("models", "list", "--options", "-q", "echo").split("EchoNeedsKey: echo-needs-key\n")

    lines = first.splitlines()
    assert lines == [
        "Echo: echo",
        *options[:2],
        "      Example boolean option",
        options[2],
        "      If set, emit canned reasoning chunks before the response",
        *abilities,
    ]
    assert second.splitlines() == [
        *options,
        *abilities,
        "  Keys:",
        "    key: echo-needs-key",
        "    env_var: LLM_ECHO_NEEDS_KEY_KEY",
    ]
