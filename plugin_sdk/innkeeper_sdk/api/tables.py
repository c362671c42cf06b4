"""Rows for people and programs: as a table in text, as JSON, without what is empty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any


def dicts_to_table_string(headings: list[str], dicts: list[dict[str, Any]]) -> list[str]:
    """Return the lines of a table: the *headings*, and a line for each dict, in columns four spaces apart."""
    rows = [headings, *([str(row.get(heading, "")) for heading in headings] for row in dicts)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["    ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def remove_dict_none_values(d: Any) -> Any:
    """Return *d* without what is None, at any depth, and without dicts in which nothing is left."""
    if not isinstance(d, dict):
        return d
    cleaned: dict[Any, Any] = {}
    for key, value in d.items():
        if isinstance(value, list):
            cleaned[key] = [remove_dict_none_values(item) for item in value]
            continue
        kept = remove_dict_none_values(value)
        if kept is not None and not (isinstance(value, dict) and not kept):
            cleaned[key] = kept
    return cleaned


def output_rows_as_json(
    rows: Iterable[dict[str, Any]], nl: bool = False, compact: bool = False, json_cols: Iterable[str] = ()
) -> Iterator[str]:
    """Yield *rows* as JSON, piece by piece: one array, or with *nl* an object a line, or with *compact* an array with a
    line for each object. *json_cols* are columns that hold JSON in text.
    """
    import json
    import textwrap

    columns = tuple(json_cols)
    before: str | None = None
    opening = "[" if compact else "[\n"
    for row in rows:
        for column in columns:
            row[column] = json.loads(row[column])
        if nl:
            yield json.dumps(row)
            continue
        if before is not None:
            yield f"{opening}{before},"
            opening = " " if compact else ""
        before = json.dumps(row) if compact else textwrap.indent(json.dumps(row, indent=2), "  ")
    if nl:
        return
    if before is None:
        yield "[]"
    else:
        yield f"{opening}{before}{']' if compact else chr(10) + ']'}"


def find_unused_key(item: dict[str, Any], key: str) -> str:
    """Return *key* with as many underscores as it takes to be new in *item*."""
    while key in item:
        key += "_"
    return key
