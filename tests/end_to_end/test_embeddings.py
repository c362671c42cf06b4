"""``llm embed``, ``embed-multi``, ``similar``, ``collections`` and ``embed-models``, as a person uses them."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import os
import re
import signal
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pexpect
import pytest

from .embedding_plugins import embedding_plugins
from .inn import Inn

# Homes and what they hold


@pytest.fixture(scope="module")
def embedders(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    """A home with plugins that embed. Each test has a database of its own."""
    folder = tmp_path_factory.mktemp("embedders")
    inn = Inn(folder / "home")
    inn.ok("install", *embedding_plugins(folder))
    return inn


class Shelf:
    """A database in a home: commands that use it, and what they left in it."""

    def __init__(self, inn: Inn, path: Path) -> None:
        self.inn = inn
        self.path = path
        self.environment = {"LLM_EMBEDDINGS_DB": str(path)}

    def ok(self, *arguments: str, **how: Any) -> str:
        return self.inn.ok(*arguments, environment=self.environment, **how)

    def fails(self, *arguments: str, **how: Any) -> str:
        return self.inn.fails(*arguments, environment=self.environment, **how)

    def rows(self, columns: str = "id, content, metadata") -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as db:
            return db.execute(f"select {columns} from embeddings order by collection_id, id").fetchall()

    def vectors(self) -> dict[str, list[float]]:
        return {id_: list(struct.unpack(f"<{len(v) // 4}f", v)) for id_, v in self.rows("id, embedding")}


@pytest.fixture
def shelf(embedders: Inn, tmp_path: Path) -> Shelf:
    return Shelf(embedders, tmp_path / "embeddings.db")


@pytest.fixture
def batches(embedders: Inn) -> Iterator[Path]:
    """The file in which the model ``letters`` notes its batches, empty."""
    path = embedders.home / "plugins" / "llm-letters" / "data" / "batches"
    path.unlink(missing_ok=True)
    yield path
    path.unlink(missing_ok=True)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process does to be seen."""
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# One text


def test_embedding_model_of_the_document_works_verbatim(embedders: Inn) -> None:
    assert json.loads(embedders.ok("embed", "-m", "my-embedding-model", "-c", "four")) == [4.0, 1.0]
    assert json.loads(embedders.ok("embed", "-m", "my-embed", "-c", "four")) == [4.0, 1.0]
    assert "MyEmbeddingModel: my-embedding-model (aliases: my-embed)" in embedders.ok("embed-models")


def test_vector_is_printed_in_each_format(embedders: Inn, tmp_path: Path) -> None:
    vector = struct.pack("<2f", 5, 1)
    (tmp_path / "text").write_text("hello", "utf-8")
    embed = ("embed", "-m", "my-embed", "-i", str(tmp_path / "text"))

    assert embedders.ok(*embed) == "[5.0, 1.0]\n"
    assert embedders.ok(*embed, "-f", "json") == "[5.0, 1.0]\n"
    assert embedders.ok(*embed, "-f", "hex") == vector.hex() + "\n"
    assert base64.b64decode(embedders.ok(*embed, "-f", "base64")) == vector
    assert embedders.ok(*embed, "-f", "blob").encode("utf-8", "surrogateescape") == vector + b"\n"
    assert embedders.ok("embed", "-m", "my-embed", stdin="piped") == "[5.0, 1.0]\n"
    assert embedders.ok("embed", "-m", "my-embed", "-i", "-", stdin="in") == "[2.0, 1.0]\n"


def test_item_is_stored_with_content_and_metadata(shelf: Shelf) -> None:
    shelf.ok("embed", "docs", "one", "-m", "my-embed", "-c", "a", "--store", "--metadata", '{"n": [1]}')
    shelf.ok("embed", "docs", "two", "-c", "bb")

    assert shelf.rows() == [("one", "a", '{"n": [1]}'), ("two", None, None)]
    assert shelf.vectors() == {"one": [1, 1], "two": [2, 1]}
    assert shelf.ok("collections") == "docs: my-embedding-model\n  2 embeddings\n"


