"""``llm.utils``: helpers that plugins reach for. Each is kept where it belongs; this is the name they know it by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from innkeeper_sdk.api.fragments import Fragment
from innkeeper_sdk.api.identifiers import monotonic_ulid
from innkeeper_sdk.api.media_types import FIXES as MIME_TYPE_FIXES
from innkeeper_sdk.api.media_types import type_of_bytes, type_of_file
from innkeeper_sdk.api.schemas import make_schema_id, multi_schema, schema_dsl, schema_summary
from innkeeper_sdk.api.specifications import instantiate_from_spec
from innkeeper_sdk.api.tables import (
    dicts_to_table_string,
    find_unused_key,
    output_rows_as_json,
    remove_dict_none_values,
)
from innkeeper_sdk.api.text import (
    extract_fenced_code_block,
    has_plugin_prefix,
    maybe_fenced_code,
    truncate_string,
)
from innkeeper_sdk.api.usage import simplify_usage_dict, token_usage_string

if TYPE_CHECKING:
    import httpx

__all__ = [
    "MIME_TYPE_FIXES",
    "Fragment",
    "dicts_to_table_string",
    "extract_fenced_code_block",
    "find_unused_key",
    "has_plugin_prefix",
    "instantiate_from_spec",
    "logging_client",
    "make_schema_id",
    "maybe_fenced_code",
    "mimetype_from_path",
    "mimetype_from_string",
    "monotonic_ulid",
    "multi_schema",
    "output_rows_as_json",
    "remove_dict_none_values",
    "schema_dsl",
    "schema_summary",
    "simplify_usage_dict",
    "token_usage_string",
    "truncate_string",
]


def mimetype_from_string(content: bytes) -> str | None:
    """Return the MIME type of *content*, or None where nothing gives it away."""
    return type_of_bytes(content)


def mimetype_from_path(path: Any) -> str | None:
    """Return the MIME type of a file, or None where nothing gives it away."""
    return type_of_file(path)


def logging_client() -> httpx.Client:
    """Return an ``httpx.Client`` that shows on stderr what it sends and gets. Takes httpx in the environment."""
    from innkeeper_sdk.api.logging_client import logging_client as make

    return make()
