"""The embedding model that ships: ready on first use, with no key and no network, and the same as its original."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from .inn import Inn

ORIGINAL = """
import json, os, sys, wordllama
model = wordllama.WordLlama.load(cache_dir=os.path.dirname(wordllama.__file__), disable_download=True)
print(json.dumps(model.embed(json.load(sys.stdin)).tolist()))
"""

TEXTS = (
    "A pelican is a bird",
    "",
    "naïve café, Grüße, 東京, 🦤🦤",
    "  spaces   and\ttabs\nand lines  ",
    "<s> special </s> <unk> tokens",
    "word " * 500,
    "x",
)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment with the package that the weights are from."""
    environment = tmp_path_factory.mktemp("wordllama") / "venv"
    uv = str(Path(sys.executable).parent / "uv")
    python = str(environment / "bin" / "python")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(environment)], check=True)
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, "wordllama>=0.4,<0.5"], check=True)
    return python


def test_vectors_are_those_of_the_original(default_only: Inn, original: str, tmp_path: Path) -> None:
    done = subprocess.run([original, "-c", ORIGINAL], input=json.dumps(TEXTS).encode(), capture_output=True, check=True)
    theirs = np.array(json.loads(done.stdout), np.float32)
    rows = [{"id": str(number), "text": text} for number, text in enumerate(TEXTS)]

    default_only.ok("embed-multi", "texts", "-", "-m", "wordllama", stdin=json.dumps(rows))

    program = (
        "import innkeeper, json\n"
        "docs = innkeeper.Collection('texts', innkeeper.embeddings_database())\n"
        f"print(json.dumps([list(memoryview(docs.vector(str(n))).cast('f')) for n in range({len(TEXTS)})]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=default_only.environment(), capture_output=True, check=True
    )
    ours = np.array(json.loads(done.stdout), np.float32)
    assert ours.shape == (len(TEXTS), 256)
    assert np.abs(ours - theirs).max() < 1e-5
    assert not ours[1].any(), "a text without tokens"


def test_first_use_makes_it_ready_and_the_second_says_nothing(default_only: Inn) -> None:
    default_only.ok("embed", "-m", "wordllama", "-c", "hi")

    outcome = default_only.run("embed", "-m", "wordllama", "-c", "hi")

    assert (outcome.status, outcome.stderr) == (0, "")
    assert len(json.loads(outcome.stdout)) == 256


def test_it_finds_what_is_about_the_same(default_only: Inn) -> None:
    texts = {"bird": "The pelican caught a fish", "money": "Interest rates were raised again", "sea": "Waves and tides"}
    rows = [{"id": id_, "text": text} for id_, text in texts.items()]
    default_only.ok("embed-multi", "about", "-", "-m", "wordllama", stdin=json.dumps(rows))

    def first(question: str) -> str:
        found: str = json.loads(default_only.ok("similar", "about", "-n", "1", "-c", question))["id"]
        return found

    assert [first("birds that eat fish"), first("bank loans"), first("the ocean")] == ["bird", "money", "sea"]
