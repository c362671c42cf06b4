"""``plugin/describe``: every hook is run, and what they registered becomes the plugin's manifest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import TypeVar

from innkeeper_protocol.payloads.commands import CommandInfo
from innkeeper_protocol.payloads.describe import Description, Problem
from innkeeper_protocol.payloads.tools import ToolboxInfo, ToolInfo

from innkeeper_sdk.entry_points import problem
from innkeeper_sdk.failures import log_exception
from innkeeper_sdk.files_read import FilesRead
from innkeeper_sdk.registry import RegisteredEmbeddingModel, RegisteredModel, Registry

from . import embeddings, fragments, permissions, templates

T = TypeVar("T")
R = TypeVar("R")


def describe(registry: Registry, files_read: FilesRead) -> Description:
    """Run every hook and describe what they registered. What cannot be described is a problem and left out.

    *files_read* is watching since before the plugin was imported.
    """
    from . import models

    hooks = registry.plugins.hook_names()
    problems: list[Problem] = []
    described_models = _each(registry.models(), models.info, _model_name, problems)
    embedding_models = _each(registry.embedding_models(), embeddings.info, _model_name, problems)
    template_loaders = templates.infos(registry)
    fragment_loaders = fragments.infos(registry)
    tools, toolboxes = _tools(registry, problems) if "register_tools" in hooks else ((), ())
    commands = _commands(registry, problems) if "register_commands" in hooks else ()
    requested = permissions.requested(registry) if "register_permissions" in hooks else None
    return Description(
        hooks=hooks,
        models=described_models,
        embedding_models=embedding_models,
        commands=commands,
        template_loaders=template_loaders,
        fragment_loaders=fragment_loaders,
        tools=tools,
        toolboxes=toolboxes,
        permissions=requested,
        problems=(*registry.problems, *problems),
        imported_files=imported_files(sys.path),
        registration_files=files_read.outside_the_environment(),
    )


def _model_name(registered: RegisteredModel | RegisteredEmbeddingModel) -> str:
    kind = "model" if isinstance(registered, RegisteredModel) else "embedding model"
    return f"{kind} {registered.model_id}"


def _each(
    registered: Iterable[T], describe_one: Callable[[T], R], name_one: Callable[[T], str], problems: list[Problem]
) -> tuple[R, ...]:
    described = []
    for one in registered:
        try:
            described.append(describe_one(one))
        except Exception as error:  # noqa: BLE001  # properties and schemas are the plugin's own code
            log_exception(error)
            problems.append(problem(name_one(one), error))
    return tuple(described)


def _tools(registry: Registry, problems: list[Problem]) -> tuple[tuple[ToolInfo, ...], tuple[ToolboxInfo, ...]]:
    from .tools import is_toolbox, tool_info, toolbox_info

    registered = registry.tools().items()
    functions = [(name, tool) for name, tool in registered if not is_toolbox(tool)]
    classes = [(name, tool) for name, tool in registered if is_toolbox(tool)]
    return (
        _each(functions, lambda entry: tool_info(*entry), lambda entry: f"tool {entry[0]}", problems),
        _each(classes, lambda entry: toolbox_info(*entry), lambda entry: f"toolbox {entry[0]}", problems),
    )


def _commands(registry: Registry, problems: list[Problem]) -> tuple[CommandInfo, ...]:
    from . import commands

    try:
        return commands.infos(registry)
    except Exception as error:  # noqa: BLE001  # a plugin may override any part of click
        log_exception(error)
        problems.append(problem("commands", error))
        return ()


def imported_files(path: Iterable[str]) -> tuple[str, ...]:
    """Return the source files of all imported modules that lie in a site-packages directory of *path*, sorted."""
    roots = tuple(f"{folder}/" for folder in path if os.path.basename(folder) in {"site-packages", "dist-packages"})
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    return tuple(sorted({file for file in files if file and file.endswith(".py") and file.startswith(roots)}))
