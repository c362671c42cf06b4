"""Loading templates and fragments by what people write: by this plugin's own loaders, or by the host's."""

from __future__ import annotations

from .host import current_host
from .local import registrations
from .templates import Template


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
