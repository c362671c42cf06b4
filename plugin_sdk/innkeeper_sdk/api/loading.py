"""Loading templates and fragments by what people write: by this plugin's own loaders, or by the host's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .host import current_host
from .local import registrations
from .templates import Template


def load_fragments(name: str) -> list[Any]:
    """Return what ``prefix:argument`` loads: fragments and attachments. Raises ValueError."""
    prefix, colon, argument = name.partition(":")
    if not colon:
        raise ValueError(f"no file is called {name!r}, and it names no loader")
    own = registrations().fragment_loaders().get(prefix)
    if own is None:
        return current_host().load_fragments(prefix, argument)
    loaded = own(argument)
    return list(loaded) if isinstance(loaded, Iterable) and not isinstance(loaded, str) else [loaded]


class LoadTemplateError(ValueError):
    """A template could not be loaded."""


def load_template(name: str) -> Template:
    """Return the template called *name*, ``prefix:path`` for one of a loader. Raises LoadTemplateError."""
    prefix, colon, path = name.partition(":")
    try:
        own = registrations().template_loaders().get(prefix) if colon else None
        if own is not None:
            loaded: Template = own(path)
            return loaded
        return current_host().load_template(prefix if colon else "", path if colon else name)
    except Exception as error:  # a loader is a stranger's code; whatever it raises is the person's message
        raise LoadTemplateError(f"Could not load template {name}: {error}") from error
