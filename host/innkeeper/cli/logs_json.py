"""Entries of the log as JSON: what ``llm logs --json`` prints, and ``llm --json`` of the prompt it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from innkeeper_sdk.api.text import truncate_string

from innkeeper.storage.logs_entries import Entry


def as_json(entries: Sequence[Entry], *, expand: bool = False, truncate: bool = False) -> str:
    """Return the entries as a JSON array. *expand* shows fragments whole; *truncate* cuts texts, leaving JSON out."""
    return json.dumps([_shown(entry, expand=expand, truncate=truncate) for entry in entries], indent=2)


def _shown(entry: Entry, *, expand: bool, truncate: bool) -> dict[str, Any]:
    shown = entry.as_json()
    if not expand:
        for kind in ("prompt_fragments", "system_fragments"):
            shown[kind] = [{**one, "content": truncate_string(one["content"])} for one in shown[kind]]
    if truncate:
        shown |= {"prompt": truncate_string(entry.prompt), "response": truncate_string(entry.response)}
        shown = {name: value for name, value in shown.items() if not (name.endswith("_json") and value is not None)}
    return shown