def test_item_that_is_stored_already_is_not_embedded_again(shelf: Shelf, batches: Path) -> None:
    embed = ("embed", "docs", "one", "-m", "letters", "-c", "eat", "-f", "json")
    first = shelf.ok(*embed)

    assert shelf.ok(*embed) == first == "[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]\n"
    assert shelf.ok(*embed, "--store", "--metadata", '{"new": 1}') == first
    assert batches.read_text("utf-8") == "1\n"
    assert shelf.rows() == [("one", "eat", '{"new": 1}')], "what else was said of it is kept all the same"
    shelf.ok("embed", "docs", "one", "-c", "tee")
    assert batches.read_text("utf-8") == "1\n1\n"
    assert shelf.vectors() == {"one": [2, 1, 0, 0, 0, 0]}


def test_bytes_are_embedded_by_a_model_that_takes_them(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(b"\xff\x00\xfe")
    shelf.ok(
        "embed", "images", "i", "-m", "bytes", "--key", "K12", "--binary", "-i", str(tmp_path / "image"), "--store"
    )

    assert shelf.vectors() == {"i": [3, 255, 3]}
    assert shelf.rows("content, content_blob") == [(None, b"\xff\x00\xfe")]
    assert shelf.ok("embed", "-m", "sizes", "--key", "K", "--binary", stdin=b"\x07") == "[1.0, 7.0, 1.0]\n"
    assert "does not support text" in shelf.fails("embed", "-m", "sizes", "-c", "text", "--key", "K", status=2)
    assert "does not support binary" in shelf.fails("embed", "-m", "letters", "--binary", stdin=b"x", status=2)
    assert "is not text" in shelf.fails("embed", "-m", "letters", "-i", str(tmp_path / "image"))
    assert "No key found" in shelf.fails("embed", "-m", "sizes", "--binary", stdin=b"x")


def test_collection_keeps_its_model_and_says_so(shelf: Shelf) -> None:
    shelf.ok("embed", "docs", "one", "-m", "my-embed", "-c", "a")

    outcome = shelf.inn.run("embed", "docs", "two", "-m", "letters", "-c", "bb", environment=shelf.environment)

    assert outcome.status == 0
    assert "Collection 'docs' was made with the model 'my-embedding-model', so that one is used." in outcome.stderr
    assert shelf.vectors() == {"one": [1, 1], "two": [2, 1]}
    quiet = {**shelf.environment, "LLM_EMBEDDING_MODEL": "letters"}
    assert shelf.inn.run("embed", "docs", "two", "-c", "bb", environment=quiet).stderr == ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("embed", "-c", "x"), "You need to specify an embedding model (no default model is set)"),
        (("embed", "-m", "lettres", "-c", "x"), "Near to it: letters"),
        (("embed", "docs", "-c", "x"), "Must provide both collection and id"),
        (("embed", "-m", "letters", "-c", "x", "--store"), "Must provide collection when using --store"),
        (("embed", "-m", "letters"), "No content provided"),
        (("similar", "docs"), "Must provide content or an ID"),
        (("similar", "docs", "-c", "x"), "No embeddings table found in database"),
        (("collections", "list"), "No collections table found in"),
        (("collections", "delete", "docs"), "No collections table found in"),
    ],
)
def test_what_is_missing_is_said(shelf: Shelf, arguments: tuple[str, ...], says: str) -> None:
    assert says in shelf.fails(*arguments)
    assert not shelf.path.exists(), "nothing was made for a command that could not do its work"


# Models that give what they must not


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("few", "returned 0 vectors for 1 items"),
        ("many", "returned 2 vectors for 1 items"),
        ("not-numbers", "not a row of float32 numbers"),
        ("empty", "gave vectors without numbers"),
        ("raises", "Plugin 'llm-letters' failed: RuntimeError: boom"),
        ("dies", "exited with status 3"),
    ],
)
def test_model_that_fails_is_named_and_nothing_is_stored(shelf: Shelf, model: str, says: str) -> None:
    message = shelf.fails("embed", "docs", "one", "-m", model, "-c", "text")

    assert says in message
    assert "\x1b" not in message
    assert shelf.rows() == []


@pytest.mark.parametrize(("model", "says"), [("ragged", "numbers for item 1"), ("infinite", "item 2 of 3")])
def test_model_that_fails_at_one_of_many_items_is_named(shelf: Shelf, model: str, says: str) -> None:
    rows = "id,text\n1,a\n2,b\n3,c\n"

    assert says in shelf.fails("embed-multi", "docs", "-", "-m", model, stdin=rows)
    assert shelf.rows() == []


