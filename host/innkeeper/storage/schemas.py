"""Schemas that prompts were asked with, as the log database keeps them: each once, by a hash of it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from .logs_parts import stored_json


class StoredSchema(msgspec.Struct, frozen=True):
    """A schema, how many prompts were asked with it, and when the last of them was."""

    id: str
    content: Any
    recently_used: str
    times_used: int


def ensure_schema(db: sqlite3.Connection, schema: dict[str, Any]) -> str:
    """Store *schema* unless it is there; return its id."""
    from innkeeper_sdk.api.schemas import make_schema_id

    schema_id, written = make_schema_id(schema)
    db.execute("insert or ignore into schemas (id, content) values (?, ?)", [schema_id, written])
    return schema_id


def find_schema(db: sqlite3.Connection, schema_id: str) -> Any:
    """Return the schema *schema_id*, None where there is none."""
    row = db.execute("select content from schemas where id = ?", [schema_id]).fetchone()
    return None if row is None else stored_json(row["content"])


def list_schemas(db: sqlite3.Connection, queries: Sequence[str] = ()) -> list[StoredSchema]:
    """Return the schemas that prompts were asked with and that hold each of *queries*, the last used last."""
    rows = db.execute(
        "with used as ("
        " select schema_id, datetime_utc from turns"
        " union all"
        " select schema_id, datetime_utc from responses where id not in (select id from turns)"
        ") select schemas.id, schemas.content, max(used.datetime_utc) as recently_used, count(*) as times_used"
        " from schemas join used on used.schema_id = schemas.id"
        " where not exists (select 1 from json_each(?) where instr(lower(schemas.content), lower(value)) = 0)"
        " group by schemas.id order by recently_used",
        [json.dumps(list(queries))],
    )
    return [
        StoredSchema(row["id"], stored_json(row["content"]), row["recently_used"], row["times_used"]) for row in rows
    ]
