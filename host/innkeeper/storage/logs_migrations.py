"""The tables of the log database, as steps from the first that `llm` had to those of llm 0.36.

The names of the steps are those of `llm`, which keeps them in ``_llm_migrations`` and does none a second time that it
finds there; so a database may go back and forth between both programs, and one that an older `llm` left is brought
forward from where it stands. What is in a database is never taken away. Steps of a newer `llm` are left as they are.
"""

from __future__ import annotations

import datetime
import sqlite3
from collections.abc import Callable
from typing import Union

Step = Union[tuple[str, ...], Callable[[sqlite3.Connection], None]]  # noqa: UP007  # `|` wants types, not strings


def is_current(db: sqlite3.Connection) -> bool:
    """Tell whether every step was done."""
    return not _missing(db)


def migrate(db: sqlite3.Connection) -> None:
    """Do the steps that were not done yet. Call it inside a transaction: another program may be about the same."""
    db.execute('CREATE TABLE IF NOT EXISTS "_llm_migrations" (\n   "name" TEXT PRIMARY KEY,\n   "applied_at" TEXT\n)')
    for name in _missing(db):
        step = STEPS[name]
        if callable(step):
            step(db)
        else:
            for statement in step:
                db.execute(statement)
        now = str(datetime.datetime.now(datetime.timezone.utc))
        db.execute("insert into _llm_migrations (name, applied_at) values (?, ?)", [name, now])


def has_table(db: sqlite3.Connection, name: str) -> bool:
    """Tell whether there is a table called *name*."""
    found = db.execute("select 1 from sqlite_master where type = 'table' and name = ?", [name])
    return found.fetchone() is not None


def _missing(db: sqlite3.Connection) -> list[str]:
    if not has_table(db, "_llm_migrations"):
        return list(STEPS)
    done = {name for (name,) in db.execute("select name from _llm_migrations")}
    return [name for name in STEPS if name not in done]


def _nothing(db: sqlite3.Connection) -> None:
    """Do nothing: what this step did to the first table of all, `_settle_first_table` does at once."""


FIRST_COLUMNS = (
    ("id", "INTEGER PRIMARY KEY"),
    ("model", "TEXT"),
    ("prompt", "TEXT"),
    ("system", "TEXT"),
    ("prompt_json", "TEXT"),
    ("options_json", "TEXT"),
    ("response", "TEXT"),
    ("response_json", "TEXT"),
    ("reply_to_id", 'INTEGER REFERENCES "logs"("id")'),
    ("chat_id", "INTEGER"),
    ("duration_ms", "INTEGER"),
    ("datetime_utc", "TEXT"),
)
"""Of the table ``logs``, which `llm` filled before version 0.6, and which nobody reads any more."""

EARLIER_NAMES = {"datetime_utc": ("timestamp_utc", "timestamp"), "options_json": ("options",), "id": ("rowid",)}
"""What those columns were called before."""


def _settle_first_table(db: sqlite3.Connection) -> None:
    """Bring ``log``, or ``logs``, to its last shape; without rows it goes. A table of another program is let alone."""
    for table in ("log", "logs"):
        columns = [row[1] for row in db.execute(f'pragma table_info("{table}")')]
        if not {"model", "prompt", "response"} <= set(columns):
            continue
        if db.execute(f"select count(*) from {table}").fetchone()[0]:
            there = {}
            for name, _ in FIRST_COLUMNS:
                earlier = (name, *EARLIER_NAMES.get(name, ()))
                found = next((one for one in earlier if one in columns or one == "rowid"), None)
                if found is not None:
                    there[name] = found
            written = ",\n".join(f'   "{name}" {kind}' for name, kind in FIRST_COLUMNS)
            db.execute(f'CREATE TABLE "first_logs" (\n{written}\n)')
            db.execute(f"insert into first_logs ({', '.join(there)}) select {', '.join(there.values())} from {table}")
            db.execute(f"drop table {table}")
            db.execute("alter table first_logs rename to logs")
        else:
            db.execute(f"drop table {table}")
        return


