"""A text's vector is the mean of its tokens'. That the real weights give what wordllama gives is an end-to-end test."""

from __future__ import annotations

from typing import Any

import llm
import pytest

from .conftest import Package


@pytest.fixture
def model(package: Package) -> Any:
    from innkeeper_static_embeddings.model import WordLlama

    return WordLlama()


def embedded(model: Any, *texts: str) -> list[list[float]]:
    matrix = model.embed_batch(texts)
    assert str(matrix.dtype) == "float32"
    rows: list[list[float]] = matrix.tolist()
    return rows


def test_vector_of_a_text_is_the_mean_of_its_tokens(model: Any) -> None:
    assert embedded(model, "pelican", "pelican eats", "pelican eats fish fish") == [[1, 2], [2, -1], [1.25, -0.375]]


def test_text_without_tokens_is_a_vector_of_zeros(model: Any) -> None:
    assert embedded(model, "", "fish", "  \n") == [[0, 0], [0.5, 0.25], [0, 0]]


def test_no_texts_are_no_rows(model: Any) -> None:
    assert model.embed_batch([]).shape == (0, 2)


def test_all_of_a_long_text_counts(model: Any) -> None:
    """More tokens than are taken at once, and than the tokenizer's own settings would leave."""
    assert embedded(model, "pelican " * 15_000 + "eats " * 15_000) == [[2, -1]]


def test_token_beyond_the_weights_counts_as_the_last(package: Package, model: Any) -> None:
    package.write([[0, 0], [1, 2]])

    assert embedded(model, "fish") == [[1, 2]]


def test_package_that_is_not_whole_is_named(package: Package, model: Any) -> None:
    package.weights.unlink()

    with pytest.raises(
        llm.ModelError, match=r"l2_supercat_256\.safetensors comes with the package wordllama, which is not"
    ):
        model.embed_batch(["fish"])


@pytest.mark.parametrize(
    ("dtype", "shape"), [("BF16", None), ("F16", [4, 3]), ("F16", [8])], ids=["type", "size", "shape"]
)
def test_weights_of_another_form_are_refused(package: Package, model: Any, dtype: str, shape: list[int] | None) -> None:
    package.write([[0, 0]] * 4, dtype=dtype, shape=shape)

    with pytest.raises(llm.ModelError, match="the weights cannot be used"):
        model.embed_batch(["fish"])


@pytest.mark.parametrize("content", [b"1234", b"\xff" * 64, b"\x02" + bytes(7) + b"{}"], ids=["cut", "long", "empty"])
def test_file_that_is_no_safetensors_is_refused(package: Package, model: Any, content: bytes) -> None:
    package.weights.write_bytes(content)

    with pytest.raises(llm.ModelError, match="the weights cannot be used"):
        model.embed_batch(["fish"])


def test_registered_by_its_id_and_takes_texts_only(package: Package) -> None:
    from innkeeper_static_embeddings import plugin

    registered: list[Any] = []
    plugin.register_embedding_models(registered.append)

    assert [(model.model_id, model.supports_text, model.supports_binary) for model in registered] == [
        ("wordllama", True, False)
    ]
