"""The default plugins: they come with the host, listed from the first moment, and get an environment on first use.

What each registers, and how its environment is asked for, ships in ``default_plugins``; see `write_defaults`.
"""

from __future__ import annotations

import json
import os

from . import inventory
from .request import InstallRequest, request_from_json


def default_names() -> list[str]:
    """Return the canonical names of the default plugins."""
    return [name.removesuffix(".json") for name in os.listdir(inventory.DEFAULTS_DIR) if name.endswith(".json")]


def default_request(name: str) -> InstallRequest:
    """Return how the environment of the default plugin *name* is asked for."""
    with open(os.path.join(inventory.DEFAULTS_DIR, f"{name}.json"), encoding="utf-8") as file:
        return request_from_json(json.load(file)["request"])
