"""What is read without click is what click reads, and whatever else there is, is left to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from innkeeper.cli.names import COMMANDS, DEBUG_VARIABLE, MODEL_VARIABLE
from innkeeper.cli.plain_prompt import COMPLETION_VARIABLE, FLAGS, PAIRS, TEXTS, plain_prompt
from innkeeper.cli.prompt import prompt
from innkeeper.cli.run import Run

WORDS = ["hi", "", "two words", "-", "--", "-x", "-c", "-mecho", "--model=echo", "-nu", "--nope", "-T", "--help"]


def read_by_click(arguments: list[str]) -> dict[str, Any]:
    return prompt.make_context("prompt", list(arguments), obj=Run()).params


def read_plainly(arguments: list[str]) -> dict[str, Any] | None:
    return plain_prompt(arguments, is_command=lambda name: name == "weather")


@given(st.lists(st.sampled_from([*WORDS, *TEXTS, *FLAGS, *PAIRS]), max_size=8))
def test_what_is_read_plainly_is_what_click_reads(arguments: list[str]) -> None:
    found = read_plainly(["prompt", *arguments])

    assert found is None or {**read_by_click([]), **found} == read_by_click(arguments)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["-m", "echo", "hi"], {"model_id": "echo", "prompt": "hi"}),
        (["hi"], {"model_id": None, "prompt": "hi"}),
        (["prompt", "hi", "--no-stream"], {"model_id": None, "prompt": "hi", "no_stream": True}),
        ([], {"model_id": None}),
        (["-o", "a", "1", "-o", "b", "2"], {"model_id": None, "options": (("a", "1"), ("b", "2"))}),
    ],
)
def test_plain_prompts_are_read(arguments: list[str], found: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)

    assert read_plainly(arguments) == found


@pytest.mark.parametrize(
    "arguments",
    [["weather", "Rome"], *([name] for name in COMMANDS if name != "prompt"), ["--help"], ["hi", "-m"], ["one", "two"]],
)
def test_all_else_is_left_to_click(arguments: list[str]) -> None:
    assert read_plainly(arguments) is None


def test_the_model_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODEL_VARIABLE, "echo")

    assert read_plainly(["hi"]) == {"model_id": "echo", "prompt": "hi"}
    assert read_plainly(["hi", "-m", "other"]) == {"model_id": "other", "prompt": "hi"}


@pytest.mark.parametrize("variable", [COMPLETION_VARIABLE, DEBUG_VARIABLE])
def test_what_else_the_environment_says_is_left_to_click(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "1")

    assert read_plainly(["hi"]) is None
