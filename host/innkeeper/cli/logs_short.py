"""One entry of the log in a few lines of YAML: ``llm logs --short``."""

from __future__ import annotations

import json
from typing import Any

import yaml
from innkeeper_sdk.api.text import truncate_string

from innkeeper.storage.logs_entries import Entry, JSONMap

PROMPT_LETTERS = 120


def short_entry(entry: Entry, *, usage: bool) -> str:
    """Return the entry as a list with one item."""
    shown: dict[str, Any] = {
        "model": entry.model,
        "datetime": entry.datetime_utc.split(".")[0],
        "duration_ms": entry.duration_ms,
        "conversation": entry.conversation_id,
    }
    optional = {
        "tool_calls": [f"{call['name']}({json.dumps(call['arguments'])})" for call in entry.tool_calls],
        "tool_results": [f"{result['name']}: {truncate_string(result['output'])}" for result in entry.tool_results],
        "system": truncate_string(entry.system or "", PROMPT_LETTERS, normalize_whitespace=True),
        "prompt": truncate_string(entry.prompt, PROMPT_LETTERS, normalize_whitespace=True, keep_end=True),
        "attachments": [_attachment(attachment) for attachment in entry.attachments],
    }
    shown |= {name: value for name, value in optional.items() if value}
    shown["prompt_fragments"] = [fragment["hash"] for fragment in entry.prompt_fragments]
    shown["system_fragments"] = [fragment["hash"] for fragment in entry.system_fragments]
    if usage and (entry.input_tokens or entry.output_tokens):
        shown["usage"] = {"input": entry.input_tokens, "output": entry.output_tokens}
        if entry.token_details:
            shown["usage"]["details"] = json.loads(entry.token_details)
    return str(yaml.safe_dump([shown], sort_keys=False)).strip()


def _attachment(attachment: JSONMap) -> JSONMap:
    place = {name: attachment[name] for name in ("path", "url") if attachment[name]}
    return {"type": attachment["type"], **place}
