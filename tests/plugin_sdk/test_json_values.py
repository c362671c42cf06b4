"""What a provider answered, as plain JSON."""

from __future__ import annotations

import datetime
import enum
from collections import OrderedDict
from dataclasses import dataclass

from innkeeper_sdk.adapters.json_values import json_map, json_value


class Text(str):
    """A str that msgspec would refuse, such as a Fragment."""

    __slots__ = ()


class Reason(str, enum.Enum):
    STOP = "stop"


@dataclass
class Usage:
    tokens: int


class Strange:
    def __repr__(self) -> str:
        return "<strange>"


class Dumps:
    def model_dump(self, *, mode: str) -> dict[str, object]:
        return {"mode": mode, "inner": Text("x")}


def test_everything_becomes_plain_values() -> None:
    day = datetime.date(2026, 1, 2)
    value = {
        1: Text("text"),
        "reason": Reason.STOP,
        "usage": Usage(3),
        "day": day,
        "strange": Strange(),
        "pydantic": Dumps(),
        "nested": OrderedDict(a=(1, 2.5, None, True)),
        "bytes": b"ab",
    }
    converted = json_value(value)
    assert converted == {
        "1": "text",
        "reason": "stop",
        "usage": {"tokens": 3},
        "day": "2026-01-02",
        "strange": "<strange>",
        "pydantic": {"mode": "json", "inner": "x"},
        "nested": {"a": (1, 2.5, None, True)},
        "bytes": "YWI=",
    }
    assert type(converted["1"]) is str


def test_map_is_a_map_or_nothing() -> None:
    assert json_map({"a": 1}) == {"a": 1}
    assert json_map([1]) is None
    assert json_map(None) is None
