"""Plugins with tools, and one with a model that asks for them as its prompt says."""

from __future__ import annotations

from pathlib import Path

from .plugin_source import write_plugin

MODEL = '''
import json
import llm

@llm.hookimpl
def register_models(register):
    register(Asks(), AsyncAsks())

class WebSearch(llm.ServerSideTool):
    """Searches the web, at the provider's"""

    name = "web_search"

    def __init__(self, max_uses: int = 5):
        self.max_uses = max_uses

class Common:
    """The prompt is a JSON list of rounds, each a list of [tool, arguments]. After the last it tells what it got."""

    model_id = "asks"
    can_stream = True
    supports_tools = True
    attachment_types = {"image/png"}
    supported_server_side_tools = (WebSearch,)

    def turn(self, prompt, response):
        first = next(m for m in prompt.messages if m.role == "user").parts[0].text
        rounds = json.loads(first)
        number = sum(message.role == "tool" for message in prompt.messages)
        if number < len(rounds):
            yield f"asking {number}"
            for position, (name, arguments) in enumerate(rounds[number]):
                response.add_tool_call(llm.ToolCall(name, arguments, f"call-{number}-{position}"))
            return
        yield json.dumps({
            "results": [[r.name, r.output, r.tool_call_id] for r in prompt.tool_results],
            "exceptions": [str(r.exception) for r in prompt.tool_results if r.exception],
            "files": [[a.type, len(a.content_bytes())] for a in prompt.attachments],
            "roles": [message.role for message in prompt.messages],
            "system": prompt.system,
            "tools": [t.name for t in prompt.tools if not isinstance(t, llm.ServerSideTool)],
            "server_side": [[t.name, t.max_uses] for t in prompt.tools if isinstance(t, llm.ServerSideTool)],
        })

class Asks(Common, llm.Model):
    def execute(self, prompt, stream, response, conversation):
        yield from self.turn(prompt, response)

class AsyncAsks(Common, llm.AsyncModel):
    async def execute(self, prompt, stream, response, conversation):
        for piece in self.turn(prompt, response):
            yield piece
'''

TOOLS = """
import asyncio, os, signal, sqlite3
import llm
from innkeeper_sdk.api.host import current_host

@llm.hookimpl
def register_tools(register):
    for tool in (shout, fails, cancels, pauses, draws, paints, dies, read_fifo, waits, colours, asks_other, again):
        register(tool)
    register(llm.Tool(
        name="upper",
        description="Convert text to uppercase",
        input_schema={"type": "object", "properties": {"text": {"type": "string"}}},
        implementation=lambda text: text.upper(),
    ))
    register(Counter)
    register(Files)

def shout(text: str, times: int = 1) -> str:
    "Say it louder"
    return text.upper() * times

def fails(text: str) -> str:
    raise ValueError(f"no {text}")

def cancels() -> str:
    raise llm.CancelToolCall("not now")

def pauses() -> str:
    raise llm.PauseChain("waiting for a person")

def draws() -> llm.ToolOutput:
    return llm.ToolOutput({"shape": "circle"}, [llm.Attachment(type="image/png", content=b"png")])

def paints() -> llm.ToolOutput:
    return llm.ToolOutput("large", [llm.Attachment(type="image/png", content=b"x" * 3_000_000)])

def dies() -> str:
    os.kill(os.getpid(), signal.SIGKILL)

def read_fifo(path: str) -> str:
    "Wait until somebody writes there"
    with open(path) as file:
        return file.read()

async def waits(path: str) -> str:
    "Say that it began, and when it is cancelled; wait for ever in between"
    with open(path, "w") as file:
        file.write("began")
    try:
        await asyncio.Event().wait()
    finally:
        with open(path, "w") as file:
            file.write("cancelled")

def colours() -> str:
    return "\\x1b]0;owned\\x07\\x1b[31mred\\x1b[0m"

def asks_other(specification: str, name: str, arguments: dict) -> str:
    return str(current_host().run_tool(specification, name, arguments).output)

def again(depth: int) -> str:
    return str(current_host().run_tool("again", "again", {"depth": depth + 1}).output)

class Counter(llm.Toolbox):
    "Counts, in a database that only its own thread may touch"

    def __init__(self, start: int = 0, *, step: int = 1):
        self._step = step
        self._database = sqlite3.connect(":memory:")
        self._database.execute("create table counter as select ? as value", [start])

    def add(self) -> int:
        "Count one step further"
        self._database.execute("update counter set value = value + ?", [self._step])
        return self._database.execute("select value from counter").fetchone()[0]

    def crash(self) -> str:
        "End the process"
        os._exit(3)

class Files(llm.Toolbox):
    "Reads files"

    def __init__(self, path: str):
        self._path = path

    def prepare(self):
        self.add_tool(llm.Tool.function(self.read, name="read_named"))

    def read(self, other: str = "") -> str:
        "Read the named file, or another one"
        with open(other or self._path) as file:
            return file.read()
"""

MORE_TOOLS = """
import llm

@llm.hookimpl
def register_tools(register):
    register(write_fifo)
    register(shout)

@llm.hookimpl
def register_template_loaders(register):
    register("with-tool", lambda path: llm.Template(name=path, prompt="$input", tools=[path]))

def write_fifo(path: str) -> str:
    "Write to whoever reads there"
    with open(path, "w") as file:
        file.write("hello")
    return "written"

def shout(text: str) -> str:
    "Say it twice"
    return text + text
"""


def write_tool_plugins(folder: Path) -> list[str]:
    """Write all of them below *folder*; return their paths."""
    return [
        write_plugin(folder, "tool-model", MODEL),
        write_plugin(folder, "tool-set", TOOLS),
        write_plugin(folder, "tool-more", MORE_TOOLS),
    ]
