"""The tool calls of one response, with functions of the program's own: order, results, callbacks, pauses."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from innkeeper.conversation.chain_tools import Tools
from innkeeper.conversation.tool_calls import ToolCalls
from innkeeper.conversation.tool_calls_local import OnLoop
from innkeeper.errors import Interrupted, UnknownTool, UsageError
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper_protocol.payloads.content import Attachment, ToolCall, ToolResult
from innkeeper_protocol.payloads.models import ToolDefinition
from innkeeper_sdk.api.attachments import Attachment as File
from innkeeper_sdk.api.tools import CancelToolCall, PauseChain, Tool, Toolbox, ToolOutput
from innkeeper_sdk.api.tools import ToolCall as Asked


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(Home(str(tmp_path)), cwd=str(tmp_path))


def call(name: str, **arguments: Any) -> ToolCall:
    return ToolCall(name=name, arguments=arguments, tool_call_id=f"id-{name}")


def result(name: str, output: str, exception: str | None = None) -> ToolResult:
    return ToolResult(name=name, output=output, tool_call_id=f"id-{name}", exception=exception)


def add(a: int, b: int = 1) -> int:
    "Add"
    return a + b


async def wait_and_add(a: int) -> int:
    await asyncio.sleep(0)
    return a + 1


def fails() -> None:
    raise ValueError("no way")


def cancels() -> None:
    raise CancelToolCall("not now")


def pauses() -> None:
    raise PauseChain("waiting")


def tells_call(llm_tool_call: Asked) -> str:
    return f"{llm_tool_call.tool_call_id}"


def run(host: Host, wanted: list[Any], *calls: ToolCall, **how: Any) -> tuple[ToolResult, ...]:
    with Tools(host, wanted) as tools:
        return ToolCalls(calls, tools, **how).run()


def test_functions_give_results_in_the_order_of_the_calls(host: Host) -> None:
    wanted = [add, wait_and_add, fails, cancels, tells_call]
    names = ["wait_and_add", "fails", "cancels", "tells_call"]
    assert run(host, wanted, call("add", a=1), call("wait_and_add", a=1), *map(call, names[1:]), call("nothing")) == (
        result("add", "2"),
        result("wait_and_add", "2"),
        result("fails", "Error: no way", "ValueError: no way"),
        result("cancels", "Cancelled: not now", "CancelToolCall: not now"),
        result("tells_call", "id-tells_call"),
        result("nothing", 'Error: tool "nothing" does not exist', "KeyError: 'tool \"nothing\" does not exist'"),
    )


def test_files_of_a_function_are_sent_by_their_bytes(host: Host, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    def draws() -> ToolOutput:
        return ToolOutput("a circle", [File(type="image/png", path=str(tmp_path / "a.png"))])

    [given] = run(host, [draws], call("draws"))
    [file] = given.attachments
    assert (given.output, file.type, file.content, file.path) == ("a circle", "image/png", b"\x89PNG\r\n\x1a\n", None)


def test_objects_of_the_program_keep_their_state(host: Host) -> None:
    class Counter(Toolbox):
        def __init__(self) -> None:
            self.value = 0

        def prepare(self) -> None:
            self.value = 40

        def count(self) -> int:
            self.value += 1
            return self.value

    counter = Counter()
    assert [run(host, [counter], call("Counter_count"))[0].output for _ in range(2)] == ["41", "42"]


def test_callbacks_see_each_call_and_its_result(host: Host) -> None:
    seen: list[Any] = []

    def before(tool: ToolDefinition | None, asked: ToolCall) -> None:
        seen.append(("before", tool and tool.description, asked.name))
        if asked.arguments.get("a") == 13:
            raise CancelToolCall("unlucky")

    async def after(tool: ToolDefinition, asked: ToolCall, given: ToolResult) -> None:
        seen.append(("after", tool.name, given.output))

    calls = [call("add", a=1), call("add", a=13), call("nothing")]
    results = run(host, [add], *calls, before_call=before, after_call=after)

    assert [given.output for given in results] == [
        "2",
        "Cancelled: unlucky",
        'Error: tool "nothing" does not exist',
    ]
    assert seen == [
        ("before", "Add", "add"),
        ("after", "add", "2"),
        ("before", "Add", "add"),
        ("before", None, "nothing"),
    ]


def test_pause_tells_what_ran_before_it_and_what_comes_after_is_not_run(host: Host) -> None:
    with pytest.raises(PauseChain) as caught:
        run(host, [add, pauses, fails], call("add", a=1), call("pauses"), call("fails"))

    assert str(caught.value) == "waiting"
    assert caught.value.tool_call == Asked("pauses", {}, "id-pauses")
    assert [(given.name, given.output) for given in caught.value.tool_results] == [("add", "2")]


def test_error_of_a_callback_is_the_programs(host: Host) -> None:
    def after(*_: Any) -> None:
        raise LookupError("mine")

    with pytest.raises(LookupError, match="mine"):
        run(host, [add], call("add", a=1), after_call=after)


def test_names_are_made_different_and_bare_definitions_are_offered_but_not_run(host: Host) -> None:
    other = Tool(name="add", description="Another", input_schema={}, implementation=lambda a: a * 100)
    bare = ToolDefinition(name="elsewhere", input_schema={"type": "object"})
    with Tools(host, [add, other, bare]) as tools:
        assert [tool.name for tool in tools.definitions] == ["add", "add_1", "elsewhere"]
        outputs = [given.output for given in ToolCalls([call("add_1", a=2), call("elsewhere")], tools).run()]
    assert outputs == ["200", 'Error: tool "elsewhere" has no implementation']


@pytest.mark.parametrize(
    ("wanted", "error"),
    [("whisper", UnknownTool), ("Box(", UsageError), ("llm_time(1)", UsageError), (3, TypeError)],
)
def test_what_is_no_tool_is_refused_and_nothing_stays_open(host: Host, wanted: Any, error: type[Exception]) -> None:
    tools = Tools(host, [add, wanted])
    with pytest.raises(error):
        tools.open()
    assert tools.definitions == ()


def test_async_functions_run_on_the_programs_loop_and_end_with_a_cancel(host: Host) -> None:
    began = threading.Event()
    ended: list[asyncio.AbstractEventLoop] = []

    async def waits() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(asyncio.get_running_loop())

    async def main() -> None:
        loop = asyncio.get_running_loop()
        with Tools(host, [waits]) as tools:
            calls = ToolCalls([call("waits")], tools, awaiting=OnLoop(loop))
            running = asyncio.create_task(asyncio.to_thread(calls.run))
            await asyncio.to_thread(began.wait, 20)
            calls.cancel()
            with pytest.raises(Interrupted):
                await running
        assert ended == [loop]

    asyncio.run(main())


def test_attachment_of_a_result_names_no_path() -> None:
    """What a plugin calls a path is never followed: see `innkeeper.remote.tools`."""
    from innkeeper.remote.tools import checked_result
    from innkeeper_protocol.payloads.tools import CallToolResult

    said = CallToolResult(
        output="x",
        attachments=(Attachment(type="text/plain", path="/etc/passwd"), Attachment(url="https://example.com/a")),
        exception="E: a\nb\x1b[31m" + "x" * 5000,
    )
    checked = checked_result(said)
    assert checked.attachments == (Attachment(type="text/plain"), Attachment(url="https://example.com/a"))
    assert checked.exception is not None
    assert (checked.exception[:10], len(checked.exception)) == ("E: a b [31", 4000)
