"""What a model takes and can do, as ``llm models --options`` shows it: as `llm` does, from what its plugin said."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Iterator

from innkeeper_protocol.payloads.models import ModelInfo

from innkeeper.untrusted import one_line

from .option_help import option_lines

NARROWEST_COLUMNS, WIDEST_COLUMNS = 30, 70


class ModelDetails:
    """Shows models one after the other. Options that several have alike are described where they first come."""

    def __init__(self) -> None:
        self._described: set[str] = set()

    def lines(self, info: ModelInfo) -> Iterator[str]:
        """Yield the lines below the one that names the model."""
        schema = json.dumps(info.options_schema, sort_keys=True)
        yield from option_lines(info.options_schema, described=schema not in self._described)
        self._described.add(schema)
        if info.attachment_types:
            yield "  Attachment types:"
            types = ", ".join(one_line(one, 100) for one in sorted(info.attachment_types))
            columns = min(max(shutil.get_terminal_size().columns, NARROWEST_COLUMNS), WIDEST_COLUMNS)
            yield from textwrap.wrap(types, columns, initial_indent="    ", subsequent_indent="    ")
        features = {
            "streaming": info.can_stream,
            "schemas": info.supports_schema,
            "tools": info.supports_tools,
            "async": info.has_async,
        }
        if any(features.values()):
            yield "  Features:"
            yield from (f"  - {feature}" for feature, has in features.items() if has)
        if info.needs_key:
            yield "  Keys:"
            yield f"    key: {one_line(info.needs_key, 100)}"
            if info.key_env_var:
                yield f"    env_var: {one_line(info.key_env_var, 100)}"
