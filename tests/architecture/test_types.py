"""Type checkers read the packages' annotations: each says that it has them."""

from __future__ import annotations

import pytest

from .imports import REPOSITORY


@pytest.mark.parametrize(
    "package", ["protocol/innkeeper_protocol", "plugin_sdk/innkeeper_sdk", "plugin_sdk/llm", "host/innkeeper"]
)
def test_package_says_that_it_is_typed(package: str) -> None:
    """PEP 561: without this file mypy takes all that a program gets from the package for Any."""
    assert (REPOSITORY / package / "py.typed").is_file()
