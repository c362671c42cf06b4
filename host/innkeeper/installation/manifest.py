"""The manifest: what a plugin said it registers, checked once when it says so, and kept beside its environment.

The plugin is the adversary here. What it says is bounded in number and size, and its names and texts are checked
(`spoken`). What is unfit is left out, and a sentence among the problems says so; nothing of it fails an installation.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec
from innkeeper_protocol.payloads.commands import CommandInfo, ParameterInfo
from innkeeper_protocol.payloads.describe import Description, PermissionRequest, Problem
from innkeeper_protocol.payloads.embeddings import EmbeddingModelInfo
from innkeeper_protocol.payloads.models import ModelInfo, ServerSideTool
from innkeeper_protocol.payloads.templates import LoaderInfo
from innkeeper_protocol.payloads.tools import ToolboxInfo, ToolInfo

from innkeeper.paths import Home

from . import spoken
from .inventory import InstalledPlugin, write_whole
from .manifest_file import MANIFEST, read_as
from .spoken import Unfit

MOST = {
    "hooks": 50,
    "models": 5000,
    "embedding_models": 1000,
    "commands": 200,
    "template_loaders": 100,
    "fragment_loaders": 100,
    "tools": 1000,
    "toolboxes": 200,
    "problems": 50,
    "imported_files": 50_000,
    "registration_files": 64,
}
"""How many of each a plugin may register. The largest of today, a gateway to other providers, has some 400 models."""

MOST_ALIASES = 50
MOST_IN_A_LIST = 200
"""Attachment types, parameters of a command, tools of a toolbox, permissions that are asked for."""
HELP_LETTERS = 64 * 1024
MOST_COMMAND_DEPTH = 5
MOST_PATH_LETTERS = 4096
MOST_BYTES = 8 * 1024 * 1024
"""Of the whole manifest."""
MOST_SUMMARY_BYTES = 512 * 1024
"""Of its part of the index, which every command reads. 400 models take some 80 KB."""

T = TypeVar("T")
M = TypeVar("M", ModelInfo, EmbeddingModelInfo)


def checked(said: Description) -> Description:
    """Return what a plugin *said* without what is unfit to be kept; its problems say what that was."""
    problems = [Problem(where=spoken.label(one.where), message=spoken.label(one.message)) for one in said.problems]
    problems = problems[: MOST["problems"]]
    check = _Check(problems)
    found = Description(
        hooks=check.each("hooks", said.hooks, spoken.word),
        models=_joined(check.each("models", said.models, _model)),
        embedding_models=_joined(check.each("embedding_models", said.embedding_models, _embedding_model)),
        commands=check.unique("commands", said.commands, _command, lambda one: one.name),
        template_loaders=check.unique("template_loaders", said.template_loaders, _loader, lambda one: one.prefix),
        fragment_loaders=check.unique("fragment_loaders", said.fragment_loaders, _loader, lambda one: one.prefix),
        tools=check.unique("tools", said.tools, _tool, lambda one: one.name),
        toolboxes=check.unique("toolboxes", said.toolboxes, _toolbox, lambda one: one.name),
        permissions=_permissions(said.permissions) if said.permissions else None,
        imported_files=_paths(said.imported_files, MOST["imported_files"]),
        registration_files=_paths(said.registration_files, MOST["registration_files"]),
    )
    if len(msgspec.json.encode(found)) > MOST_BYTES or len(msgspec.json.encode(summarised(found))) > MOST_SUMMARY_BYTES:
        problems.append(Problem(where="registration", message="All of it together is too large, and was left out."))
        found = Description(hooks=found.hooks)
    return msgspec.structs.replace(found, problems=tuple(problems))


class _Check:
    """Collects *problems* while the parts of a description are checked."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems

    def each(self, what: str, said: tuple[T, ...], check: Callable[[T], T]) -> tuple[T, ...]:
        """Return what of *said* is fit, at most as many as `MOST` allows."""
        if len(said) > MOST[what]:
            self._note(what, f"There are {len(said)}, and {MOST[what]} is the most.")
        found = []
        for number, one in enumerate(said[: MOST[what]], 1):
            try:
                found.append(check(one))
            except Unfit as error:
                self._note(what, f"Number {number} {error}.")
        return tuple(found)

    def unique(
        self, what: str, said: tuple[T, ...], check: Callable[[T], T], name_of: Callable[[T], str]
    ) -> tuple[T, ...]:
        """Do as `each`, and leave out what has the name of one before it."""
        found: dict[str, T] = {}
        for one in self.each(what, said, check):
            if name_of(one) in found:
                self._note(what, f"{name_of(one)} is there twice.")
            found.setdefault(name_of(one), one)
        return tuple(found.values())

    def _note(self, what: str, message: str) -> None:
        if len(self.problems) < MOST["problems"]:
            self.problems.append(Problem(where=what.replace("_", " "), message=message))


def _joined(models: Iterable[M]) -> tuple[M, ...]:
    """Return *models* with those of one id as one: the last, which that id means in `llm`, with the aliases of all."""
    found: dict[str, M] = {}
    aliases: dict[str, dict[str, None]] = {}
    for one in models:
        found[one.model_id] = one
        aliases.setdefault(one.model_id, {}).update(dict.fromkeys(one.aliases))
    return tuple(
        msgspec.structs.replace(one, aliases=tuple(aliases[model_id])[:MOST_ALIASES]) for model_id, one in found.items()
    )


def _names(said: Iterable[str], most: int) -> tuple[str, ...]:
    """Return those of *said* that are names, without those that are not."""
    found = []
    for one in list(said)[:most]:
        try:
            found.append(spoken.name(one))
        except Unfit:
            continue
    return tuple(dict.fromkeys(found))


