"""What plugins are written against: ``from innkeeper_sdk import Model, hookimpl``. The names are those of ``api``.

Each is imported when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # as typing has it, without the 8 ms that importing typing takes

if TYPE_CHECKING:
    from typing import Any

    from .api import *  # noqa: F403  # the same names, by definition


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__all__":
        return import_module(f"{__name__}.api").__all__
    if name.startswith("__"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        found = globals()[name] = getattr(import_module(f"{__name__}.api"), name)
    except AttributeError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return found


def __dir__() -> list[str]:
    from .api import __all__ as names

    return sorted({*globals(), *names})
