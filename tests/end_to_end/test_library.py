"""``import innkeeper`` in a program of one's own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .inn import Inn


def run_program(inn: Inn, program: str, cwd: Path | None = None) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=inn.environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        cwd=cwd,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout


def test_prompt_streams_and_tells_its_usage(published: Inn) -> None:
    program = """
import innkeeper, json
response = innkeeper.get_model("echo").prompt("hi", system="sys")
pieces = list(response)
assert "".join(pieces) == response.text()
print(json.loads(response.text())["system"], response.usage().input, response.usage().output)
"""
    assert run_program(published, program) == "sys 2 12\n"


def test_async_twin_answers_the_same(published: Inn) -> None:
    program = """
import asyncio, innkeeper, json

async def main():
    response = innkeeper.get_async_model("echo").prompt("hi")
    pieces = [piece async for piece in response]
    assert "".join(pieces) == await response.text()
    print(json.loads(await response.text())["prompt"])

asyncio.run(main())
"""
    assert run_program(published, program) == "hi\n"


def test_no_zombie_is_left_once_a_program_is_done_with_a_plugin(rogues: Inn) -> None:
    program = """
import gc, innkeeper, os
from pathlib import Path

for name in ("prints", "dies", "leaves"):
    try:
        print(innkeeper.get_model(name).prompt("hi").text())
    except innkeeper.InnkeeperError as error:
        print(type(error).__name__)
states = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
          for task in os.listdir("/proc/self/task")
          for pid in Path(f"/proc/self/task/{task}/children").read_text().split()]
print(states.count("Z"))
"""
    assert run_program(rogues, program) == "the answer\nPluginStopped\nPluginStopped\n0\n"


FORKED = """
import innkeeper, os, sys

model = innkeeper.get_model("markov")
response = model.prompt("one two", length=40, delay=0)
pieces = iter(response)
first = next(pieces)
child = os.fork()
if child == 0:
    try:
        print("forked:", len(model.prompt("a b", length=30, delay=0).text().split()))
        print("anew:", len(innkeeper.get_model("markov").prompt("a b", length=20, delay=0).text().split()))
        list(pieces)
    except innkeeper.PluginStopped as error:
        print(error)
    sys.exit()  # with exit functions, as a program ends
print("child ended with", os.waitpid(child, 0)[1])
print("begun before:", len((first + "".join(pieces)).split()))
print("asked after:", len(model.prompt("a b", length=10, delay=0).text().split()))
"""


def test_child_of_a_fork_starts_plugins_of_its_own_and_leaves_the_others_alone(published: Inn) -> None:
    """As `multiprocessing` makes them, and servers. Both would write to one plugin, and read each other's answers."""
    said = run_program(published, FORKED).splitlines()

    assert sorted(said) == sorted(
        [
            "forked: 30",
            "anew: 20",
            "Plugin 'llm-markov' answers the process that asked it.",
            "  This one was forked off after that.",
            "  Ask again in this one.",
            "child ended with 0",
            "begun before: 40",
            "asked after: 10",
        ]
    )


def test_every_public_name_is_there() -> None:
    program = "import innkeeper; print([name for name in innkeeper.__all__ if not hasattr(innkeeper, name)])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=True)

    assert done.stdout == "[]\n"


def test_importing_it_costs_next_to_nothing() -> None:
    program = "import sys; before = set(sys.modules); import innkeeper; print(sorted(set(sys.modules) - before))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {program}"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert done.stdout == "['__future__', 'innkeeper']\n"