def _paths(said: tuple[str, ...], most: int) -> tuple[str, ...]:
    fit = [path for path in said if os.path.isabs(path) and len(path) <= MOST_PATH_LETTERS and "\0" not in path]
    return tuple(fit[:most])


def _key_name(said: str | None) -> str | None:
    return next(iter(_names([said], 1)), None) if said else None


def _model(said: ModelInfo) -> ModelInfo:
    return msgspec.structs.replace(
        said,
        model_id=spoken.name(said.model_id),
        label=spoken.label(said.label) or said.model_id,
        aliases=_names(said.aliases, MOST_ALIASES),
        needs_key=_key_name(said.needs_key),
        key_env_var=_key_name(said.key_env_var),
        attachment_types=_names(said.attachment_types, MOST_IN_A_LIST),
        server_side_tools=tuple(_server_side_tool(one) for one in said.server_side_tools[:MOST_IN_A_LIST]),
        options_schema=spoken.json(said.options_schema),
    )


def _server_side_tool(said: ServerSideTool) -> ServerSideTool:
    return ServerSideTool(
        name=spoken.name(said.name),
        spec=spoken.json(said.spec),
        description=spoken.optional(said.description),
        signature=spoken.label(said.signature),
    )


def _embedding_model(said: EmbeddingModelInfo) -> EmbeddingModelInfo:
    return msgspec.structs.replace(
        said,
        model_id=spoken.name(said.model_id),
        label=spoken.label(said.label) or said.model_id,
        aliases=_names(said.aliases, MOST_ALIASES),
        needs_key=_key_name(said.needs_key),
        key_env_var=_key_name(said.key_env_var),
        batch_size=said.batch_size if said.batch_size and said.batch_size > 0 else None,
    )


def _command(said: CommandInfo, depth: int = 0) -> CommandInfo:
    if depth > MOST_COMMAND_DEPTH:
        raise Unfit("has commands in commands, too deep")
    return msgspec.structs.replace(
        said,
        name=spoken.word(said.name),
        short_help=spoken.label(said.short_help),
        help=spoken.text(said.help),
        full_help=spoken.text(said.full_help, HELP_LETTERS),
        parameters=tuple(_parameter(one) for one in said.parameters[:MOST_IN_A_LIST]),
        commands=tuple(_command(one, depth + 1) for one in said.commands[:MOST_IN_A_LIST]),
    )


def _parameter(said: ParameterInfo) -> ParameterInfo:
    return msgspec.structs.replace(
        said,
        name=spoken.name(said.name),
        kind=spoken.label(said.kind),
        declarations=_names(said.declarations, MOST_IN_A_LIST),
        metavar=spoken.optional(said.metavar),
        help=spoken.optional(said.help),
        default=spoken.json({"default": said.default})["default"],
        choices=_names(said.choices, MOST_IN_A_LIST),
    )


def _loader(said: LoaderInfo) -> LoaderInfo:
    return LoaderInfo(prefix=spoken.word(said.prefix), description=spoken.optional(said.description))


def _tool(said: ToolInfo) -> ToolInfo:
    return msgspec.structs.replace(
        said,
        name=spoken.word(said.name),
        description=spoken.optional(said.description),
        input_schema=spoken.json(said.input_schema),
    )


def _toolbox(said: ToolboxInfo) -> ToolboxInfo:
    return ToolboxInfo(
        name=spoken.word(said.name),
        description=spoken.optional(said.description),
        arguments_schema=spoken.json(said.arguments_schema),
        tools=tuple(_tool(one) for one in said.tools[:MOST_IN_A_LIST]),
        dynamic=said.dynamic,
    )


def _permissions(said: PermissionRequest) -> PermissionRequest:
    lists = ("net", "keys", "env", "read", "write", "run", "databases")
    fit = {field: _names(getattr(said, field), MOST_IN_A_LIST) for field in lists}
    return msgspec.structs.replace(said, **fit, reason=spoken.text(said.reason))


def summarised(description: Description) -> dict[str, Any]:
    """Return what of a checked *description* stands in the index: fields of `InstalledPlugin`."""
    return {
        "hooks": list(description.hooks),
        "models": [
            {
                "id": one.model_id,
                "label": one.label,
                "aliases": list(one.aliases),
                "sync": one.has_sync,
                "async": one.has_async,
            }
            for one in description.models
        ],
        "embedding_models": [
            {"id": one.model_id, "label": one.label, "aliases": list(one.aliases)}
            for one in description.embedding_models
        ],
        "commands": [{"name": one.name, "help": one.short_help, "hidden": one.hidden} for one in description.commands],
        "template_loaders": [one.prefix for one in description.template_loaders],
        "fragment_loaders": [one.prefix for one in description.fragment_loaders],
        "tools": [
            *(_tool_summary(one, toolbox=False) for one in description.tools),
            *(_tool_summary(one, toolbox=True) for one in description.toolboxes),
        ],
        "problems": [f"{one.where}: {one.message}" for one in description.problems],
    }


def _tool_summary(tool: ToolInfo | ToolboxInfo, *, toolbox: bool) -> dict[str, Any]:
    return {"name": tool.name, "description": spoken.label(tool.description or ""), "toolbox": toolbox}


def write_manifest(folder: str, description: Description) -> None:
    """Keep a checked *description* in *folder*, a generation; it takes the place of one that is there. May raise
    OSError.
    """
    write_whole(os.path.join(folder, MANIFEST), msgspec.to_builtins(description))


def read_manifest(home: Home, plugin: InstalledPlugin) -> Description:
    """Return what *plugin* registers, in full. Raises StorageError."""
    return read_as(home, plugin, Description)
