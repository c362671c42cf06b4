"""The hooks a plugin may implement, and the mark that says it does.

    from llm import hookimpl

    @hookimpl
    def register_models(register):
        register(MyModel())

An implementation is handed only the arguments that it names.
"""

from __future__ import annotations

from typing import Any, Protocol

from .hook_marks import Hookimpl, Hookspec

hookspec = Hookspec()
hookimpl = Hookimpl()


class Register(Protocol):
    """The function that a hook is given to register things with."""

    def __call__(self, *args: Any, **kwargs: Any) -> None: ...


class Permissions(Protocol):
    """What ``register_permissions`` is given: each call adds to what the plugin asks for."""

    def net(self, *hosts: str) -> None: ...
    def keys(self, *names: str) -> None: ...
    def env(self, *names: str) -> None: ...
    def read(self, *paths: str) -> None: ...
    def write(self, *paths: str) -> None: ...
    def run(self, *programs: str) -> None: ...
    def databases(self, *names: str) -> None: ...
    def terminal(self) -> None: ...
    def memory(self, limit_bytes: int) -> None: ...
    def reason(self, text: str) -> None: ...


@hookspec
def register_commands(cli: Any) -> None:
    """Add commands to *cli*, a click group: what they do is run as ``llm NAME ...``."""


@hookspec
def register_models(register: Register, model_aliases: Any) -> None:
    """Register language models: ``register(model, async_model=None, aliases=None)``."""


@hookspec
def register_embedding_models(register: Register) -> None:
    """Register embedding models: ``register(model, aliases=None)``."""


@hookspec
def register_template_loaders(register: Register) -> None:
    """Register ``register(prefix, loader)``: *loader* takes what follows ``prefix:`` and returns a Template."""


@hookspec
def register_fragment_loaders(register: Register) -> None:
    """Register ``register(prefix, loader)``: *loader* returns a Fragment or an Attachment, or a list of them."""


@hookspec
def register_tools(register: Register) -> None:
    """Register tools: ``register(function_or_tool_or_toolbox_class, name=None)``."""


@hookspec
def register_permissions(request: Permissions) -> None:
    """Say what the plugin needs to work: ``request.net("api.example.com")``. Asking grants nothing."""
