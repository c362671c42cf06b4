"""LLM_LOAD_PLUGINS: all, none but the defaults, or those that are named."""

from __future__ import annotations

import pytest
from innkeeper.installation.inventory import Index, InstalledPlugin
from innkeeper.installation.selection import selected

INDEX = Index(
    [
        InstalledPlugin(name="innkeeper-local", version="1.0", is_default=True),
        InstalledPlugin(name="llm-markov", version="1.0"),
        InstalledPlugin(name="llm-echo", version="1.0"),
    ]
)


@pytest.mark.parametrize(
    ("wanted", "kept", "unknown"),
    [
        (None, ["innkeeper-local", "llm-markov", "llm-echo"], ()),
        ("", ["innkeeper-local"], ()),
        (" , ", ["innkeeper-local"], ()),
        ("llm-echo", ["innkeeper-local", "llm-echo"], ()),
        ("LLM_Echo, markov", ["innkeeper-local", "llm-markov", "llm-echo"], ()),
        ("llm-eco,llm-echo,nothing", ["innkeeper-local", "llm-echo"], ("llm-eco", "nothing")),
    ],
)
def test_only_what_is_named_and_the_defaults_are_left(
    wanted: str | None, kept: list[str], unknown: tuple[str, ...]
) -> None:
    index, not_installed = selected(INDEX, wanted)

    assert [plugin.name for plugin in index.plugins] == kept
    assert not_installed == unknown
