"""Makes the plugin importable, which is no member of the workspace, and gives it small weights to use."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace

VOCABULARY = ("the", "pelican", "eats", "fish")


class Package:
    """A package called ``wordllama`` with a word a token, and rows of *vectors* for them."""

    def __init__(self, folder: Path) -> None:
        self.weights = folder / "wordllama" / "weights" / "l2_supercat_256.safetensors"
        self.tokenizer = folder / "wordllama" / "tokenizers" / "l2_supercat_tokenizer_config.json"
        for file in (self.weights, self.tokenizer):
            file.parent.mkdir(parents=True)
        (folder / "wordllama" / "__init__.py").write_text("raise ImportError('its code is not wanted')\n", "utf-8")
        tokenizer = Tokenizer(WordLevel({word: number for number, word in enumerate(VOCABULARY)}, unk_token="the"))
        tokenizer.pre_tokenizer = Whitespace()
        tokenizer.enable_truncation(2)
        tokenizer.save(str(self.tokenizer))
        self.write([[0, 0], [1, 2], [3, -4], [0.5, 0.25]])

    def write(self, vectors: list[list[float]], *, dtype: str = "F16", shape: list[int] | None = None) -> None:
        matrix = np.array(vectors, "<f2")
        tensor = {"dtype": dtype, "shape": shape or list(matrix.shape), "data_offsets": [0, matrix.nbytes]}
        header = json.dumps({"embedding.weight": tensor}).encode()
        self.weights.write_bytes(struct.pack("<Q", len(header)) + header + matrix.tobytes())


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[3] / "plugins" / "static_embeddings"))
    monkeypatch.syspath_prepend(str(tmp_path))
    return Package(tmp_path)
