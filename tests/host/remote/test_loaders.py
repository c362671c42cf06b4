"""Finding the loader that a prefix means. What loaders load is tested with real plugins, end to end."""

from __future__ import annotations

import pytest
from innkeeper.errors import FragmentError, TemplateError
from innkeeper.installation.inventory import Index, InstalledPlugin
from innkeeper.remote.loaders import FRAGMENTS, TEMPLATES, find_reference, has_prefix, loaders

INDEX = Index(
    [
        InstalledPlugin(name="llm-first", version="1", fragment_loaders=["site", "pdf"], template_loaders=["git"]),
        InstalledPlugin(name="llm-second", version="1", fragment_loaders=["pdf", "video"]),
        InstalledPlugin(name="llm-third", version="1", fragment_loaders=["pdf"]),
    ]
)


def test_a_prefix_is_letters_digits_dashes_and_underscores_before_a_colon() -> None:
    assert [
        text for text in ("a:", "a-b_1:c:d", "http:x", "a.b:c", ":c", "a c:d", "plain", "./a:b") if has_prefix(text)
    ] == [
        "a:",
        "a-b_1:c:d",
        "http:x",
    ]


def test_a_second_plugin_with_a_prefix_gets_a_number_behind_it() -> None:
    assert [(loader.called, loader.plugin.name, loader.prefix) for loader in loaders(INDEX, FRAGMENTS)] == [
        ("site", "llm-first", "site"),
        ("pdf", "llm-first", "pdf"),
        ("pdf_1", "llm-second", "pdf"),
        ("video", "llm-second", "video"),
        ("pdf_2", "llm-third", "pdf"),
    ]


def test_everything_behind_the_first_colon_is_the_loaders() -> None:
    reference = find_reference(INDEX, FRAGMENTS, "pdf_1:a:b?c")

    assert (reference.loader.plugin.name, reference.loader.prefix, reference.argument) == ("llm-second", "pdf", "a:b?c")


def test_an_unknown_prefix_gets_the_nearest_ones() -> None:
    with pytest.raises(FragmentError) as caught:
        find_reference(INDEX, FRAGMENTS, "vidoe:x")

    assert str(caught.value) == (
        "Unknown fragment prefix: vidoe\n  Near to it: video. What the plugins have: llm fragments loaders"
    )


def test_loaders_of_the_other_kind_do_not_count() -> None:
    with pytest.raises(TemplateError, match="Unknown template prefix: site"):
        find_reference(INDEX, TEMPLATES, "site:x")
