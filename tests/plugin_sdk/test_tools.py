"""Tools and toolboxes, called over a real peer."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import llm
import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads import content, models, tools
from innkeeper_sdk.testing import running


class Registers:
    """A plugin that registers the given tools."""

    def __init__(self, *registered: Any) -> None:
        self.registered = registered

    @llm.hookimpl
    def register_tools(self, register: Callable[..., None]) -> None:
        for one in self.registered:
            register(one)


def shout(text: str, times: int = 1) -> str:
    "Say it louder"
    return text.upper() * times


async def wait_and_add(a: int, b: int) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"sum": a + b}


def fails(text: str) -> str:
    raise ValueError(f"no {text}")


def leaves() -> None:
    raise SystemExit(3)


def cancels() -> None:
    raise llm.CancelToolCall("not now")


def pauses() -> None:
    raise llm.PauseChain("waiting for a person")


def tells_call(text: str, llm_tool_call: llm.ToolCall) -> str:
    return f"{text} {llm_tool_call.tool_call_id}"


def draws() -> llm.ToolOutput:
    return llm.ToolOutput(output={"shape": "circle"}, attachments=[llm.Attachment(type="image/png", content=b"png")])


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        (shout, {"text": "hi", "times": 2}, tools.CallToolResult(output="HIHI")),
        (wait_and_add, {"a": 2, "b": 40}, tools.CallToolResult(output='{"sum": 42}')),
        (fails, {"text": "way"}, tools.CallToolResult(output="Error: no way", exception="ValueError: no way")),
        (leaves, {}, tools.CallToolResult(output="Error: 3", exception="SystemExit: 3")),
        (
            cancels,
            {},
            tools.CallToolResult(output="Cancelled: not now", exception="CancelToolCall: not now", cancelled="not now"),
        ),
        (
            pauses,
            {},
            tools.CallToolResult(exception="PauseChain: waiting for a person", paused="waiting for a person"),
        ),
        (tells_call, {"text": "call"}, tools.CallToolResult(output="call None")),
        (
            draws,
            {},
            tools.CallToolResult(
                output='{"shape": "circle"}', attachments=(content.Attachment(type="image/png", content=b"png"),)
            ),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_function_gives_its_result_or_its_exception(
    tool: Callable[..., Any], arguments: dict[str, Any], expected: tools.CallToolResult
) -> None:
    with running(Registers(tool)) as plugin:
        assert plugin.call_tool(tool.__name__, **arguments) == expected


def test_wrong_arguments_are_the_models_to_mend() -> None:
    with running(Registers(shout)) as plugin:
        result = plugin.call_tool("shout", txet="hi")
    assert result.exception is not None
    assert result.exception.startswith("TypeError: ")
    assert result.output.startswith("Error: ")


def test_unknown_tool_is_not_found() -> None:
    with running(Registers(shout)) as plugin, pytest.raises(CallFailed) as caught:
        plugin.call_tool("whisper")
    assert (caught.value.code, caught.value.message) == (ErrorCode.NOT_FOUND, "no tool 'whisper'")


class Counter(llm.Toolbox):
    """Counts, in a database that only its own thread may touch."""

    def __init__(self, start: int = 0) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("create table counter (value integer)")
        self._database.execute("insert into counter values (?)", [start])

    def __del__(self) -> None:
        if hasattr(self, "_database"):  # the constructor may have refused its arguments
            self._database.close()

    def add(self, by: int) -> int:
        "Add a number"
        self._database.execute("update counter set value = value + ?", [by])
        [[value]] = self._database.execute("select value from counter")
        return int(value)


def test_instances_keep_their_state_apart() -> None:
    with running(Registers(Counter)) as plugin:
        first = plugin.open_toolbox("Counter", 5)
        second = plugin.open_toolbox("Counter", start=100)
        assert first.instance != second.instance
        assert plugin.call_tool("Counter_add", instance=first.instance, by=1).output == "6"
        assert plugin.call_tool("Counter_add", instance=second.instance, by=1).output == "101"
        assert plugin.call_tool("Counter_add", instance=first.instance, by=1).output == "7"


def test_instance_is_used_by_the_thread_that_made_it() -> None:
    """sqlite3 refuses any other thread, and so do JavaScript engines: calls may come in on any thread of the peer."""
    with running(Registers(Counter)) as plugin:
        opened = plugin.open_toolbox("Counter")
        results: list[str] = []
        threads = [
            threading.Thread(
                target=lambda: results.append(plugin.call_tool("Counter_add", instance=opened.instance, by=1).output)
            )
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert sorted(results) == ["1", "2", "3", "4", "5", "6", "7", "8"]


def test_opened_toolbox_says_which_tools_it_offers() -> None:
    with running(Registers(Counter)) as plugin:
        assert plugin.open_toolbox("Counter") == tools.OpenToolboxResult(
            instance=1,
            tools=(
                models.ToolDefinition(
                    name="Counter_add",
                    description="Add a number",
                    input_schema={"properties": {"by": {"type": "integer"}}, "required": ["by"], "type": "object"},
                    plugin="Registers",
                ),
            ),
        )


class Prepared(llm.Toolbox):
    def prepare(self) -> None:
        self.add_tool(llm.Tool.function(shout))


class PreparedAsync(llm.Toolbox):
    """Opens its session on the loop, and uses it there from each tool."""

    async def prepare_async(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.add_tool(llm.Tool.function(self.same_loop_))

    async def same_loop_(self) -> bool:
        return asyncio.get_running_loop() is self.loop


def test_toolbox_is_prepared_before_it_is_asked_for_its_tools() -> None:
    with running(Registers(Prepared, PreparedAsync)) as plugin:
        opened = plugin.open_toolbox("Prepared")
        assert [tool.name for tool in opened.tools] == ["shout"]
        assert plugin.call_tool("shout", instance=opened.instance, text="a").output == "A"
        opened = plugin.open_toolbox("PreparedAsync")
        assert plugin.call_tool("same_loop_", instance=opened.instance).output == "true"


def test_toolboxes_whose_instances_make_tools_of_their_own_are_dynamic() -> None:
    with running(Registers(Counter, Prepared, PreparedAsync)) as plugin:
        described = plugin.describe()
    assert {toolbox.name: toolbox.dynamic for toolbox in described.toolboxes} == {
        "Counter": False,
        "Prepared": True,
        "PreparedAsync": True,
    }


def test_closed_instance_is_gone() -> None:
    with running(Registers(Counter)) as plugin:
        opened = plugin.open_toolbox("Counter")
        plugin.close_toolbox(opened.instance)
        with pytest.raises(CallFailed) as caught:
            plugin.call_tool("Counter_add", instance=opened.instance, by=1)
    assert (caught.value.code, caught.value.message) == (ErrorCode.NOT_FOUND, "toolbox instance 1 is not open")


def test_constructor_that_fails_opens_nothing() -> None:
    with running(Registers(Counter)) as plugin:
        with pytest.raises(CallFailed) as caught:
            plugin.open_toolbox("Counter", strat=1)
        assert caught.value.code == ErrorCode.PLUGIN_EXCEPTION
        assert "Counter.__init__() got an unexpected keyword argument 'strat'" in caught.value.message
        assert plugin.open_toolbox("Counter").instance == 1
