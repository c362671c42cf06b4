"""The function that a model's plugin finds behind a tool of another plugin."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from innkeeper_protocol.payloads.models import ToolDefinition
from innkeeper_sdk.adapters.tool_stand_in import stand_in
from innkeeper_sdk.api import host
from innkeeper_sdk.api.tools import ToolOutput

ADD = ToolDefinition(
    name="add",
    description="Add two numbers",
    input_schema={
        "type": "object",
        "properties": {
            "first": {"type": "integer"},
            "rest": {"type": "array", "default": []},
            "how": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
            "not-a-name": {"type": "string"},
        },
        "required": ["first"],
    },
)


class Running(host.NoHost):
    def __init__(self) -> None:
        self.ran: list[tuple[str, str, dict[str, Any]]] = []

    def run_tool(self, specification: str, name: str, arguments: dict[str, Any]) -> Any:
        self.ran.append((specification, name, arguments))
        return ToolOutput(output="42")


@pytest.fixture
def running() -> Any:
    before, running = host.current_host(), Running()
    host.set_host(running)
    yield running
    host.set_host(before)


def test_it_has_the_name_the_text_and_the_signature_of_the_tool() -> None:
    function = stand_in(ADD)

    assert (function.__name__, function.__doc__) == ("add", "Add two numbers")
    assert str(inspect.signature(function)) == "(*, first: int, rest: list = [], how: Any = None)"


def test_called_it_asks_the_host(running: Running) -> None:
    assert stand_in(ADD)(first=2, rest=[40]) == "42"
    assert running.ran == [("add", "add", {"first": 2, "rest": [40]})]


def test_a_name_that_no_function_can_have_does_no_harm() -> None:
    assert stand_in(ToolDefinition(name="MCP-add.2")).__name__ == "tool"
