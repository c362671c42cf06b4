"""The commands of the command line: where each lives, and its line in ``llm --help``.

Kept apart from the commands, so that listing them imports none; a test holds the lines to the commands' own.
"""

from __future__ import annotations


class Place:
    """The *module* of `innkeeper.cli` in which a click command of the command's own name stands, and its *help*."""

    __slots__ = ("help", "module")

    def __init__(self, module: str, help: str) -> None:  # noqa: A002  # that is what it is
        self.module = module
        self.help = help


COMMANDS: dict[str, Place] = {
    "prompt": Place("prompt", "Execute a prompt"),
    "aliases": Place("aliases", "Manage model aliases"),
    "chat": Place("chat", "Hold an ongoing chat with a model"),
    "collections": Place("collections", "View and manage collections of embeddings"),
    "doctor": Place("doctor", "Show what this machine can enforce, and what is wrong"),
    "embed": Place("embed", "Embed text and store or return the result"),
    "embed-models": Place("embed_models", "Manage available embedding models"),
    "embed-multi": Place("embed_multi", "Store embeddings for multiple strings at once in the specified collection"),
    "fragments": Place("fragments", "Manage fragments that are stored in the database"),
    "install": Place("install", "Install plugins, each in an environment of its own"),
    "keys": Place("keys", "Manage stored API keys for different models"),
    "logs": Place("logs", "Tools for exploring logged prompts and responses"),
    "models": Place("models", "Manage available models"),
    "plugins": Place("plugins", "List installed plugins, and manage what they may do"),
    "schemas": Place("schemas", "Manage stored schemas"),
    "similar": Place("similar", "Return top N similar IDs from a collection using cosine similarity"),
    "templates": Place("templates", "Manage stored prompt templates"),
    "tools": Place("tools", "Manage tools that can be made available to LLMs"),
    "uninstall": Place("uninstall", "Uninstall plugins"),
}
"""In the order of ``llm --help``; the first is run when no command is named."""

DEFAULT = "prompt"

MODEL_VARIABLE = "LLM_MODEL"
"""The environment variable that names the model where ``-m`` does not."""

DEBUG_VARIABLE = "LLM_TOOLS_DEBUG"
"""The environment variable that stands for ``--tools-debug``."""

ENDPOINT = ("innkeeper-openai", "openai", "endpoint")
"""A plugin's command, and a part of it, that is run here (`openai_endpoint`): it is a prompt, with all that goes with
one.
"""
