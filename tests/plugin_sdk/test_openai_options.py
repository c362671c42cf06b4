"""Options of models at OpenAI's API where a prompt sets none: they read as the real ones would, all of them None."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import llm
import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_sdk.openai import Chat
from innkeeper_sdk.testing import running
from pydantic import Field


class Telling(Chat):
    """Tells what it knows of its options."""

    def execute(self, prompt: Any, *others: Any, **named: Any) -> Iterator[str]:
        options = prompt.options
        known = [options.temperature, dict(pair for pair in options if pair[1] is not None)]
        options.seed = 7
        yield json.dumps([*known, options.seed, options.model_dump(exclude_none=True)])


class TellingItsOwn(Telling):
    """Has an option that is never None."""

    class Options(Chat.Options):  # type: ignore[misc, name-defined]  # made when asked for
        temperature: float | None = Field(default=0.25)


class Models:
    @llm.hookimpl
    def register_models(self, register: Callable[..., None]) -> None:
        for kind in (Telling, TellingItsOwn):
            model = kind(kind.__name__)
            model.needs_key = None
            register(model)


@pytest.mark.parametrize(
    ("model", "options", "told"),
    [
        ("Telling", {}, [None, {}, 7, {"seed": 7}]),
        ("Telling", {"temperature": 1}, [1.0, {"temperature": 1.0}, 7, {"temperature": 1.0, "seed": 7}]),
        ("TellingItsOwn", {}, [0.25, {"temperature": 0.25}, 7, {"temperature": 0.25, "seed": 7}]),
    ],
)
def test_options_read_the_same_whether_any_is_given_or_not(
    model: str, options: dict[str, Any], told: list[Any]
) -> None:
    with running(Models()) as plugin:
        assert json.loads(plugin.prompt(model, "hi", **options).text) == told


def test_option_that_is_none_of_the_models_is_refused() -> None:
    with running(Models()) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("Telling", "hi", nope=1)
    assert caught.value.code == ErrorCode.OPTIONS_INVALID