def test_model_that_changes_the_length_of_its_vectors_is_stopped(shelf: Shelf) -> None:
    rows = "id,text\n1,a\n2,b\n3,c\n"

    message = shelf.fails("embed-multi", "docs", "-", "-m", "changing", "--batch-size", "1", stdin=rows)

    assert "gave vectors of 2 numbers, and collection 'docs' holds vectors of 1" in message
    assert shelf.vectors() == {"1": [1]}


# Many texts


def test_rows_of_csv_tsv_json_and_lines_come_to_the_same(shelf: Shelf, tmp_path: Path) -> None:
    entries = [{"id": "1", "title": "eat", "body": "a tin"}, {"id": "2", "title": "no", "body": ""}]
    table = io.StringIO()
    writer = csv.DictWriter(table, entries[0], delimiter="\t")
    writer.writeheader()
    writer.writerows(entries)
    inputs = {
        "csv": "id,title,body\n1,eat,a tin\n2,no,\n",
        "tsv": table.getvalue(),
        "json": json.dumps(entries),
        "nl": "".join(json.dumps(entry) + "\n" for entry in entries),
    }
    for name, content in inputs.items():
        (tmp_path / f"input.{name}").write_text(content, "utf-8")
        shelf.ok("embed-multi", name, str(tmp_path / f"input.{name}"), "-m", "letters", "--store", "--prefix", "p/")
        shelf.ok("embed-multi", f"{name}-2", "-", "--format", name, "-m", "letters", "--store", stdin=content)

    expected = [("eat a tin", [1, 2, 2, 0, 1, 1]), ("no ", [0, 0, 0, 1, 0, 1])]
    found = [(content, list(struct.unpack("<6f", vector))) for content, vector in shelf.rows("content, embedding")]
    assert found == expected * 8
    assert [row[0] for row in shelf.rows("id")] == ["p/1", "p/2", "1", "2"] * 4


def test_query_reads_attached_databases(shelf: Shelf, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "blog.db")) as blog:
        blog.execute("create table posts (id integer primary key, title text, votes integer, body text)")
        blog.executemany("insert into posts values (?, ?, ?, ?)", [(1, "eat", 5, None), (2, "tin", 0, "on")])
        blog.commit()
    sql = "select id, title, votes, body from blog.posts"

    shelf.ok(
        *("embed-multi", "posts", "-m", "letters", "--attach", "blog", str(tmp_path / "blog.db"), "--sql", sql),
        *("--store", "--prepend", "Post: "),
    )

    assert shelf.rows() == [("1", "Post: eat 5 ", None), ("2", "Post: tin 0 on", None)]
    assert "no such table" in shelf.fails("embed-multi", "posts", "--sql", "select * from nowhere")
    assert "gives no rows" in shelf.fails("embed-multi", "posts", "--sql", "create table x (a)")
    assert "There is no database to attach" in shelf.fails(
        "embed-multi", "posts", "--attach", "b", str(tmp_path / "no.db"), "--sql", "select 1"
    )
    assert "bytes where text is wanted" in shelf.fails("embed-multi", "posts", "--sql", "select 1, x'00'")


def test_files_are_read_in_the_first_encoding_that_fits(shelf: Shelf, tmp_path: Path) -> None:
    for name, content in {"a.txt": "grün", "sub/b.txt": "tea\r\n", "sub/c.md": "no"}.items():
        (tmp_path / "docs" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "docs" / name).write_bytes(content.encode())
    (tmp_path / "docs" / "old.txt").write_bytes("grün".encode("latin-1"))
    folder = str(tmp_path / "docs")
    multi = ("embed-multi", "files", "-m", "letters", "--store", "--files", folder, "**/*.txt")

    shelf.ok(*multi, "--files", folder, "*/*.md")

    assert shelf.rows("id, content") == [
        ("a.txt", "grün"), ("old.txt", "grün"), ("sub/b.txt", "tea\n"), ("sub/c.md", "no")
    ]  # fmt: skip
    outcome = shelf.inn.run(*("embed-multi", "utf", *multi[2:], "--encoding", "utf-8"), environment=shelf.environment)
    assert outcome.status == 0
    assert outcome.stderr == f"Could not decode text in file {folder}/old.txt\n"
    assert "Invalid directory" in shelf.fails("embed-multi", "x", "--files", "/nowhere", "*", status=2)


