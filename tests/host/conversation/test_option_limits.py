"""What may be kept of an option, by the schema that its plugin gave."""

from __future__ import annotations

from typing import Any

import pytest
from innkeeper.conversation.option_limits import limits_broken

SCHEMA = {"$defs": {"Effort": {"enum": ["low", "high"], "type": "string"}}}
OPTIONAL_EFFORT = {"anyOf": [{"$ref": "#/$defs/Effort"}, {"type": "null"}]}
SHARE = {"anyOf": [{"type": "number", "exclusiveMinimum": 0, "maximum": 1}, {"type": "null"}]}


@pytest.mark.parametrize(
    ("value", "option", "limits"),
    [
        ("low", OPTIONAL_EFFORT, ""),
        ("medium", OPTIONAL_EFFORT, "one of low, high"),
        (2, {"enum": [1, 2]}, ""),
        (1, SHARE, ""),
        (0, SHARE, "a number above 0 and at most 1"),
        (11, {"type": "integer", "minimum": 0, "exclusiveMaximum": 11}, "a number at least 0 and below 11"),
        (5, {"anyOf": [{"enum": ["auto"]}, {"type": "integer", "maximum": 4}]}, "one of auto, or a number at most 4"),
        (5, {"anyOf": [{"type": "integer", "maximum": 4}, {"type": "string"}]}, ""),
        (True, {"type": "boolean"}, ""),
        ("maybe", {"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "true or false"),
        ("maybe", {"anyOf": [{"type": "boolean"}, {"type": "string"}]}, ""),
    ],
)
def test_value_is_held_to_the_choices_and_bounds_of_its_option(value: Any, option: dict[str, Any], limits: str) -> None:
    assert limits_broken(value, option, SCHEMA) == limits


@pytest.mark.parametrize(
    "option",
    [
        {"anyOf": ["text"]},
        {"anyOf": [{"$ref": "#/$defs/Nowhere"}]},
        {"$ref": ["Effort"]},
        {"type": "number", "minimum": "high", "maximum": [1]},
        {"type": ["number"], "maximum": 1},
        {"enum": "abc"},
        {},
    ],
)
def test_what_makes_no_sense_limits_nothing(option: dict[str, Any]) -> None:
    assert limits_broken(5, option, SCHEMA) == ""
