"""The marks by which hooks are known: pluggy's own, put on without importing it.

What pluggy reads of a function is an attribute with a few settings. So a plugin that does no more than mark a function,
as nearly all do, costs no import of pluggy, nor of what that imports, before there is a need for it (`plain_hooks`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PROJECT = "llm"
"""pluggy's project name; part of the marks, so it is what existing plugins use."""

IMPLEMENTATION, SPECIFICATION = f"{PROJECT}_impl", f"{PROJECT}_spec"


class Hookimpl:
    """Marks an implementation, with pluggy's settings if need be: ``@hookimpl`` or ``@hookimpl(tryfirst=True)``."""

    project_name = PROJECT

    def __call__(  # noqa: PLR0917  # the positions that pluggy gives them
        self,
        function: Callable[..., Any] | None = None,
        hookwrapper: bool = False,
        optionalhook: bool = False,
        tryfirst: bool = False,
        trylast: bool = False,
        specname: str | None = None,
        wrapper: bool = False,
    ) -> Any:
        settings = {
            "hookwrapper": hookwrapper,
            "wrapper": wrapper,
            "optionalhook": optionalhook,
            "tryfirst": tryfirst,
            "trylast": trylast,
            "specname": specname,
        }
        return _marked(IMPLEMENTATION, settings, function)


class Hookspec:
    """Marks a specification: ``@hookspec`` or ``@hookspec(firstresult=True)``."""

    project_name = PROJECT

    def __call__(
        self,
        function: Callable[..., Any] | None = None,
        firstresult: bool = False,
        historic: bool = False,
        warn_on_impl: Warning | None = None,
        warn_on_impl_args: dict[str, Warning] | None = None,
    ) -> Any:
        if historic and firstresult:
            raise ValueError("cannot have a historic firstresult hook")
        settings = {
            "firstresult": firstresult,
            "historic": historic,
            "warn_on_impl": warn_on_impl,
            "warn_on_impl_args": warn_on_impl_args,
        }
        return _marked(SPECIFICATION, settings, function)


def _marked(mark: str, settings: dict[str, Any], function: Callable[..., Any] | None) -> Any:
    def put(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(function, mark, settings)
        return function

    return put if function is None else put(function)
