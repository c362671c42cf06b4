"""``llm.hookspecs``: the hooks."""

from innkeeper_sdk.api.hooks import (
    hookimpl,
    hookspec,
    register_commands,
    register_embedding_models,
    register_fragment_loaders,
    register_models,
    register_permissions,
    register_template_loaders,
    register_tools,
)

__all__ = [
    "hookimpl",
    "hookspec",
    "register_commands",
    "register_embedding_models",
    "register_fragment_loaders",
    "register_models",
    "register_permissions",
    "register_template_loaders",
    "register_tools",
]
