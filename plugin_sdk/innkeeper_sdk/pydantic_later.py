"""Lets the classes of options that the host found fit do without pydantic until it is needed: ``api.deferred_options``.

In their modules ``from pydantic import Field`` gets a stand-in, which records what is called. Nobody else does: whoever
imports pydantic from another module gets the real one, and so does who asks the stand-in for anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection
from typing import Any

from . import api
from .api.deferred_options import Recorded, deferred_options

RECORDED = frozenset(["Field", "field_validator"])


def defer(classes: Collection[str]) -> None:
    """Begin to, for *classes*, each as ``module:Class``. Called once, before any of them is imported."""
    sys.meta_path.insert(0, PydanticFinder({name.partition(":")[0] for name in classes}))
    vars(api)["Options"] = deferred_options(classes)  # found there before it is looked up


class PydanticFinder:
    """Finds the stand-in for *modules*, and nothing for others."""

    def __init__(self, modules: Collection[str]) -> None:
        self._modules = modules

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Find pydantic where one of the modules imports it."""
        if name != "pydantic" or _importing_module() not in self._modules:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, self)  # type: ignore[arg-type]  # what it takes of a loader is there

    def create_module(self, spec: Any) -> None:
        """Take the usual kind of module."""

    def exec_module(self, module: Any) -> None:
        """Fill the stand-in."""

        def get(name: str) -> Any:
            if name.startswith("__"):  # the import statement looks whether this is a package
                raise AttributeError(name)
            if sys.modules.get("pydantic") is module:
                del sys.modules["pydantic"]  # who comes next is looked at, too
            if name in RECORDED and sys._getframe(1).f_globals.get("__name__") in self._modules:
                return _recorder(name)
            from importlib import import_module

            return getattr(import_module("pydantic"), name)

        module.__getattr__ = get


def _recorder(name: str) -> Callable[..., Any]:
    return lambda *arguments, **keywords: Recorded(name, arguments, keywords)


def _importing_module() -> str:
    """Return the name of the module whose import statement is being run."""
    frame: Any = sys._getframe(2)
    while frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))
