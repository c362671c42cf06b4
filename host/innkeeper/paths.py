"""Where things are kept. One `Home` holds everything of one user; nothing here touches the disk.

All of it lies under ``LLM_USER_PATH`` when that is set, else where the platform keeps a program's data.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import NamedTuple


class Home(NamedTuple):
    """The directory that holds keys, settings, databases and plugins. Paths are strings: starting is to be quick."""

    root: str

    @property
    def index_file(self) -> str:
        """What is installed and what it registers: the one file whose replacement commits an installation."""
        return os.path.join(self.root, "index.json")

    @property
    def keys_file(self) -> str:
        return os.path.join(self.root, "keys.json")

    @property
    def keyring_file(self) -> str:
        """The names of the keys that are in the system's keyring."""
        return os.path.join(self.root, "keyring.json")

    @property
    def aliases_file(self) -> str:
        return os.path.join(self.root, "aliases.json")

    @property
    def default_model_file(self) -> str:
        return os.path.join(self.root, "default_model.txt")

    @property
    def default_embedding_model_file(self) -> str:
        return os.path.join(self.root, "default_embedding_model.txt")

    @property
    def embeddings_file(self) -> str:
        """Collections of embeddings: an SQLite database, as `llm` has it."""
        return os.path.join(self.root, "embeddings.db")

    @property
    def settings_file(self) -> str:
        return os.path.join(self.root, "settings.json")

    @property
    def logs_file(self) -> str:
        """What was asked and answered: an SQLite database, as `llm` has it."""
        return os.path.join(self.root, "logs.db")

    @property
    def logs_off_file(self) -> str:
        """While this exists, prompts are not logged."""
        return os.path.join(self.root, "logs-off")

    @property
    def model_options_file(self) -> str:
        return os.path.join(self.root, "model_options.json")

    @property
    def templates_dir(self) -> str:
        """The templates that the person stored, a YAML file each."""
        return os.path.join(self.root, "templates")

    @property
    def plugins_dir(self) -> str:
        return os.path.join(self.root, "plugins")

    @property
    def cache_dir(self) -> str:
        """What can be made again: built SDK wheels, probe results."""
        return os.path.join(self.root, "cache")

    @property
    def locks_dir(self) -> str:
        return os.path.join(self.root, "locks")

    def plugin_dir(self, name: str) -> str:
        """Everything of one plugin. *name* is its canonical distribution name."""
        return os.path.join(self.plugins_dir, name)

    def data_dir(self, name: str) -> str:
        """The plugin's own data: the one lasting place it may write, and what ``llm.user_dir()`` answers in it."""
        return os.path.join(self.plugins_dir, name, "data")

    def views_dir(self, name: str) -> str:
        """Copies of the person's databases that the plugin may read."""
        return os.path.join(self.plugins_dir, name, "views")

    def grants_file(self, name: str) -> str:
        return os.path.join(self.plugins_dir, name, "grants.json")

    def once_file(self, name: str) -> str:
        """What the plugin is allowed for its next run alone."""
        return os.path.join(self.plugins_dir, name, "once.json")

    def answered_file(self, name: str) -> str:
        """What the person was asked about the plugin before."""
        return os.path.join(self.plugins_dir, name, "answered.json")

    def audit_file(self, name: str) -> str:
        """What the plugin was allowed, used and refused, with times."""
        return os.path.join(self.plugins_dir, name, "audit.jsonl")

    def log_file(self, name: str) -> str:
        return os.path.join(self.plugins_dir, name, "plugin.log")

    def generation_dir(self, name: str, generation: str) -> str:
        """One environment of the plugin: pyproject.toml, uv.lock, .venv, manifest.json. Once in the index, it stays."""
        return os.path.join(self.plugins_dir, name, "generations", generation)


def find_home(environ: Mapping[str, str] = os.environ) -> Home:
    """Return the home that *environ* names."""
    override = environ.get("LLM_USER_PATH")
    if override:
        return Home(os.path.abspath(os.path.expanduser(override)))
    if sys.platform == "linux":  # what platformdirs would say, without the 8 ms of importing it
        folder = environ.get("XDG_DATA_HOME", "").strip() or os.path.expanduser("~/.local/share")
        return Home(os.path.join(folder, "innkeeper"))
    import platformdirs

    return Home(platformdirs.user_data_dir("innkeeper", appauthor=False))
