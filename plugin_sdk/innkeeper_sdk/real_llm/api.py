"""The classes of the real ``llm``, for `api_in_use`, by the names under which the SDK has its own."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

MODULES = ("llm", "llm.parts", "llm.models", "llm.errors")


class RealApi:
    """Has every class as an attribute. One that this release does not have is there, too: nothing is ever of it."""

    @cached_property
    def has_parts(self) -> bool:
        """Whether messages are made of parts, which older releases do not have."""
        return find_spec("llm.parts") is not None

    def __getattr__(self, name: str) -> Any:
        for module in MODULES:
            try:
                found = getattr(import_module(module), name)
            except (ImportError, AttributeError):
                continue
            break
        else:
            found = type(name, (Exception,), {"__module__": __name__})
        setattr(self, name, found)
        return found
