"""The default plugins: they come with the host, listed from the first moment, and get an environment on first use.

What each registers, and how its environment is asked for, ships in ``default_plugins``; `default_records` says how
those files come to be.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from . import inventory

if TYPE_CHECKING:
    from .request import InstallRequest


def default_names() -> list[str]:
    """Return the canonical names of the default plugins."""
    return [name.removesuffix(".json") for name in os.listdir(inventory.DEFAULTS_DIR) if name.endswith(".json")]


def default_request(name: str) -> InstallRequest:
    """Return how the environment of the default plugin *name* is asked for."""
    from .request import request_from_json

    with open(record_file(name), encoding="utf-8") as file:
        return request_from_json(json.load(file)["request"])


def record_file(name: str) -> str:
    """Return the path of the shipped record of the default plugin *name*: its entry of the index, and its request."""
    return os.path.join(inventory.DEFAULTS_DIR, f"{name}.json")


def shipped_manifest_file(name: str) -> str:
    """Return the path of its shipped manifest, which only those read who want to know more than the index says."""
    return os.path.join(inventory.DEFAULTS_DIR, "manifests", f"{name}.json")
