"""``llm.cli``: the parts of the real command line that plugins reach into.

The command line itself is the host's. ``cli`` here is a group with this plugin's own commands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innkeeper_sdk.api.catalogue import (
    get_async_model,
    get_default_embedding_model,
    get_default_model,
    get_embedding_model,
    get_embedding_model_aliases,
    get_embedding_models_with_aliases,
    get_fragment_loaders,
    get_model,
    get_model_aliases,
    get_models_with_aliases,
    get_plugins,
    get_template_loaders,
    get_tools,
    remove_alias,
    set_alias,
    set_default_embedding_model,
    set_default_model,
)
from innkeeper_sdk.api.errors import UnknownModelError
from innkeeper_sdk.api.host import user_dir
from innkeeper_sdk.api.keys import get_key, load_keys
from innkeeper_sdk.api.loading import LoadTemplateError, load_template
from innkeeper_sdk.api.templates import Template

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "LoadTemplateError",
    "Template",
    "UnknownModelError",
    "get_async_model",
    "get_default_embedding_model",
    "get_default_model",
    "get_embedding_model",
    "get_embedding_model_aliases",
    "get_embedding_models_with_aliases",
    "get_fragment_loaders",
    "get_key",
    "get_model",
    "get_model_aliases",
    "get_models_with_aliases",
    "get_plugins",
    "get_template_loaders",
    "get_tools",
    "load_keys",
    "load_template",
    "logs_db_path",
    "logs_on",
    "remove_alias",
    "render_errors",
    "set_alias",
    "set_default_embedding_model",
    "set_default_model",
    "template_dir",
    "user_dir",
]


OF_CLICK = frozenset(
    [
        "AttachmentError",
        "AttachmentType",
        "attachment_types_callback",
        "resolve_attachment",
        "resolve_attachment_with_type",
    ]
)
"""What takes click."""


def logs_db_path() -> Path:
    """Return where this plugin's own log would lie. The person's log is the host's."""
    return user_dir() / "logs.db"


def logs_on() -> bool:
    """Tell whether exchanges are to be logged. Whether the person wants that, the host knows, and does by it."""
    return not (user_dir() / "logs-off").exists()


def template_dir() -> Path:
    """Return where this plugin may keep templates. It exists."""
    folder = user_dir() / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def render_errors(errors: list[dict[str, Any]]) -> str:
    """Return the errors of a validation for people: what is wrong, and below it why."""
    return "\n".join(f"{', '.join(map(str, error['loc']))}\n  {error['msg']}" for error in errors)


def __getattr__(name: str) -> Any:
    """Import click only for those who ask for its parts."""
    if name == "cli":
        from innkeeper_sdk.api.local import registrations

        return registrations().commands()
    if name in OF_CLICK:
        from innkeeper_sdk.api import attachment_parameters

        return getattr(attachment_parameters, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
