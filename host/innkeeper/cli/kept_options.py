"""Options that go with every prompt to a model, and what a model that refuses one of them leaves the person to do."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from innkeeper.errors import PluginCallFailed


@contextmanager
def kept_options_told(model_id: str, kept: Collection[str]) -> Iterator[None]:
    """Say, where a model refuses one of the options *kept*, which the person did not type, how to be rid of it."""
    try:
        yield
    except PluginCallFailed as error:
        from innkeeper_protocol.errors import ErrorCode

        problems = error.data if isinstance(error.data, list) else []
        refused = [problem.get("option") for problem in problems if isinstance(problem, dict)]
        culprit = next((name for name in refused if name in kept), None)
        if error.wire_code == ErrorCode.OPTIONS_INVALID and culprit is not None:
            error.hint = (
                f"It goes with every prompt to this model, until: llm models options clear {model_id} {culprit}"
            )
        raise