def test_files_are_read_as_bytes(shelf: Shelf, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.bin").write_bytes(bytes([200 + number]) * (number + 1))

    shelf.ok(
        *("embed-multi", "images", "-m", "sizes", "--key", "K", "--binary", "--store"),
        *("--files", str(tmp_path), "*.bin", "--prefix", "img/"),
    )

    assert shelf.vectors() == {"img/0.bin": [1, 200, 1], "img/1.bin": [2, 201, 1], "img/2.bin": [3, 202, 1]}
    assert shelf.rows("content_blob") == [(b"\xc8",), (b"\xc9\xc9",), (b"\xca\xca\xca",)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Either --sql or input path or --files is required"),
        (("--sql", "select 1", "--binary"), "--binary must be used with --files"),
        (("--files", ".", "*", "--sql", "select 1"), "Cannot use --files with --sql"),
        (("--files", ".", "*", "--binary", "--encoding", "utf-8"), "--binary cannot be used with --encoding"),
        (("--files", ".", "*", "--encoding", "klingon"), "There is no encoding 'klingon'"),
        (("--sql", "select 1", "--batch-size", "0"), "batch-size"),
    ],
)
def test_inputs_that_do_not_go_together_are_refused(shelf: Shelf, arguments: tuple[str, ...], says: str) -> None:
    assert says in shelf.fails("embed-multi", "docs", *arguments, status=2)


def test_input_that_breaks_off_leaves_what_came_before(shelf: Shelf) -> None:
    lines = "".join(json.dumps({"id": number, "text": "tea"}) + "\n" for number in range(25)) + '{"id": '

    message = shelf.fails("embed-multi", "docs", "-", "-m", "letters", stdin=lines)

    assert "Item 26 of its JSON is broken" in message
    assert len(shelf.rows()) == 20, "two whole batches; what was read for a third is not lost, but not embedded"


def test_plugin_is_made_anew_on_the_way_where_it_is_of_an_older_host(shelf: Shelf) -> None:
    """What it registered is then read from its new environment: the old one is gone."""
    index = shelf.inn.home / "index.json"
    content = json.loads(index.read_text("utf-8"))
    for plugin in content["plugins"]:
        plugin["sdk"] = "older"
    index.write_text(json.dumps(content), "utf-8")

    shelf.ok("embed-multi", "docs", "-", "-m", "letters", stdin="id,text\n1,tea\n")

    assert shelf.vectors() == {"1": [1, 1, 1, 0, 0, 0]}


# What is there already, and what was interrupted


def rows_of(*texts: str) -> str:
    return "id,text\n" + "".join(f"{number},{text}\n" for number, text in enumerate(texts))


def test_only_what_changed_is_embedded_again(shelf: Shelf, batches: Path) -> None:
    multi = ("embed-multi", "docs", "-", "-m", "letters")
    shelf.ok(*multi, stdin=rows_of(*["tea"] * 25))
    before = shelf.rows("id, embedding, content_hash, updated")
    assert batches.read_text("utf-8").split() == ["10", "10", "5"]
    batches.unlink()

    shelf.ok(*multi, stdin=rows_of(*["tea"] * 25))
    assert not batches.exists()
    assert shelf.rows("id, embedding, content_hash, updated") == before
    shelf.ok(*multi, stdin=rows_of(*["tea"] * 12, "inn", *["tea"] * 12, "new"))

    assert batches.read_text("utf-8").split() == ["2"], "one of a batch, and one of the last, go together"
    assert shelf.vectors()["12"] == [0, 0, 0, 0, 1, 2]
    assert len(shelf.rows()) == 26


@pytest.mark.parametrize("batch_size", ["1", "2", "100"])
def test_last_of_the_rows_with_one_id_counts_however_often_they_are_embedded(shelf: Shelf, batch_size: str) -> None:
    multi = ("embed-multi", "docs", "-", "-m", "letters", "--store", "--batch-size", batch_size)
    for _ in range(2):
        shelf.ok(*multi, stdin="id,text\na,first\nb,other\na,last\na,last\n")
        assert shelf.rows("id, content") == [("a", "last"), ("b", "other")]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "crash"])
