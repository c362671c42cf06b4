"""What the plugin registers: its hooks, each called once and only when something asks for what it gives.

A prompt runs ``register_models`` and nothing else: hooks read files, ask servers and raise, and none of that may
cost a call that does not need it. A hook that raises is a problem of that hook; what it had registered by then counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from innkeeper_protocol.errors import CallFailed, ErrorCode

from .entry_points import EntryPoint, LoadedPlugins, problem
from .failures import log_exception

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.describe import Problem

T = TypeVar("T")

OF_MODELS = ("register_models", "register_embedding_models")


class RegisteredModel(msgspec.Struct, frozen=True, eq=False):
    """One call of ``register(model, async_model, aliases=...)``; one of the two models may be None."""

    model: Any
    async_model: Any
    aliases: tuple[str, ...]

    @property
    def model_id(self) -> str:
        """The id that both variants go by."""
        return str((self.model or self.async_model).model_id)


class RegisteredEmbeddingModel(msgspec.Struct, frozen=True, eq=False):
    """One embedding model and its other names."""

    model: Any
    aliases: tuple[str, ...]

    @property
    def model_id(self) -> str:
        """The model's id."""
        return str(self.model.model_id)


class Registry:
    """The plugin's registrations. Safe to ask from several threads."""

    def __init__(self, plugins: LoadedPlugins) -> None:
        self.plugins = plugins
        self.hook_problems: list[Problem] = []
        self._answers: dict[str, Any] = {}
        self._lock = threading.RLock()
        self._collecting = 0

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What failed so far: imports first, then hooks."""
        return (*self.plugins.problems, *self.hook_problems)

    @property
    def manager(self) -> Any:
        """pluggy's manager, in which this plugin is registered."""
        return self.plugins.manager

    def models(self) -> list[RegisteredModel]:
        """Call ``register_models``."""
        return self._once("register_models", [], self._collect_models)

    def embedding_models(self) -> list[RegisteredEmbeddingModel]:
        """Call ``register_embedding_models``."""
        return self._once("register_embedding_models", [], self._collect_embedding_models)

    def template_loaders(self) -> dict[str, Callable[[str], Any]]:
        """Call ``register_template_loaders``: loaders by prefix."""
        return self._once("register_template_loaders", {}, self._collect_loaders("register_template_loaders"))

    def fragment_loaders(self) -> dict[str, Callable[[str], Any]]:
        """Call ``register_fragment_loaders``: loaders by prefix."""
        return self._once("register_fragment_loaders", {}, self._collect_loaders("register_fragment_loaders"))

    def tools(self) -> dict[str, Any]:
        """Call ``register_tools``: tools and toolbox classes by name."""
        return self._once("register_tools", {}, self._collect_tools)

    def commands(self) -> Any:
        """Call ``register_commands`` with a click group of our own; returns that group."""
        from .adapters.commands import new_group

        return self._once("register_commands", new_group(), lambda group: self._call("register_commands", cli=group))

    def permissions(self, request: Any) -> Any:
        """Call ``register_permissions`` with *request*, which collects what the plugin asks for; returns it."""
        return self._once(
            "register_permissions", request, lambda asked: self._call("register_permissions", request=asked)
        )

    def find_model(self, name: str) -> RegisteredModel | None:
        """Return the model with that id or alias; of several, the one registered last, as in ``llm``."""
        return by_name(self.models(), name)

    def find_embedding_model(self, name: str) -> RegisteredEmbeddingModel | None:
        """Return the embedding model with that id or alias."""
        return by_name(self.embedding_models(), name)

    def missing(self, what: str) -> CallFailed:
        """Return the failure that says *what* is not registered, and which import or hook failed, if any did."""
        if not self.problems:
            return CallFailed(ErrorCode.NOT_FOUND, what)
        first = self.problems[0]
        return CallFailed(ErrorCode.NOT_FOUND, f"{what}: {first.where} failed with {first.message}")

    def _once(self, hook: str, found: T, collect: Callable[[T], None]) -> T:
        """Return what *hook* registered. The first time, *found* is filled by *collect*.

        A hook that asks for what it is just registering gets what there is by then.
        """
        with self._lock:
            if hook not in self._answers:
                self._answers[hook] = found
                self._collecting += 1
                try:
                    collect(found)
                finally:
                    self._collecting -= 1
            return self._answers[hook]  # type: ignore[no-any-return]

    def refresh(self) -> None:
        """Have the hooks for models run again when they are asked for next: the plugin changed what they go by.

        Inside a hook this does nothing: it would never end.
        """
        with self._lock:
            if self._collecting:
                return
            for hook in OF_MODELS:
                self._answers.pop(hook, None)
            self.hook_problems = [problem for problem in self.hook_problems if problem.where not in OF_MODELS]

    def _call(self, hook: str, *, before: Callable[[EntryPoint], None] | None = None, **arguments: Any) -> None:
        """Call *hook* of one plugin after the other, so that one that raises does not silence the next."""
        for plugin, entry_point in list(self.plugins.entry_points.items()):
            if before is not None:
                before(entry_point)
            try:
                self.plugins.call(plugin, hook, arguments)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # a stranger's hook may raise anything
                log_exception(error)
                self.hook_problems.append(problem(hook, error))

    def _collect_models(self, found: list[RegisteredModel]) -> None:
        def register(model: Any, async_model: Any = None, aliases: Iterable[str] | None = None) -> None:
            if model is None and async_model is None:
                raise TypeError("register() needs a model, an async_model, or both")
            found.append(RegisteredModel(model, async_model, tuple(map(str, aliases or ()))))

        self._call("register_models", register=register, model_aliases=found)

    def _collect_embedding_models(self, found: list[RegisteredEmbeddingModel]) -> None:
        def register(model: Any, aliases: Iterable[str] | None = None) -> None:
            found.append(RegisteredEmbeddingModel(model, tuple(map(str, aliases or ()))))

        self._call("register_embedding_models", register=register)

    def _collect_loaders(self, hook: str) -> Callable[[dict[str, Callable[[str], Any]]], None]:
        def collect(found: dict[str, Callable[[str], Any]]) -> None:
            def register(prefix: str, loader: Callable[[str], Any]) -> None:
                found[free_name(prefix, found)] = loader

            self._call(hook, register=register)

        return collect

    def _collect_tools(self, found: dict[str, Any]) -> None:
        from .api_in_use import api

        known = api()
        current = ""

        def register(tool_or_function: Any, name: str | None = None) -> None:
            if isinstance(tool_or_function, type):
                if not issubclass(tool_or_function, known.Toolbox):
                    raise TypeError(f"a class of tools must inherit from Toolbox; {tool_or_function.__name__} does not")
                tool: Any = tool_or_function
                tool.name = name or tool.__name__
            elif isinstance(tool_or_function, known.Tool):
                tool = tool_or_function
                tool.name = name or tool.name
            else:
                tool = known.Tool.function(tool_or_function, name=name)
            tool.plugin = current
            found[free_name(tool.name, found)] = tool

        def before(entry_point: EntryPoint) -> None:
            nonlocal current
            current = entry_point.name

        self._call("register_tools", before=before, register=register)


def by_name(registered: Iterable[T], name: str) -> T | None:
    """Return the last of *registered* whose id is *name*, or else the last with such an alias."""
    last_first = list(registered)[::-1]
    for one in last_first:
        if one.model_id == name:  # type: ignore[attr-defined]
            return one
    return next((one for one in last_first if name in one.aliases), None)  # type: ignore[attr-defined]


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return *name*, or *name* with the first number that makes it new: ``name_1``, ``name_2``."""
    candidate, number = name, 0
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate
