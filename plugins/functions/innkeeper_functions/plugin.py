"""Registers the toolbox. Innkeeper opens it for ``--functions``; nothing else can name it."""

from __future__ import annotations

from collections.abc import Callable

from llm import hookimpl

from .functions import Functions


@hookimpl
def register_tools(register: Callable[..., None]) -> None:
    register(Functions)
