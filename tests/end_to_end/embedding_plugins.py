"""Plugins with embedding models, good and bad, for the tests of embeddings."""

from __future__ import annotations

from pathlib import Path

from .plugin_source import write_plugin

FROM_THE_DOCUMENT = """
from llm import hookimpl, EmbeddingModel
@hookimpl
def register_embedding_models(register):
    register(MyEmbeddingModel(), aliases=("my-embed",))
class MyEmbeddingModel(EmbeddingModel):
    model_id = "my-embedding-model"
    def embed_batch(self, texts):
        return [[float(len(t)), 1.0] for t in texts]
"""
"""As it stands in the document that the project began from."""

LETTERS = '''
import llm, os, time

@llm.hookimpl
def register_embedding_models(register):
    register(Letters())
    register(Sizes(), aliases=("bytes",))
    for rogue in (Few, Many, Ragged, NotNumbers, Infinite, Empty, Raises, Dies, Sleeps, Changing):
        register(rogue())

class Letters(llm.EmbeddingModel):
    """Counts letters, notes each batch in a file, and may be told by a text to wait for a file of that name."""
    model_id = "letters"
    batch_size = 10

    def embed_batch(self, items):
        items = list(items)
        with open(llm.user_dir() / "batches", "a") as file:
            file.write(f"{len(items)}\\n")
        for item in items:
            if item.startswith("wait for "):
                while not (llm.user_dir() / item.removeprefix("wait for ")).exists():
                    time.sleep(0.01)
        return ([float(item.count(letter)) for letter in "etaoin"] for item in items)

class Sizes(llm.EmbeddingModel):
    model_id = "sizes"
    supports_binary = True
    supports_text = False
    needs_key = "sizes"

    def embed_batch(self, items, key=None):
        return [[float(len(item)), float(item[0]), float(len(key or ""))] for item in items]

class Rogue(llm.EmbeddingModel):
    def embed_batch(self, items):
        return [self.row(number) for number in range(len(items))]

class Few(Rogue):
    model_id = "few"
    def embed_batch(self, items):
        return [[1.0]] * (len(items) - 1)

class Many(Rogue):
    model_id = "many"
    def embed_batch(self, items):
        return [[1.0]] * (len(items) + 1)

class Ragged(Rogue):
    model_id = "ragged"
    def row(self, number):
        return [1.0] * (number + 1)

class NotNumbers(Rogue):
    model_id = "not-numbers"
    def row(self, number):
        return ["one"]

class Infinite(Rogue):
    model_id = "infinite"
    def row(self, number):
        return [1.0, float("nan") if number else 1.0]

class Empty(Rogue):
    model_id = "empty"
    def row(self, number):
        return []

class Raises(Rogue):
    model_id = "raises"
    def row(self, number):
        raise RuntimeError("boom\\x1b[31m")

class Dies(Rogue):
    model_id = "dies"
    def row(self, number):
        os._exit(3)

class Sleeps(Rogue):
    model_id = "sleeps"
    def row(self, number):
        (llm.user_dir() / "asleep").touch()
        time.sleep(3600)

class Changing(Rogue):
    model_id = "changing"
    calls = 0
    def embed_batch(self, items):
        Changing.calls += 1
        return [[1.0] * Changing.calls for _ in items]
'''


def embedding_plugins(folder: Path) -> list[str]:
    """Write the plugins below *folder*; return their paths."""
    return [
        write_plugin(folder, "my-embeddings", FROM_THE_DOCUMENT),
        write_plugin(folder, "llm-letters", LETTERS),
    ]