def test_interrupted_run_keeps_its_batches_and_the_next_goes_on(
    shelf: Shelf, batches: Path, tmp_path: Path, how: signal.Signals
) -> None:
    """The fourth batch waits for ever, so three are stored, or about to be, when the end comes."""
    source = tmp_path / "input.csv"
    source.write_text(rows_of(*["tea"] * 35, "wait for Godot", *["tea"] * 14), "utf-8")
    multi = ("embed-multi", "docs", str(source), "-m", "letters", "-d", str(shelf.path))
    with shelf.inn.running(*multi) as process:
        wait_until(lambda: batches.exists() and batches.read_text("utf-8").count("\n") == 4)
        wait_until(lambda: len(shelf.rows()) >= 20)
        os.kill(process.pid, how)
        _, said = process.communicate(timeout=20)
        status = process.returncode
    assert status == (130 if how == signal.SIGINT else -how)
    stored = len(shelf.rows())
    assert stored == 30 if how == signal.SIGINT else stored in (20, 30)
    if how == signal.SIGINT:
        assert "Collection 'docs' holds 30 items now. The same command goes on from there." in said
        assert "Aborted!" in said
    (batches.parent / "Godot").touch()
    batches.unlink()

    shelf.ok(*multi)

    (batches.parent / "Godot").unlink()
    assert sum(map(int, batches.read_text("utf-8").split())) == 50 - stored
    assert len(shelf.rows()) == 50


def test_model_that_does_not_let_go_is_ended_with_the_command(shelf: Shelf) -> None:
    asleep = shelf.inn.home / "plugins" / "llm-letters" / "data" / "asleep"
    asleep.unlink(missing_ok=True)
    with shelf.inn.running(
        "embed-multi", "docs", "-m", "sleeps", "--sql", "select 1, 2", "-d", str(shelf.path)
    ) as process:
        wait_until(asleep.exists)
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 130


def test_bar_is_shown_on_a_terminal_only(shelf: Shelf) -> None:
    lines = "".join(json.dumps({"id": number, "text": "tea"}) + "\n" for number in range(30))
    source = shelf.path.with_suffix(".jsonl")
    source.write_text(lines, "utf-8")
    multi = ("embed-multi", "docs", str(source), "-m", "letters", "-d", str(shelf.path))

    terminal = shelf.inn.at_terminal(*multi)
    terminal.expect("Embedding.*30 items")
    terminal.expect(pexpect.EOF)
    terminal.close()

    assert terminal.exitstatus == 0
    assert len(shelf.rows()) == 30
    outcome = shelf.inn.run(*multi)
    assert (outcome.status, outcome.stdout, outcome.stderr) == (0, "", "")


# Likeness


TEXTS = {"tea": "eat tea", "inn": "inn inn", "tea/2": "a tea", "nothing": "xyz"}


@pytest.fixture
def filled(shelf: Shelf) -> Shelf:
    rows = [{"id": id_, "text": text} for id_, text in TEXTS.items()]
    shelf.ok("embed-multi", "docs", "-", "-m", "letters", "--store", stdin=json.dumps(rows))
    shelf.ok("embed", "docs", "tea", "-c", "eat tea", "--metadata", '{"n": 1}')
    return shelf


def found(shelf: Shelf, *arguments: str, **how: Any) -> list[tuple[str, float]]:
    lines = shelf.ok("similar", "docs", *arguments, **how).splitlines()
    return [(entry["id"], entry["score"]) for entry in map(json.loads, lines)]


def test_similar_are_found_by_content_id_file_and_stdin(filled: Shelf, tmp_path: Path) -> None:
    near_tea = [("tea", 1.0), ("tea/2", 4 / math.sqrt(18)), ("inn", 0.0), ("nothing", 0.0)]
    (tmp_path / "text").write_text("eat", "utf-8")

    assert found(filled, "-c", "eat") == [(id_, pytest.approx(score)) for id_, score in near_tea]
    assert found(filled, "-c", "eat") == found(filled, "-i", str(tmp_path / "text"))
    assert found(filled, "-i", "-", stdin="eat") == found(filled, "-c", "eat")
    assert [id_ for id_, _ in found(filled, "tea")] == ["tea/2", "inn", "nothing"]
    assert [id_ for id_, _ in found(filled, "-c", "eat", "-n", "1")] == ["tea"]
    assert [id_ for id_, _ in found(filled, "tea", "--prefix", "tea")] == ["tea/2"]


