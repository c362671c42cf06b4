"""Code of a person's, whose functions become tools, over a real peer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_sdk.testing import PluginUnderTest, running


@contextlib.contextmanager
def plugin() -> Iterator[PluginUnderTest]:
    from innkeeper_functions import plugin as registers

    with running(registers) as running_plugin:
        yield running_plugin


def names(code: str) -> list[str]:
    with plugin() as functions:
        return [tool.name for tool in functions.open_toolbox("Functions", code=code).tools]


def refusal(code: str) -> str:
    with plugin() as functions, pytest.raises(CallFailed) as caught:
        functions.open_toolbox("Functions", code=code)
    assert caught.value.code == ErrorCode.MODEL_ERROR
    return caught.value.message


def call(functions: PluginUnderTest, instance: int, name: str, **arguments: Any) -> str:
    return functions.call_tool(name, instance=instance, **arguments).output


def test_functions_are_tools_as_they_are_defined() -> None:
    code = """
def multiply(x: int, y: int = 2) -> int:
    "Multiply two numbers"
    return x * y
"""
    with plugin() as functions:
        opened = functions.open_toolbox("Functions", code=code)
        [tool] = opened.tools
        assert call(functions, opened.instance, "multiply", x=1337, y=4242) == "5671554"

    assert (tool.name, tool.description) == ("multiply", "Multiply two numbers")
    assert tool.input_schema == {
        "properties": {"x": {"type": "integer"}, "y": {"default": 2, "type": "integer"}},
        "required": ["x"],
        "type": "object",
    }


def test_what_can_be_called_and_is_no_function_of_the_code_is_no_tool() -> None:
    code = """
from math import sqrt
from pathlib import Path
from typing import Any, Optional
import json

LIMIT = 3
add = lambda a, b: a + b

def _hidden(): pass
async def waits() -> str: return "done"
class Point:
    def __init__(self, x: int): self.x = x
"""
    assert names(code) == ["sqrt", "add", "waits", "Point"]


def test_annotations_may_be_anything_that_pydantic_knows() -> None:
    code = """
from __future__ import annotations
import enum
from dataclasses import dataclass

class Colour(enum.Enum):
    red = "red"

@dataclass
class _Shape:
    sides: int

def paint(colour: Colour, shape: _Shape) -> str:
    return f"{colour} {shape}"
"""
    with plugin() as functions:
        painted = next(tool for tool in functions.open_toolbox("Functions", code=code).tools if tool.name == "paint")
    assert painted.input_schema["required"] == ["colour", "shape"]


def test_state_is_kept_between_calls_and_apart_from_other_code() -> None:
    code = """
total = 0
def add(n: int) -> int:
    global total
    total += n
    return total
"""
    with plugin() as functions:
        first = functions.open_toolbox("Functions", code=code).instance
        second = functions.open_toolbox("Functions", code=code).instance
        assert [call(functions, first, "add", n=1), call(functions, first, "add", n=1)] == ["1", "2"]
        assert call(functions, second, "add", n=5) == "5"


def test_code_that_does_not_run_says_why() -> None:
    broken = refusal("def broken(:")
    assert re.fullmatch(r"Error in --functions definition: invalid syntax \(<functions_\d+>, line 1\)", broken)
    assert refusal("1 / 0") == "Error in --functions definition: ZeroDivisionError: division by zero"
    assert refusal("raise SystemExit(3)") == "Error in --functions definition: SystemExit: 3"
    assert refusal("def f(x: 'Nowhere'): pass") == (
        "Error in --functions definition: f cannot be a tool: name 'Nowhere' is not defined"
    )


def test_module_that_is_not_there_is_named_with_the_command_that_adds_it() -> None:
    assert refusal("import nowhere_to_be_found.deep") == (
        "Error in --functions definition: it imports nowhere_to_be_found, which its environment does not have.\n"
        "Add the package that has it: llm install innkeeper-functions --with nowhere_to_be_found"
    )


def test_file_that_is_not_there_may_be_one_that_was_not_allowed() -> None:
    assert refusal("open('/nowhere/notes.txt')") == (
        "Error in --functions definition: [Errno 2] No such file or directory: '/nowhere/notes.txt'\n"
        "What it may read is yours to say: llm plugins allow functions --read /nowhere/notes.txt"
    )


def test_code_is_shown_in_tracebacks(capfd: pytest.CaptureFixture[str]) -> None:
    code = "def fails():\n    return {}['missing']\n"
    with plugin() as functions:
        opened = functions.open_toolbox("Functions", code=code)
        assert call(functions, opened.instance, "fails") == "Error: 'missing'"
    assert "return {}['missing']" in capfd.readouterr().err
