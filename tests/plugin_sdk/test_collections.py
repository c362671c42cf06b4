"""Collections: the person's are at the host, those in a plugin's own database stay there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import llm
import pytest
from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.host_services import (
    CollectionEntriesResult,
    CollectionEntry,
    CollectionParams,
    CollectionResult,
    CollectionSimilarParams,
    CollectionStoreParams,
)
from innkeeper_protocol.peer import Handler, IncomingCall
from innkeeper_sdk.testing import running


class Lengths(llm.EmbeddingModel):
    model_id = "lengths"
    supports_binary = True
    batch_size = 2

    def embed_batch(self, items: Any) -> Iterator[list[float]]:
        return ([float(len(item)), 1.0] for item in items)


class Plugin:
    @llm.hookimpl
    def register_embedding_models(self, register: Callable[..., None]) -> None:
        register(Lengths(), aliases=["len"])


class Host:
    """A host that keeps the person's collections. *asked* is what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.known: dict[str, str] = {}
        self.handlers: dict[str, Handler] = {
            methods.OPEN_COLLECTION.name: self.open,
            methods.STORE_IN_COLLECTION.name: self.store,
            methods.SIMILAR_IN_COLLECTION.name: self.similar,
            methods.DELETE_COLLECTION.name: self.delete,
        }

    def open(self, params: CollectionParams, call: IncomingCall) -> CollectionResult:
        if params.model_id:
            self.known[params.name] = params.model_id
        exists = params.name in self.known
        return CollectionResult(name=params.name, exists=exists, model_id=self.known.get(params.name), count=3)

    def store(self, params: CollectionStoreParams, call: IncomingCall) -> Nothing:
        self.asked.append(params)
        return Nothing()

    def similar(self, params: CollectionSimilarParams, call: IncomingCall) -> CollectionEntriesResult:
        self.asked.append(params)
        if params.id == "nothing":
            raise CallFailed(ErrorCode.NOT_FOUND, "no such item")
        found = (CollectionEntry(id="1", score=1.0, value="a"), CollectionEntry(id="2", score=0.5, metadata={"k": 1}))
        return CollectionEntriesResult(entries=found)

    def delete(self, params: CollectionParams, call: IncomingCall) -> Nothing:
        del self.known[params.name]
        return Nothing()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LLM_USER_PATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def persons(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(folder / "embeddings.db")
    yield connection
    connection.close()


def test_persons_collection_is_asked_of_the_host(persons: sqlite3.Connection) -> None:
    host = Host()
    with running(Plugin(), handlers=host.handlers):
        collection = llm.Collection("notes", persons, model_id="len")
        collection.embed_multi_with_metadata([("1", "a", {"k": 1}), ("2", b"bb", None), ("3", "c", None)], store=True)
        collection.embed("4", "own key", key="sk-own")
        entries = collection.similar_by_id("1", number=2)
        by_vector = collection.similar_by_vector([1.0, 0.0], number=1, skip_id="1", prefix="p")
        with pytest.raises(llm.Collection.DoesNotExist):
            collection.similar_by_id("nothing")
        assert (collection.count(), collection.model_id) == (3, "lengths")
        assert llm.Collection.exists(persons, "notes")
        collection.delete()
        assert not llm.Collection.exists(persons, "notes")

    assert host.asked[:3] == [
        CollectionStoreParams(
            name="notes",
            model_id="lengths",
            entries=(
                CollectionEntry(id="1", value="a", metadata={"k": 1}, store=True),
                CollectionEntry(id="2", value=b"bb", store=True),
            ),
        ),
        CollectionStoreParams(
            name="notes", model_id="lengths", entries=(CollectionEntry(id="3", value="c", store=True),)
        ),
        CollectionStoreParams(
            name="notes",
            model_id="lengths",
            entries=(CollectionEntry(id="4", value="own key", vector=llm.encode([7.0, 1.0])),),
        ),
    ]
    assert host.asked[3:5] == [
        CollectionSimilarParams(name="notes", number=2, id="1"),
        CollectionSimilarParams(name="notes", number=2, vector=llm.encode([1.0, 0.0]), prefix="p"),
    ]
    assert [(entry.id, entry.score, entry.content, entry.metadata) for entry in entries] == [
        ("1", 1.0, "a", None),
        ("2", 0.5, None, {"k": 1}),
    ]
    assert [entry.id for entry in by_vector] == ["2"]
    assert persons.execute("select count(*) from sqlite_master").fetchone() == (0,)


def test_persons_collection_without_a_grant_is_the_plugins_own(persons: sqlite3.Connection) -> None:
    def denies(params: Any, call: IncomingCall) -> Any:
        raise CallFailed(ErrorCode.DENIED, "not granted")

    with running(Plugin(), handlers={methods.OPEN_COLLECTION.name: denies}):
        llm.Collection("notes", persons, model=Lengths()).embed("1", "a")
    assert persons.execute("select id from embeddings").fetchall() == [("1",)]


def test_other_databases_are_never_asked_of_the_host(folder: Path) -> None:
    host = Host()
    own = sqlite3.connect(folder / "own.db")
    with running(Plugin(), handlers=host.handlers):
        llm.Collection("notes", own, model_id="lengths").embed("1", "a")
    assert own.execute("select name, model from collections").fetchall() == [("notes", "lengths")]
    own.close()
    assert host.known == {}


def test_batch_is_kept_whole_or_not_at_all(folder: Path) -> None:
    class Breaks(Lengths):
        def embed_batch(self, items: Any) -> Iterator[list[float]]:
            for item in items:
                if item == "bad":
                    raise ValueError("bad item")
                yield [1.0]

    own = sqlite3.connect(folder / "own.db")
    collection = llm.Collection("notes", own, model=Breaks())
    with pytest.raises(ValueError, match="bad item"):
        collection.embed_multi([("1", "a"), ("2", "b"), ("3", "c"), ("4", "bad"), ("5", "d")])
    assert [row[0] for row in own.execute("select id from embeddings order by id")] == ["1", "2"]
    assert not own.in_transaction
    own.close()


def test_database_of_an_older_release_gets_what_it_lacks(folder: Path) -> None:
    own = sqlite3.connect(folder / "own.db")
    own.executescript(
        "create table collections (id integer primary key, name text, model text);"
        "create table embeddings (collection_id integer, id text, embedding blob, content text, metadata text,"
        " primary key (collection_id, id));"
        "insert into collections values (1, 'notes', 'lengths');"
        "insert into embeddings (collection_id, id, embedding, content) values (1, 'old', x'0000803f0000803f', 'o');"
    )
    collection = llm.Collection("notes", own, model=Lengths(), create=False)
    collection.embed("new", "n")
    assert [(entry.id, round(entry.score or 0, 3)) for entry in collection.similar("n")] == [("new", 1.0), ("old", 1.0)]
    own.close()


def test_real_llm_opens_a_database_made_here(real_llm: Path, folder: Path) -> None:
    import subprocess

    own = sqlite3.connect(folder / "own.db")
    llm.Collection("notes", own, model=Lengths()).embed("1", "a", {"k": 1}, store=True)
    own.close()
    code = (
        "import llm, sqlite_utils, sys\n"
        "collection = llm.Collection('notes', sqlite_utils.Database(sys.argv[1]), create=False)\n"
        "print([(e.id, e.score, e.content, e.metadata) for e in collection.similar_by_vector([1.0, 1.0])])"
    )
    ran = subprocess.run(
        [real_llm, "-c", code, folder / "own.db"], capture_output=True, text=True, timeout=60, check=False
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith("[('1', 1.0") or ran.stdout.startswith("[('1', 0.99")
