"""The manifest: everything that a plugin registers, and what of it failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import llm
import pytest
from innkeeper_protocol.errors import CallFailed
from innkeeper_protocol.payloads.describe import Description, PermissionRequest, Problem
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo
from innkeeper_protocol.payloads.models import ModelInfo, ServerSideTool
from innkeeper_protocol.payloads.templates import LoaderInfo
from innkeeper_protocol.payloads.tools import ToolboxInfo, ToolInfo
from innkeeper_sdk.testing import running


class WebSearch(llm.ServerSideTool):
    "Searches the web"


class Talks(llm.KeyModel):
    model_id = "talks"
    needs_key = "talk"
    key_env_var = "TALK_KEY"
    can_stream = True
    attachment_types = frozenset({"image/png", "image/gif"})
    supports_schema = True
    supports_tools = True

    @property
    def supported_server_side_tools(self) -> tuple[type[llm.ServerSideTool], ...]:
        return (WebSearch,)

    def __str__(self) -> str:
        return "Talking: talks"

    class Options(llm.Options):
        warmth: int = 3

    def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any, key: str | None) -> Iterator[str]:
        yield "hi"


class TalksAsync(llm.AsyncModel):
    model_id = "talks"

    async def execute(self, prompt: Any, stream: bool, response: Any, conversation: Any) -> Any:
        yield "hi"


class Counts(llm.EmbeddingModel):
    model_id = "counts"
    supports_binary = True
    batch_size = 10

    def embed_batch(self, items: Any) -> Any:
        return [[float(len(item))] for item in items]


class Box(llm.Toolbox):
    "A box of tools"

    def __init__(self, path: str, depth: int = 2) -> None:
        self.path = path

    def look(self, name: str) -> str:
        "Look inside"
        return name


def shout(text: str) -> str:
    "Say it louder"
    return text.upper()


async def wait(seconds: float = 1.0) -> None:
    "Wait a while"


def load_template(path: str) -> llm.Template:
    "Loads templates from a tree"
    return llm.Template(name=path)


def load_fragment(argument: str) -> llm.Fragment:
    "Loads fragments from a river"
    return llm.Fragment(argument)


class Everything:
    """A plugin with every hook but commands, which have tests of their own."""

    @llm.hookimpl
    def register_models(self, register: Callable[..., None]) -> None:
        register(Talks(), TalksAsync(), aliases=("t", "talk"))

    @llm.hookimpl
    def register_embedding_models(self, register: Callable[..., None]) -> None:
        register(Counts(), aliases=["c"])

    @llm.hookimpl
    def register_template_loaders(self, register: Callable[..., None]) -> None:
        register("tree", load_template)
        register("tree", load_template)

    @llm.hookimpl
    def register_fragment_loaders(self, register: Callable[..., None]) -> None:
        register("river", load_fragment)

    @llm.hookimpl
    def register_tools(self, register: Callable[..., None]) -> None:
        register(shout)
        register(wait, name="pause")
        register(Box)

    @llm.hookimpl
    def register_permissions(self, request: Any) -> None:
        request.net("api.example.com", "localhost:8080")
        request.keys("talk")
        request.env("TALK_URL")
        request.read("~/.talk")
        request.write("~/.cache/talk")
        request.run("git")
        request.databases("logs")
        request.terminal()
        request.memory(8 * 2**30)
        request.reason("It talks.")


TEXT = {"text": {"type": "string"}}


def test_everything_that_is_registered_is_described() -> None:
    with running(Everything()) as plugin:
        description = plugin.describe()

    assert description == Description(
        hooks=(
            *("register_embedding_models", "register_fragment_loaders", "register_models", "register_permissions"),
            *("register_template_loaders", "register_tools"),
        ),
        models=(
            ModelInfo(
                model_id="talks",
                label="Talking: talks",
                aliases=("t", "talk"),
                has_async=True,
                can_stream=True,
                needs_key="talk",
                key_env_var="TALK_KEY",
                attachment_types=("image/gif", "image/png"),
                supports_schema=True,
                supports_tools=True,
                server_side_tools=(
                    ServerSideTool(
                        name="WebSearch",
                        description="Searches the web",
                        signature="(spec: 'dict[str, Any] | None' = None)",
                    ),
                ),
                options_schema={
                    "additionalProperties": False,
                    "properties": {"warmth": {"default": 3, "title": "Warmth", "type": "integer"}},
                    "title": "Options",
                    "type": "object",
                },
            ),
        ),
        embedding_models=(
            EmbeddingModelInfo(
                model_id="counts", label="Counts: counts", aliases=("c",), supports_binary=True, batch_size=10
            ),
        ),
        template_loaders=(
            LoaderInfo(prefix="tree", description="Loads templates from a tree"),
            LoaderInfo(prefix="tree_1", description="Loads templates from a tree"),
        ),
        fragment_loaders=(LoaderInfo(prefix="river", description="Loads fragments from a river"),),
        tools=(
            ToolInfo(
                name="shout",
                description="Say it louder",
                input_schema={"properties": TEXT, "required": ["text"], "type": "object"},
            ),
            ToolInfo(
                name="pause",
                description="Wait a while",
                input_schema={"properties": {"seconds": {"default": 1.0, "type": "number"}}, "type": "object"},
                implementation_is_async=True,
            ),
        ),
        toolboxes=(
            ToolboxInfo(
                name="Box",
                description="A box of tools",
                arguments_schema={
                    "properties": {"path": {"type": "string"}, "depth": {"default": 2, "type": "integer"}},
                    "required": ["path"],
                    "type": "object",
                },
                tools=(
                    ToolInfo(
                        name="Box_look",
                        description="Look inside",
                        input_schema={
                            "properties": {"name": {"type": "string"}},
                            "required": ["name"],
                            "type": "object",
                        },
                    ),
                ),
            ),
        ),
        permissions=PermissionRequest(
            net=("api.example.com", "localhost:8080"),
            keys=("talk",),
            env=("TALK_URL",),
            read=("~/.talk",),
            write=("~/.cache/talk",),
            run=("git",),
            databases=("logs",),
            terminal=True,
            memory_bytes=8 * 2**30,
            reason="It talks.",
        ),
        imported_files=description.imported_files,
    )


class HalfBroken:
    """A plugin whose hooks fail in three ways."""

    @llm.hookimpl
    def register_models(self, register: Callable[..., None]) -> None:
        register(Talks())
        raise RuntimeError("no server to ask")

    @llm.hookimpl
    def register_tools(self, register: Callable[..., None]) -> None:
        register(shout)
        register(object)

    @llm.hookimpl
    def register_embedding_models(self, register: Callable[..., None]) -> None:
        raise SystemExit("bye")


def test_failing_hook_is_a_problem_and_what_it_registered_before_counts(capsys: pytest.CaptureFixture[str]) -> None:
    with running(HalfBroken()) as plugin:
        description = plugin.describe()
        assert plugin.prompt("talks", "x", key="k").text == "hi"

    assert [model.model_id for model in description.models] == ["talks"]
    assert [tool.name for tool in description.tools] == ["shout"]
    assert description.problems == (
        Problem(where="register_models", message="RuntimeError: no server to ask"),
        Problem(where="register_embedding_models", message="SystemExit: bye"),
        Problem(
            where="register_tools",
            message="TypeError: a class of tools must inherit from Toolbox; object does not",
        ),
    )
    assert "no server to ask" in capsys.readouterr().err


def test_problem_is_told_to_whoever_asks_for_what_is_missing() -> None:
    class NoServer:
        @llm.hookimpl
        def register_models(self, register: Callable[..., None]) -> None:
            raise RuntimeError("no server to ask")

    with running(NoServer()) as plugin, pytest.raises(CallFailed) as caught:
        plugin.prompt("m", "x")
    assert str(caught.value) == "no model 'm': register_models failed with RuntimeError: no server to ask"


def test_model_that_cannot_be_described_is_left_out() -> None:
    class Unprintable(Talks):
        model_id = "unprintable"

        def __str__(self) -> str:
            raise ValueError("no words")

    class Two:
        @llm.hookimpl
        def register_models(self, register: Callable[..., None]) -> None:
            register(Unprintable())
            register(TalksAsync())

    with running(Two()) as plugin:
        description = plugin.describe()
    assert [model.model_id for model in description.models] == ["talks"]
    assert description.problems == (Problem(where="model unprintable", message="ValueError: no words"),)