def _refer_to_instances(db: sqlite3.Connection) -> None:
    """Let rows that name a toolbox with its arguments refer to one row in ``tool_instances``."""
    db.execute('ALTER TABLE "turn_tools" ADD COLUMN "instance_id" INTEGER REFERENCES "tool_instances"("id")')
    rows = db.execute("select turn_id, tool_call_id, name, plugin, arguments from tool_instantiations").fetchall()
    db.execute('DROP TABLE "tool_instantiations"')
    db.execute("""CREATE TABLE "tool_instantiations" (
   "turn_id" TEXT REFERENCES "turns"("id"),
   "tool_call_id" TEXT,
   "instance_id" INTEGER REFERENCES "tool_instances"("id"),
   PRIMARY KEY ("turn_id", "tool_call_id")
)""")
    for turn_id, tool_call_id, name, plugin, arguments in rows:
        instance_id = ensure_tool_instance(db, name, plugin, arguments)
        db.execute("insert into tool_instantiations values (?, ?, ?)", [turn_id, tool_call_id, instance_id])


def _name_instances_of_tools(db: sqlite3.Connection) -> None:
    """Fill ``turn_tools.instance_id`` where a tool's name begins with that of a toolbox used in the same thread."""
    used = db.execute(
        "select distinct turns.thread_id, tool_instances.id, tool_instances.name from tool_instantiations"
        " join turns on turns.id = tool_instantiations.turn_id"
        " join tool_instances on tool_instances.id = tool_instantiations.instance_id"
    ).fetchall()
    given = db.execute(
        "select turn_tools.turn_id, turn_tools.tool_id, turns.thread_id, tools.name from turn_tools"
        " join turns on turns.id = turn_tools.turn_id join tools on tools.id = turn_tools.tool_id"
        " where turn_tools.instance_id is null"
    ).fetchall()
    for turn_id, tool_id, thread_id, tool_name in given:
        for its_thread_id, instance_id, toolbox in used:
            if its_thread_id == thread_id and (tool_name == toolbox or tool_name.startswith(f"{toolbox}_")):
                db.execute(
                    "update turn_tools set instance_id = ? where turn_id = ? and tool_id = ?",
                    [instance_id, turn_id, tool_id],
                )
                break


def ensure_tool_instance(db: sqlite3.Connection, name: str, plugin: str | None, arguments: str | None) -> int:
    """Store a toolbox and its arguments, unless they are there; return the id of the row."""
    values = [name, plugin, arguments]
    row = db.execute(
        "select id from tool_instances where name is ? and plugin is ? and arguments is ?", values
    ).fetchone()
    if row is None:
        found = db.execute("insert into tool_instances (name, plugin, arguments) values (?, ?, ?)", values).lastrowid
        assert found is not None
        return found
    return int(row[0])


def _rows_in_order(table: str) -> tuple[str, ...]:
    """Return the statements that let *table* hold one fragment twice for a response, by its order."""
    return (
        f"""CREATE TABLE "{table}_new" (
   "response_id" TEXT REFERENCES "responses"("id"),
   "fragment_id" INTEGER REFERENCES "fragments"("id"),
   "order" INTEGER,
   PRIMARY KEY ("response_id", "fragment_id", "order")
)""",
        f'INSERT INTO "{table}_new" SELECT "response_id", "fragment_id", "order" FROM "{table}"',
        f'DROP TABLE "{table}"',
        f'ALTER TABLE "{table}_new" RENAME TO "{table}"',
    )


def _searchable(table: str) -> tuple[str, ...]:
    """Return the statements that index ``prompt`` and ``response`` of *table* by their words, and keep that so."""
    gone = f"""INSERT INTO "{table}_fts" ("{table}_fts", rowid, "prompt", "response") \
VALUES('delete', old.rowid, old."prompt", old."response");"""
    new = f"""INSERT INTO "{table}_fts" (rowid, "prompt", "response") \
VALUES (new.rowid, new."prompt", new."response");"""
    return (
        f"""CREATE VIRTUAL TABLE "{table}_fts" USING FTS5 (
    "prompt", "response",
    content="{table}"
)""",
        f'INSERT INTO "{table}_fts" (rowid, "prompt", "response") SELECT rowid, "prompt", "response" FROM "{table}"',
        f'CREATE TRIGGER "{table}_ai" AFTER INSERT ON "{table}" BEGIN\n  {new}\nEND',
        f'CREATE TRIGGER "{table}_ad" AFTER DELETE ON "{table}" BEGIN\n  {gone}\nEND',
        f'CREATE TRIGGER "{table}_au" AFTER UPDATE ON "{table}" BEGIN\n  {gone}\n  {new}\nEND',
    )