def test_similar_show_content_and_metadata(filled: Shelf) -> None:
    first, second = filled.ok("similar", "docs", "-c", "eat", "-n", "2").splitlines()

    assert json.loads(first) == {"id": "tea", "score": pytest.approx(1), "content": "eat tea", "metadata": {"n": 1}}
    assert json.loads(second)["metadata"] is None
    plain = filled.ok("similar", "docs", "-c", "inn", "-n", "1", "-p")
    assert plain == f"inn ({found(filled, '-c', 'inn', '-n', '1')[0][1]})\n\n  inn inn\n\n"
    assert filled.ok("similar", "docs", "tea", "-p", "--prefix", "no") == "nothing (0.0)\n\n  xyz\n\n"


def test_similar_says_what_is_not_there(filled: Shelf) -> None:
    assert filled.fails("similar", "dogs", "-c", "x") == "Error: Collection does not exist\n"
    assert filled.fails("similar", "docs", "nobody") == "Error: ID not found in collection\n"


def test_search_by_id_starts_no_plugin(filled: Shelf) -> None:
    """With the plugin's environment out of reach, too."""
    plugin = filled.inn.home / "plugins" / "llm-letters"
    away = plugin.with_name("away")
    plugin.rename(away)
    try:
        assert filled.ok("similar", "docs", "tea", "-n", "1")
    finally:
        away.rename(plugin)


def test_collections_are_listed_and_deleted(filled: Shelf) -> None:
    filled.ok("embed", "other", "one", "-m", "my-embed", "-c", "x")

    assert filled.ok("collections", "list") == (
        "docs: letters\n  4 embeddings\nother: my-embedding-model\n  1 embedding\n"
    )
    assert json.loads(filled.ok("collections", "--json")) == [
        {"name": "docs", "model": "letters", "num_embeddings": 4},
        {"name": "other", "model": "my-embedding-model", "num_embeddings": 1},
    ]
    filled.ok("collections", "delete", "docs")
    assert filled.rows("id") == [("one",)]
    assert filled.fails("collections", "delete", "docs") == "Error: Collection does not exist\n"
    assert filled.ok("collections", "path") == f"{filled.inn.home}/embeddings.db\n"


# Models


def test_embedding_models_are_listed_with_their_aliases(embedders: Inn) -> None:
    embedders.ok("aliases", "set", "abc", "letters")
    lines = embedders.ok("embed-models").splitlines()

    assert "WordLlama: wordllama" in lines
    assert "Letters: letters (aliases: abc)" in lines
    assert re.search("^abc +: letters \\(embedding\\)$", embedders.ok("aliases"), re.MULTILINE)
    assert embedders.ok("embed-models", "-q", "abc") == "Letters: letters (aliases: abc)\n"
    (entry,) = json.loads(embedders.ok("embed-models", "list", "--json", "-q", "sizes"))
    assert entry == {
        "model_id": "sizes",
        "aliases": ["bytes"],
        "supports_text": False,
        "supports_binary": True,
        "batch_size": None,
        "plugin": "llm-letters",
    }
    assert json.loads(embedders.ok("embed", "-m", "abc", "-c", "e")) == [1, 0, 0, 0, 0, 0]
    embedders.ok("aliases", "remove", "abc")


def test_default_embedding_model_is_the_persons_to_set(embedders: Inn) -> None:
    assert embedders.run("embed-models", "default").stderr == "<No default embedding model set>\n"
    assert "llm embed-models default wordllama" in embedders.fails("embed", "-c", "x")
    embedders.ok("embed-models", "default", "my-embed")
    try:
        assert embedders.ok("embed-models", "default") == "my-embedding-model\n"
        assert embedders.ok("embed", "-c", "abc") == "[3.0, 1.0]\n"
        assert "Unknown embedding model: nobody" in embedders.fails("embed-models", "default", "nobody")
    finally:
        embedders.ok("embed-models", "default", "--remove-default")
    assert embedders.run("embed-models", "default").stderr == "<No default embedding model set>\n"
