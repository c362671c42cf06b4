"""The tables of a log of exchanges, for plugins that open one of their own.

What people ask and are answered is logged by the host, in its own database; ``response.log_to_db`` asks it to. A plugin
that opens ``logs.db`` in its own directory, as it would open the person's under the real ``llm``, finds these, empty;
or the person's to read, if it was granted that database.
"""

from __future__ import annotations

import sqlite3
import time
from typing import Any

TABLES = {
    "conversations": "id text primary key, name text, model text",
    "schemas": "id text primary key, content text",
    "responses": (
        "id text primary key, model text, prompt text, system text, prompt_json text, options_json text, "
        "response text, response_json text, conversation_id text references conversations(id), duration_ms integer, "
        "datetime_utc text, input_tokens integer, output_tokens integer, token_details text, "
        "schema_id text references schemas(id), resolved_model text, reasoning text"
    ),
    "attachments": "id text primary key, type text, path text, url text, content blob",
    "prompt_attachments": (
        "response_id text references responses(id), attachment_id text references attachments(id), "
        '"order" integer, primary key (response_id, attachment_id)'
    ),
    "fragments": "id integer primary key, hash text unique, content text, datetime_utc text, source text",
    "fragment_aliases": "alias text primary key, fragment_id integer references fragments(id)",
    "prompt_fragments": (
        "response_id text references responses(id), fragment_id integer references fragments(id), "
        '"order" integer, primary key (response_id, fragment_id, "order")'
    ),
    "system_fragments": (
        "response_id text references responses(id), fragment_id integer references fragments(id), "
        '"order" integer, primary key (response_id, fragment_id, "order")'
    ),
    "tools": ("id integer primary key, hash text unique, name text, description text, input_schema text, plugin text"),
    "tool_responses": (
        "tool_id integer references tools(id), response_id text references responses(id), "
        "primary key (tool_id, response_id)"
    ),
    "tool_calls": (
        "id integer primary key, response_id text references responses(id), tool_id integer references tools(id), "
        "name text, arguments text, tool_call_id text"
    ),
    "tool_results": (
        "id integer primary key, response_id text references responses(id), tool_id integer references tools(id), "
        "name text, output text, tool_call_id text, exception text"
    ),
    "_llm_migrations": "name text primary key, applied_at text",
}
"""The tables that plugins know, by name."""


def make_log_tables(connection: Any) -> None:
    """Make those of the tables that are missing in *connection*, a ``sqlite3.Connection``. What can only be read is the
    person's, and has them.
    """
    try:
        for name, columns in TABLES.items():
            connection.execute(f"create table if not exists {name} ({columns})")
        connection.execute(
            "insert or ignore into _llm_migrations (name, applied_at) values ('innkeeper', ?)",
            [time.strftime("%Y-%m-%d %H:%M:%S+00:00", time.gmtime())],
        )
        connection.commit()
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error):
            raise
        connection.rollback()