STEPS: dict[str, Step] = {
    "m001_initial": _nothing,
    "m002_id_primary_key": _nothing,
    "m003_chat_id_foreign_key": _nothing,
    "m004_column_order": _nothing,
    "m004_drop_provider": _nothing,
    "m005_debug": _nothing,
    "m006_new_logs_table": _nothing,
    "m007_finish_logs_table": _nothing,
    "m008_reply_to_id_foreign_key": _nothing,
    "m008_fix_column_order_in_logs": _nothing,
    "m009_delete_logs_table_if_empty": _settle_first_table,
    "m010_create_new_log_tables": (
        """CREATE TABLE "conversations" (
   "id" TEXT PRIMARY KEY,
   "name" TEXT,
   "model" TEXT
)""",
        """CREATE TABLE "responses" (
   "id" TEXT PRIMARY KEY,
   "model" TEXT,
   "prompt" TEXT,
   "system" TEXT,
   "prompt_json" TEXT,
   "options_json" TEXT,
   "response" TEXT,
   "response_json" TEXT,
   "conversation_id" TEXT REFERENCES "conversations"("id"),
   "duration_ms" INTEGER,
   "datetime_utc" TEXT
)""",
    ),
    "m011_fts_for_responses": _searchable("responses"),
    "m012_attachments_tables": (
        """CREATE TABLE "attachments" (
   "id" TEXT PRIMARY KEY,
   "type" TEXT,
   "path" TEXT,
   "url" TEXT,
   "content" BLOB
)""",
        """CREATE TABLE "prompt_attachments" (
   "response_id" TEXT REFERENCES "responses"("id"),
   "attachment_id" TEXT REFERENCES "attachments"("id"),
   "order" INTEGER,
   PRIMARY KEY ("response_id", "attachment_id")
)""",
    ),
    "m013_usage": (
        'ALTER TABLE "responses" ADD COLUMN "input_tokens" INTEGER',
        'ALTER TABLE "responses" ADD COLUMN "output_tokens" INTEGER',
        'ALTER TABLE "responses" ADD COLUMN "token_details" TEXT',
    ),
    "m014_schemas": (
        """CREATE TABLE "schemas" (
   "id" TEXT PRIMARY KEY,
   "content" TEXT
)""",
        'ALTER TABLE "responses" ADD COLUMN "schema_id" TEXT REFERENCES "schemas"("id")',
    ),
    "m015_fragments_tables": (
        """CREATE TABLE "fragments" (
   "id" INTEGER PRIMARY KEY,
   "hash" TEXT,
   "content" TEXT,
   "datetime_utc" TEXT,
   "source" TEXT
)""",
        'CREATE UNIQUE INDEX "idx_fragments_hash"\n    ON "fragments" ("hash")',
        """CREATE TABLE "fragment_aliases" (
   "alias" TEXT PRIMARY KEY,
   "fragment_id" INTEGER REFERENCES "fragments"("id")
)""",
        """CREATE TABLE "prompt_fragments" (
   "response_id" TEXT REFERENCES "responses"("id"),
   "fragment_id" INTEGER REFERENCES "fragments"("id"),
   "order" INTEGER,
   PRIMARY KEY ("response_id", "fragment_id")
)""",
        """CREATE TABLE "system_fragments" (
   "response_id" TEXT REFERENCES "responses"("id"),
   "fragment_id" INTEGER REFERENCES "fragments"("id"),
   "order" INTEGER,
   PRIMARY KEY ("response_id", "fragment_id")
)""",
    ),
    "m016_fragments_table_pks": (*_rows_in_order("prompt_fragments"), *_rows_in_order("system_fragments")),
    "m017_tools_tables": (
        """CREATE TABLE "tools" (
   "id" INTEGER PRIMARY KEY,
   "hash" TEXT,
   "name" TEXT,
   "description" TEXT,
   "input_schema" TEXT
)""",
        'CREATE UNIQUE INDEX "idx_tools_hash"\n    ON "tools" ("hash")',
        """CREATE TABLE "tool_responses" (
   "tool_id" INTEGER REFERENCES "tools"("id"),
   "response_id" TEXT REFERENCES "responses"("id"),
   PRIMARY KEY ("tool_id", "response_id")
)""",
        """CREATE TABLE "tool_calls" (
   "id" INTEGER PRIMARY KEY,
   "response_id" TEXT REFERENCES "responses"("id"),
   "tool_id" INTEGER REFERENCES "tools"("id"),
   "name" TEXT,
   "arguments" TEXT,
   "tool_call_id" TEXT
)""",
        """CREATE TABLE "tool_results" (
   "id" INTEGER PRIMARY KEY,
   "response_id" TEXT REFERENCES "responses"("id"),
   "tool_id" INTEGER REFERENCES "tools"("id"),
   "name" TEXT,
   "output" TEXT,
   "tool_call_id" TEXT
)""",
    ),
    "m017_tools_plugin": ('ALTER TABLE "tools" ADD COLUMN "plugin" TEXT',),
    "m018_tool_instances": (
        """CREATE TABLE "tool_instances" (
   "id" INTEGER PRIMARY KEY,
   "plugin" TEXT,
   "name" TEXT,
   "arguments" TEXT
)""",
        'ALTER TABLE "tool_results" ADD COLUMN "instance_id" INTEGER REFERENCES "tool_instances"("id")',
    ),
    "m019_resolved_model": ('ALTER TABLE "responses" ADD COLUMN "resolved_model" TEXT',),
    "m020_tool_results_attachments": (
        """CREATE TABLE "tool_results_attachments" (
   "tool_result_id" INTEGER REFERENCES "tool_results"("id"),
   "attachment_id" TEXT REFERENCES "attachments"("id"),
   "order" INTEGER,
   PRIMARY KEY ("tool_result_id", "attachment_id")
)""",
    ),
    "m021_tool_results_exception": ('ALTER TABLE "tool_results" ADD COLUMN "exception" TEXT',),
    "m022_response_reasoning": ('ALTER TABLE "responses" ADD COLUMN "reasoning" TEXT',),
    "m023_message_store": (
        """CREATE TABLE "messages" (
   "hash" TEXT PRIMARY KEY,
   "parent_hash" TEXT REFERENCES "messages"("hash"),
   "role" TEXT,
   "provider_metadata" TEXT
)""",
        'CREATE INDEX "idx_messages_parent_hash"\n    ON "messages" ("parent_hash")',
        """CREATE TABLE "parts" (
   "id" INTEGER PRIMARY KEY,
   "message_hash" TEXT REFERENCES "messages"("hash"),
   "position" INTEGER,
   "type" TEXT,
   "tool_name" TEXT,
   "text" TEXT,
   "payload" TEXT
)""",
        'CREATE UNIQUE INDEX "idx_parts_message_hash_position"\n    ON "parts" ("message_hash", "position")',
        """CREATE TABLE "part_attachments" (
   "part_id" INTEGER REFERENCES "parts"("id"),
   "attachment_id" TEXT REFERENCES "attachments"("id"),
   "order" INTEGER,
   PRIMARY KEY ("part_id", "attachment_id", "order")
)""",
        """CREATE TABLE "part_fragments" (
   "part_id" INTEGER REFERENCES "parts"("id"),
   "fragment_id" INTEGER REFERENCES "fragments"("id"),
   "order" INTEGER,
   PRIMARY KEY ("part_id", "fragment_id", "order")
)""",
        'CREATE INDEX "idx_part_fragments_fragment_id"\n    ON "part_fragments" ("fragment_id")',
        """CREATE TABLE "threads" (
   "id" TEXT PRIMARY KEY,
   "name" TEXT,
   "tip_message_hash" TEXT REFERENCES "messages"("hash"),
   "forked_from" TEXT REFERENCES "threads"("id"),
   "datetime_utc" TEXT
)""",
        """CREATE TABLE "turns" (
   "id" TEXT PRIMARY KEY,
   "thread_id" TEXT REFERENCES "threads"("id"),
   "parent_message_hash" TEXT REFERENCES "messages"("hash"),
   "tip_message_hash" TEXT REFERENCES "messages"("hash"),
   "model" TEXT,
   "resolved_model" TEXT,
   "options_json" TEXT,
   "schema_id" TEXT REFERENCES "schemas"("id"),
   "input_tokens" INTEGER,
   "output_tokens" INTEGER,
   "token_details" TEXT,
   "duration_ms" INTEGER,
   "datetime_utc" TEXT
)""",
        'CREATE INDEX "idx_turns_thread_id"\n    ON "turns" ("thread_id")',
        """CREATE TABLE "turn_tools" (
   "turn_id" TEXT REFERENCES "turns"("id"),
   "tool_id" INTEGER REFERENCES "tools"("id"),
   PRIMARY KEY ("turn_id", "tool_id")
)""",
        """CREATE TABLE "turn_fragments" (
   "turn_id" TEXT REFERENCES "turns"("id"),
   "fragment_id" INTEGER REFERENCES "fragments"("id"),
   "order" INTEGER,
   "kind" TEXT,
   PRIMARY KEY ("turn_id", "fragment_id", "kind", "order")
)""",
        'CREATE INDEX "idx_turn_fragments_fragment_id"\n    ON "turn_fragments" ("fragment_id")',
        """CREATE TABLE "turn_search" (
   "id" INTEGER PRIMARY KEY,
   "turn_id" TEXT REFERENCES "turns"("id"),
   "prompt" TEXT,
   "response" TEXT
)""",
        'CREATE UNIQUE INDEX "idx_turn_search_turn_id"\n    ON "turn_search" ("turn_id")',
        *_searchable("turn_search"),
        """CREATE TABLE "tool_instantiations" (
   "turn_id" TEXT REFERENCES "turns"("id"),
   "tool_call_id" TEXT,
   "name" TEXT,
   "plugin" TEXT,
   "arguments" TEXT,
   PRIMARY KEY ("turn_id", "tool_call_id")
)""",
    ),
    "m024_tool_instance_references": _refer_to_instances,
    "m025_turn_tools_instance_backfill": _name_instances_of_tools,
    "m026_message_tree_view": (
        """CREATE VIEW "message_tree" AS
with recursive
line as (
    select messages.hash, messages.parent_hash, printf('%012d', messages.rowid) as number,
        replace(coalesce(
            nullif(first.text, ''),
            (select fragments.content from part_fragments
                join fragments on fragments.id = part_fragments.fragment_id
                where part_fragments.part_id = first.id order by part_fragments."order" limit 1),
            '[' || coalesce(first.type, 'empty') || ']'
        ), char(10), ' ') as text,
        (select group_concat(parts.tool_name, ', ') from parts
            where parts.message_hash = messages.hash and parts.type = 'tool_result') as tools
    from messages left join parts first on first.message_hash = messages.hash and first.position = 0
),
tree as (
    select hash, text, tools, hash as root_hash, number as path, '' as indent from line where parent_hash is null
    union all
    select line.hash, line.text, line.tools, tree.root_hash, tree.path || '/' || line.number, tree.indent || '    '
    from tree join line on line.parent_hash = tree.hash
),
said as (
    select tip_message_hash as hash, datetime_utc from turns where tip_message_hash is not null
    union
    select messages.parent_hash, said.datetime_utc from said join messages on messages.hash = said.hash
    where messages.parent_hash is not null
),
first_said as (select hash, min(datetime_utc) as datetime_utc from said group by hash)
select tree.root_hash,
    strftime('%Y-%m-%d %H:%M:%S', first_said.datetime_utc) as datetime,
    tree.indent || substr(tree.text, 1, 60) as message,
    coalesce(tree.tools, '') as tools,
    tree.hash as message_hash,
    tree.path
from tree left join first_said on first_said.hash = tree.hash
order by tree.path""",
    ),
    "m027_turns_response_json": ('ALTER TABLE "turns" ADD COLUMN "response_json" TEXT',),
}
"""In order. A step is a tuple of statements, or a function."""
