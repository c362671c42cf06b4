"""The API that the plugin of this process knows: the SDK's own, or that of the real ``llm`` where it runs on that.

Adapters take the classes of messages, attachments and tools from here. What they hand to a plugin's code has to be of
the classes that it imports, and what it hands back is told apart by them.
"""

from __future__ import annotations

from typing import Any

_real: Any = None


def api() -> Any:
    """Return what has the classes as attributes."""
    if _real is not None:
        return _real
    from innkeeper_sdk import api as own

    return own


def is_real() -> bool:
    """Say whether the plugin runs on the real ``llm``."""
    return _real is not None


def use(real: Any) -> None:
    """Have `api` return *real* from now on. The runtime calls this before it loads the plugin."""
    global _real  # noqa: PLW0603  # a process has one plugin, and its code one API
    _real = real
