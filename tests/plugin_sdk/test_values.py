"""The small value classes of the API are dataclasses to everyone who asks, and cost no import of those."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys

import pytest
from innkeeper_sdk.api.conversation import Conversation
from innkeeper_sdk.api.parts import Message, Part, TextPart, ToolResultPart
from innkeeper_sdk.api.values import Value, field, value


@value
class Point(Value):
    x: int
    tags: list[str] = field(default_factory=list)
    y: int = 0


@value
class Named(Point):
    name: str = ""


def test_importing_them_imports_no_dataclasses() -> None:
    code = "import sys, innkeeper_sdk.api.parts; print('dataclasses' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


def test_instances_are_made_like_those_of_dataclasses() -> None:
    assert vars(Point(1)) == {"x": 1, "tags": [], "y": 0}
    assert vars(Named(1, ["a"], name="n")) == {"x": 1, "tags": ["a"], "y": 0, "name": "n"}
    assert Point(1).tags is not Point(1).tags
    with pytest.raises(TypeError, match="'x'"):
        Point()  # type: ignore[call-arg]  # that is the point


def test_they_are_equal_by_their_fields_and_can_be_read() -> None:
    assert Point(1) == Point(1, [], 0) != Point(2)
    assert Point(1) != Named(1)
    assert repr(Named(1, name="n")) == "Named(x=1, tags=[], y=0, name='n')"


def test_dataclasses_finds_the_fields_of_each_class_whichever_it_is_asked_for_first() -> None:
    assert [one.name for one in dataclasses.fields(Part)] == []
    assert [one.name for one in dataclasses.fields(TextPart)] == ["text", "provider_metadata"]
    assert [one.name for one in dataclasses.fields(Point)] == ["x", "tags", "y"]
    assert [one.name for one in dataclasses.fields(Named)] == ["x", "tags", "y", "name"]
    assert dataclasses.fields(Conversation)[1].name == "id"
    assert dataclasses.fields(Point)[1].default_factory is list
    assert dataclasses.fields(Point)[0].default is dataclasses.MISSING


def test_dataclasses_replaces_and_takes_apart() -> None:
    message = Message("user", [TextPart("hi")])

    assert dataclasses.is_dataclass(Message)
    assert dataclasses.is_dataclass(message)
    assert dataclasses.replace(message, role="tool") == Message("tool", [TextPart("hi")])
    assert dataclasses.asdict(message) == {
        "role": "user",
        "parts": [{"text": "hi", "provider_metadata": None}],
        "provider_metadata": None,
    }


def test_a_plugin_may_make_a_dataclass_of_one() -> None:
    @dataclasses.dataclass
    class Loud(TextPart):
        volume: int = 3

    assert [one.name for one in dataclasses.fields(Loud)] == ["text", "provider_metadata", "volume"]
    assert Loud("hi").volume == 3
    assert [one.name for one in dataclasses.fields(ToolResultPart)][:2] == ["name", "output"]


def test_they_are_copied_pickled_and_matched() -> None:
    part = TextPart("hi")

    assert copy.deepcopy(part) == pickle.loads(pickle.dumps(part)) == part
    assert TextPart.__match_args__ == ("text", "provider_metadata")


def test_signatures_are_those_of_dataclasses() -> None:
    assert str(inspect.signature(Point)) == "(x: 'int', tags: 'list[str]' = <factory>, y: 'int' = 0) -> None"
