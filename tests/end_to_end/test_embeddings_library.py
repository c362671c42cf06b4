"""Embeddings in a program of one's own: models, their async twins, and collections as users of `llm` know them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .embedding_plugins import embedding_plugins
from .inn import Inn


@pytest.fixture(scope="module")
def embedders(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("embedders")
    inn = Inn(folder / "home")
    inn.ok("install", *embedding_plugins(folder))
    return inn


def run_program(inn: Inn, program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=inn.environment(),
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done
    return done.stdout


def test_model_embeds_one_many_and_blocks(embedders: Inn, tmp_path: Path) -> None:
    program = """
import innkeeper, numpy

model = innkeeper.get_embedding_model("letters")
print(model.model_id, model.batch_size, model.supports_binary, model, model.plugin)
print(model.embed("tea"))
texts = iter(["e", "ee", "eee"] * 9)
print([vector[0] for vector in model.embed_multi(texts)] == [1, 2, 3] * 9)
vectors = model.embed_batch(["tea"] * 300 + ["inn"])
print(len(vectors), vectors.dimensions, numpy.asarray(vectors).sum(axis=0).tolist(), vectors[300])
print(len(model.embed_batch([])), list(model.embed_multi([])))
print(sorted(m.model_id for m in innkeeper.get_embedding_models())[:3])
try:
    innkeeper.get_embedding_model()
except innkeeper.UnknownModel as error:
    print(error.message)
try:
    innkeeper.get_embedding_model("sizes").embed(b"", key="K")
except innkeeper.PluginCallFailed as error:
    print(error.message)
"""
    assert run_program(embedders, program, tmp_path).splitlines() == [
        "letters 10 False Letters: letters llm-letters",
        "[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]",
        "True",
        "301 6 [300.0, 300.0, 300.0, 0.0, 1.0, 2.0] [0.0, 0.0, 0.0, 0.0, 1.0, 2.0]",
        "0 []",
        "['changing', 'dies', 'empty']",
        "You need to specify an embedding model (no default model is set)",
        "Plugin 'llm-letters' failed: IndexError: index out of range",
    ]


def test_async_twin_embeds_and_can_be_cancelled(embedders: Inn, tmp_path: Path) -> None:
    program = """
import asyncio, innkeeper

async def main():
    model = innkeeper.get_async_embedding_model("letters")
    print(await model.embed("tea"))
    print([vector[0] async for vector in model.embed_multi(["e", "ee", "eee"], batch_size=2)])
    waiting = asyncio.create_task(model.embed("wait for nobody"))
    await asyncio.sleep(0.1)
    waiting.cancel()
    try:
        await waiting
    except asyncio.CancelledError:
        print("cancelled")
    print(await model.embed("inn"))

asyncio.run(main())
"""
    assert run_program(embedders, program, tmp_path).splitlines() == [
        "[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]",
        "[1.0, 2.0, 3.0]",
        "cancelled",
        "[0.0, 0.0, 0.0, 0.0, 1.0, 2.0]",
    ]


def test_iteration_that_is_given_up_gives_up_on_the_batch(embedders: Inn, tmp_path: Path) -> None:
    program = """
import innkeeper

model = innkeeper.get_embedding_model("letters")
texts = ["e"] * 20 + ["wait for nobody"] * 10
vectors = model.embed_multi(texts)
print(next(vectors)[0])
vectors.close()
print(model.embed("tea")[0])
"""
    assert run_program(embedders, program, tmp_path).splitlines() == ["1.0", "1.0"]


COLLECTION = """
import innkeeper, sqlite3

Collection = innkeeper.Collection
db = {db}
docs = Collection("docs", db, model_id="letters")
print(docs.count(), docs.name, docs.model_id, docs.model().model_id, docs.id)
docs.embed("one", "tea", {{"n": 1}}, store=True)
docs.embed_multi([("two", "inn"), ("three", "eat a tea")], store=True)
docs.embed_multi_with_metadata([("four", "on", {{"n": 4}}), ("five", "", None)])
print(docs.count())
for entry in docs.similar("tea", number=2):
    print(entry.id, round(entry.score, 3), entry.content, entry.metadata)
print([entry.id for entry in docs.similar_by_id("one", 2)])
print([entry.id for entry in docs.similar_by_id("one", prefix="t")])
print([entry.id for entry in docs.similar_by_vector([0, 0, 0, 1, 0, 1], 2, skip_id="two")])
print(Collection.exists(db, "docs"), Collection.exists(db, "dogs"))
for wrong in (lambda: Collection("dogs", db, create=False), lambda: docs.similar_by_id("nobody")):
    try:
        wrong()
    except Collection.DoesNotExist as error:
        print(error)
try:
    Collection("dogs", db)
except ValueError as error:
    print(error)
try:
    docs.similar_by_vector([1, 2])
except innkeeper.UsageError as error:
    print(error.message)
again = Collection("docs", db)
print(again.count(), again.model_id)
again.delete()
print(Collection.exists(db, "docs"), docs.count())
"""

SAID = """\
0 docs letters letters 1
5
one 1.0 tea {'n': 1}
three 0.98 eat a tea None
['three', 'five']
['three', 'two']
['four', 'five']
True False
Collection 'dogs' does not exist
ID not found
Either model= or model_id= must be provided when creating a new collection
Collection 'docs' holds vectors of 6 numbers.
5 letters
False 0
"""


@pytest.mark.parametrize("db", ["'file.db'", "sqlite3.connect('connected.db')", "sqlite3.connect(':memory:')"])
def test_collection_has_what_users_of_llm_expect(embedders: Inn, tmp_path: Path, db: str) -> None:
    assert run_program(embedders, COLLECTION.format(db=db), tmp_path) == SAID


def test_collection_without_a_database_is_in_memory_and_the_commands_have_one(embedders: Inn, tmp_path: Path) -> None:
    program = """
import innkeeper, os

docs = innkeeper.Collection("docs", model=innkeeper.get_embedding_model("my-embed"))
docs.embed_multi((str(number), "x" * number) for number in range(250))
print(docs.count(), docs.similar("xxx", 1)[0].id, os.listdir())
print(innkeeper.embeddings_database() == os.path.join(os.environ["LLM_USER_PATH"], "embeddings.db"))
"""
    assert run_program(embedders, program, tmp_path) == "250 3 []\nTrue\n"
