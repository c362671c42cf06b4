"""Plugins that use embeddings of others, and the person's collections, as far as they were allowed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .embedding_plugins import embedding_plugins
from .inn import Inn
from .plugin_source import write_plugin

ASKS = '''
import click, json, llm, sqlite3

@llm.hookimpl
def register_models(register):
    register(Asks())

@llm.hookimpl
def register_embedding_models(register):
    register(Mirror())

@llm.hookimpl
def register_commands(cli):
    @cli.command()
    @click.argument("code")
    def asks(code):
        exec(code, {"llm": llm})

class Asks(llm.Model):
    """Runs the prompt, which is Python, and answers with what that puts into `said`."""
    model_id = "asks"

    def execute(self, prompt, stream, response, conversation):
        def open_collection(name, **how):
            db = sqlite3.connect(llm.user_dir() / "embeddings.db")
            return llm.Collection(name, db, **how)
        scope = {"llm": llm, "said": [], "Collection": open_collection}
        exec(prompt.prompt, scope)
        yield json.dumps(scope["said"])

class Mirror(llm.EmbeddingModel):
    """Embeds with itself, by way of the host."""
    model_id = "mirror"

    def embed_batch(self, items):
        from innkeeper_sdk.api.host import current_host
        return current_host().embed("mirror", list(items), key=None)
'''


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Inn:
    folder = tmp_path_factory.mktemp("asking")
    inn = Inn(folder / "home")
    inn.ok("install", *embedding_plugins(folder), write_plugin(folder, "llm-asks", ASKS))
    return inn


def said(inn: Inn, *lines: str) -> Any:
    return json.loads(inn.ok("-m", "asks", "\n".join(lines)))


def test_model_of_another_plugin_embeds_for_a_plugin(asking: Inn) -> None:
    assert said(
        asking,
        "model = llm.get_embedding_model('letters')",
        "said += [model.embed('tea'), list(model.embed_multi(['e', 'ee'])), model.batch_size]",
        "said += [llm.get_embedding_model('bytes').embed(b'abc', key='sizes')]",
    ) == [[1, 1, 1, 0, 0, 0], [[1, 0, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0]], 10, [3, 97, 5]]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("llm.get_embedding_model('few').embed('x')", "returned 0 vectors for 1 items"),
        ("llm.get_embedding_model('nobody')", "nobody"),
        ("llm.get_embedding_model('mirror').embed('x')", "more than 8 deep"),
    ],
)
def test_failure_of_the_other_model_is_the_plugins_to_see(asking: Inn, code: str, says: str) -> None:
    assert says in asking.fails("-m", "asks", code)


def test_name_of_a_stored_key_buys_nothing_from_another_plugin(asking: Inn) -> None:
    asking.ok("keys", "set", "secret", stdin="a long secret key")

    length = said(asking, "said += [llm.get_embedding_model('sizes').embed(b'x', key='secret')[2]]")

    assert length == [len("secret")], "the very text is passed on, not the key that is stored under it"


def test_collections_of_the_person_are_not_for_plugins_unless_allowed(asking: Inn, tmp_path: Path) -> None:
    asking.ok("embed", "private", "one", "-m", "letters", "-c", "tea", "--store")
    use = (
        "docs = Collection('private', model_id='letters')",
        "said += [docs.count(), [entry.content for entry in docs.similar('tea')]]",
    )
    assert said(asking, *use) == [0, []], "it gets one of its own, under the same name"
    assert "refused database embeddings" in asking.log("llm-asks")

    asking.ok("plugins", "allow", "llm-asks", "--database", "embeddings")
    try:
        assert said(asking, *use) == [1, ["tea"]]
        assert said(
            asking,
            "docs = Collection('theirs', model_id='letters')",
            "docs.embed_multi([('a', 'eat'), ('b', 'inn')], store=True)",
            "docs.embed('c', 'on', {'n': 1})",
            "said += [docs.count(), [(e.id, e.content, e.metadata) for e in docs.similar_by_id('b')]]",
            "said += [[e.id for e in docs.similar('tea', number=1)], Collection('theirs').model_id]",
        ) == [3, [["c", None, {"n": 1}], ["a", "eat", None]], ["a"], "letters"]
        rows = asking.ok("similar", "theirs", "-c", "on", "-n", "1")
        assert json.loads(rows)["metadata"] == {"n": 1}
        said(asking, "Collection('theirs').delete()")
        assert "theirs" not in asking.ok("collections")
        assert "bytes are not" not in asking.log("llm-asks")
    finally:
        asking.ok("plugins", "deny", "llm-asks", "--database", "embeddings")
    assert said(asking, *use)[0] == 0


def test_databases_that_were_allowed_are_read_as_files_and_not_written(asking: Inn) -> None:
    """As plugins do that were written for the real ``llm``. In the log stands what was asked before."""
    asking.ok("embed", "seen", "a cup", "-m", "letters", "-c", "green tea", "--store")
    asking.ok("-m", "asks", "said.append('words to find')")
    opens = "import sqlite3; sqlite3.connect(llm.user_dir() / 'logs.db')"
    command = "llm plugins allow llm-asks --database logs"
    assert command in asking.run("-m", "asks", opens).stderr
    asking.ok("plugins", "allow", "llm-asks", "--database", "embeddings", "--database", "logs")
    try:
        assert said(
            asking,
            "import llm.migrations, sqlite3, types",
            "embeddings, logs = (sqlite3.connect(llm.user_dir() / f'{name}.db') for name in ('embeddings', 'logs'))",
            "said += embeddings.execute('select content from embeddings where id = ?', ['a cup']).fetchone()",
            "tables = {name for name, in logs.execute('select name from sqlite_master')}",
            "said.append('responses' in tables)",
            "said.append(any('words to find' in line for line in logs.iterdump()))",
            "llm.migrations.migrate(types.SimpleNamespace(conn=logs))",
            "try:",
            "    embeddings.execute('delete from embeddings')",
            "except sqlite3.OperationalError as error:",
            "    said.append(str(error))",
        ) == ["green tea", True, True, "attempt to write a readonly database"]
    finally:
        asking.ok("plugins", "deny", "llm-asks", "--all")
    said(asking, "import os; assert not os.path.islink(llm.user_dir() / 'logs.db')")


def test_alias_that_a_plugin_sets_means_its_own_embedding_model_only(asking: Inn) -> None:
    asking.ok("asks", "llm.set_alias('spiegel', 'mirror')")

    assert "Mirror: mirror (aliases: spiegel)" in asking.ok("embed-models")
    assert "its own models only" in asking.fails("asks", "llm.set_alias('mine', 'letters')")
    assert "llm aliases set mine mirror" in asking.fails("-m", "asks", "llm.set_alias('mine', 'mirror')")
    assert "embed-models default mirror" in asking.fails("-m", "asks", "llm.set_default_embedding_model('mirror')")
