"""``--save``: what is asked, kept as a template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from innkeeper_sdk.api.attachments import Attachment

from innkeeper.remote.catalogue import Found, find_model
from innkeeper.storage.templates import write_template

from .option_values import typed_options
from .run import Run


def save_template(
    run: Run,
    name: str,
    *,
    model: Found | None,
    prompt: str | None,
    system: str | None,
    params: Sequence[tuple[str, str]] = (),
    options: Sequence[tuple[str, str]] = (),
    extract: bool = False,
    extract_last: bool = False,
    schema: dict[str, Any] | None = None,
    fragments: Sequence[str] = (),
    system_fragments: Sequence[str] = (),
    tools: Sequence[str] = (),
    functions: Sequence[str] = (),
    attachments: Sequence[Attachment] = (),
    typed_attachments: Sequence[Attachment] = (),
) -> None:
    """Store what was asked as the template *name*. *model* is the one that was named, or None.

    Attachments count that lie somewhere: what came on stdin is not kept. Raises UsageError, StorageError.
    """
    import yaml

    asked_model = model if model is not None or not options else run.host.find_model(None)
    fields: dict[str, Any] = {
        "model": None if model is None else _name_of(run, model),
        "prompt": prompt,
        "system": system,
        "defaults": dict(params),
        "extract": extract,
        "extract_last": extract_last,
        "schema_object": schema,
        "fragments": list(fragments),
        "system_fragments": list(system_fragments),
        "functions": "\n\n".join(functions),
        "tools": list(tools),
        "attachments": [one.path or one.url for one in attachments if one.path or one.url],
        "attachment_types": [
            {"type": one.type, "value": one.path or one.url} for one in typed_attachments if one.path or one.url
        ],
        "options": None if asked_model is None else typed_options(run, asked_model, options),
    }
    kept = {field: value for field, value in fields.items() if value}
    write_template(
        run.home, name, yaml.safe_dump(kept, indent=4, default_flow_style=False, sort_keys=False, allow_unicode=True)
    )


def _name_of(run: Run, model: Found) -> str:
    """Return what means *model* whatever aliases there are."""
    is_first = find_model(run.host.index, {}, model.model_id) == model
    return model.model_id if is_first else model.qualified_id
