"""Registers the tools."""

from __future__ import annotations

from collections.abc import Callable

from llm import hookimpl
from llm.tools import llm_time, llm_version


@hookimpl
def register_tools(register: Callable[..., None]) -> None:
    register(llm_version)
    register(llm_time)
