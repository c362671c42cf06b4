"""A provider's answer, without what the log has already, comes back whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from innkeeper.storage.logs_condensed import NotKept, condensed, known_values, resolved
from innkeeper_sdk.api.parts import Message, TextPart, ToolCallPart

TEXT = "The pelican is a bird with a pouch, and it is larger than one thinks it is. " * 2
ARGUMENTS = {"place": "Paris, where it nearly always rains when one has no umbrella with one"}
SCHEMA = {"type": "object", "properties": {"name": {"type": "string", "description": "its name, in full"}}}
ANSWER = [Message("assistant", [TextPart(TEXT), ToolCallPart("weather", ARGUMENTS, "call-1")])]
VALUES = known_values(ANSWER, [("weather", "w" * 70)], SCHEMA)


def test_what_the_turn_has_becomes_a_reference() -> None:
    answer = {"text": TEXT, "quoted": f"<{TEXT}>", "arguments": ARGUMENTS, "schema": SCHEMA, "tool": "w" * 70, "id": 7}

    written = condensed(answer, VALUES)

    assert written is not None
    assert json.loads(written) == {
        "text": {"$": "0.0.text"},
        "quoted": {"$r": ["<", {"$": "0.0.text"}, ">"]},
        "arguments": {"$": "0.1.argsv"},
        "schema": {"$": "schema"},
        "tool": {"$": "tool.weather.description"},
        "id": 7,
    }
    assert resolved(written, VALUES) == answer


def test_a_changed_copy_of_a_known_value_is_read() -> None:
    """The real llm writes these; we do not."""
    written = json.dumps({"$": {"m": "schema", "u": {"strict": True}, "d": ["type"]}})

    assert resolved(written, VALUES) == {"properties": SCHEMA["properties"], "strict": True}


@pytest.mark.parametrize("written", ['{"$": "m.boilerplate"}', '{"$r": ["a", {"$": "gone"}]}', '{"$": {"m": "gone"}}'])
def test_a_reference_that_leads_nowhere_is_said(written: str) -> None:
    with pytest.raises(NotKept):
        resolved(written, VALUES)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from([TEXT, f"x{TEXT}y{TEXT}"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "$r", "$raw", "a", "b"]), inner, max_size=3)
        | st.sampled_from([ARGUMENTS, SCHEMA])
    ),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_any_answer_comes_back_as_it_was(answer: Any) -> None:
    written = condensed(answer, VALUES)

    assert (None if written is None else resolved(written, VALUES)) == answer


def test_two_tools_of_one_name_stand_for_neither() -> None:
    assert known_values([], [("same", "a" * 70), ("same", "b" * 70)]) == {}


def test_what_nests_too_deep_is_not_kept() -> None:
    deep: Any = "x"
    for _ in range(5000):
        deep = [deep]

    assert condensed(deep, VALUES) is None