ASKS_FOR_EVERYTHING = """
import json, innkeeper

open("photo.png", "wb").write(b"\\x89PNG\\r\\n\\x1a\\n")
model = innkeeper.get_model("recorder")
print(model.model_id, model.aliases, model.info.supports_schema, sorted(model.info.attachment_types))
response = model.prompt(
    "tell me",
    system="sys",
    fragments=[innkeeper.Fragment("a fragment", "somewhere")],
    attachments=["photo.png", innkeeper.Attachment(type="application/pdf", content=b"%PDF-")],
    schema=innkeeper.schema_dsl("name, age int"),
    heat=0.5,
)
told = json.loads(response.text())
print(told["prompt"], told["system"], told["attachments"], list(told["schema"]["properties"]), told["heat"])
print(response.usage().input, response.usage().details, response.result().resolved_model)
print(model.prompt("leak", key="given-key").json())
"""


def test_a_prompt_takes_files_a_schema_and_options(recorder: Inn, tmp_path: Path) -> None:
    assert run_program(recorder, ASKS_FOR_EVERYTHING, tmp_path) == (
        "recorder ('rec',) True ['application/pdf', 'image/png', 'text/plain']\n"
        "a fragment\ntell me sys [['image/png', None, 8], ['application/pdf', None, 5]] ['name', 'age'] 0.5\n"
        "1000 {'cached': 3} recorder-1\n"
        "{'authorization': 'Bearer given-key', 'id': 'r1'}\n"
    )


GOES_ON = """
import asyncio, json, innkeeper

conversation = innkeeper.get_model("recorder").conversation()
first = conversation.prompt("think", system="sys")
first.text()
conversation.prompt("unlogged").text()
print([message.role for message in conversation.responses[-1].sent()])
print([type(part).__name__ for part in first.messages()[0].parts])
first.log("logs.db")

again = innkeeper.get_conversation(conversation.id, database="logs.db")
told = json.loads(again.prompt("tell me").text())
print(again.model.model_id, told["responses"], [role for role, _ in told["messages"]])

async def go_on():
    conversation = innkeeper.get_async_conversation(database="logs.db", model="rec")
    response = conversation.prompt("tell me")
    told = json.loads(await response.text())
    print(len(told["responses"]), conversation.id == again.id)
    await response.log("logs.db")

asyncio.run(go_on())
print(len(innkeeper.get_conversation(database="logs.db").earlier.exchanges))
for problem in (lambda: innkeeper.get_conversation("nowhere", database="logs.db"),
                lambda: innkeeper.get_conversation(database="empty.db")):
    try:
        problem()
    except innkeeper.InnkeeperError as error:
        print(type(error).__name__, error.message)
"""


def test_a_conversation_is_logged_and_gone_on_with_where_the_program_says_so(recorder: Inn, tmp_path: Path) -> None:
    assert run_program(recorder, GOES_ON, tmp_path).splitlines() == [
        "['system', 'user', 'assistant', 'user']",
        "['ReasoningPart', 'TextPart']",
        "recorder [['think', 'I thought.', 0, []]] ['system', 'user', 'assistant', 'user']",
        "1 True",
        "2",
        "UsageError No conversation found with id=nowhere",
        "StorageError There is no conversation to go on with.",
    ]


CALLS_TOOLS = """
import asyncio, innkeeper

def double(number: int) -> int:
    "Twice the number"
    return number * 2

chain = innkeeper.get_model("recorder").chain("use tools", tools=[double, "Box"])
print(chain.text())
for response in chain.completed:
    response.log("logs.db")
print([result.output for result in chain.completed[-1].prompt.tool_results])
print([tool.name for tool in chain.completed[0].prompt.tools])
"""


def test_tools_of_the_program_and_of_plugins_are_called(recorder: Inn, tmp_path: Path) -> None:
    assert run_program(recorder, CALLS_TOOLS, tmp_path) == (
        "I will use tools. Tools said: 42, closed\n['42', 'closed']\n['double', 'Box_open']\n"
    )
    logged = recorder.ok("logs", "-d", str(tmp_path / "logs.db"), "--tools", "--json")
    assert [result["instance"] for result in json.loads(logged)[0]["tool_results"]] == [
        None,
        {"name": "Box", "plugin": "recorder", "arguments": "{}"},
    ]
