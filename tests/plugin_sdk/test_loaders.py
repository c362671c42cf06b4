"""Template and fragment loaders, called over a real peer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llm
import pytest
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads import content, fragments, templates
from innkeeper_sdk.adapters.content import INLINE_BYTES
from innkeeper_sdk.testing import running


class Loads:
    """A plugin with one loader of each kind, both under the prefix ``p``."""

    def __init__(self, loader: Callable[[str], Any]) -> None:
        self.loader = loader

    @llm.hookimpl
    def register_template_loaders(self, register: Callable[..., None]) -> None:
        register("p", self.loader)

    @llm.hookimpl
    def register_fragment_loaders(self, register: Callable[..., None]) -> None:
        register("p", self.loader)


def test_every_field_of_a_template_arrives() -> None:
    def loader(path: str) -> llm.Template:
        return llm.Template(
            name=path,
            prompt="Say $input",
            system="Be kind",
            attachments=["a.png"],
            model="m",
            defaults={"input": "hi"},
            options={"temperature": 1},
            extract=True,
            schema_object={"type": "object"},
            fragments=["f"],
            system_fragments=["sf"],
            tools=["t"],
            functions="def f(): pass",
        )

    with running(Loads(loader)) as plugin:
        assert plugin.load_template("p", "x/y") == templates.Template(
            name="x/y",
            prompt="Say $input",
            system="Be kind",
            attachments=("a.png",),
            model="m",
            defaults={"input": "hi"},
            options={"temperature": 1},
            extract=True,
            schema_object={"type": "object"},
            fragments=("f",),
            system_fragments=("sf",),
            tools=("t",),
            functions="def f(): pass",
        )


def item(text: str, source: str) -> fragments.FragmentItem:
    return fragments.FragmentItem(fragment=fragments.Fragment(content=text, source=source))


def test_one_fragment_or_many_with_attachments_between() -> None:
    def loader(argument: str) -> Any:
        if argument == "one":
            return llm.Fragment("text", "source")
        if argument == "bare":
            return "just text"
        return [llm.Fragment("a", "s1"), llm.Attachment(type="text/plain", url="https://example.com/x")]

    with running(Loads(loader)) as plugin:
        assert plugin.load_fragments("p", "one") == [item("text", "source")]
        assert plugin.load_fragments("p", "bare") == [item("just text", "p:bare")]
        assert plugin.load_fragments("p", "many") == [
            item("a", "s1"),
            fragments.FragmentItem(attachment=content.Attachment(type="text/plain", url="https://example.com/x")),
        ]


def test_a_bare_empty_text_is_no_fragment() -> None:
    """In `llm` no bare text is one; an empty one would put an empty line before the prompt."""
    with running(Loads(lambda argument: ["", llm.Fragment("", "s")] if argument == "two" else "")) as plugin:
        assert plugin.load_fragments("p", "one") == []
        assert plugin.load_fragments("p", "two") == [item("", "s")]


@pytest.mark.parametrize("size", [10, INLINE_BYTES + 1], ids=["small", "too large for a message"])
def test_attachment_in_private_tmp_arrives_as_bytes(size: int) -> None:
    """The file is the plugin's own, and gone when the loader is done with it."""

    def loader(argument: str) -> llm.Attachment:
        path = Path(directory) / "frame.bin"
        path.write_bytes(b"x" * size)
        return llm.Attachment(type="image/jpeg", path=str(path))

    with tempfile.TemporaryDirectory() as directory, running(Loads(loader)) as plugin:
        [loaded] = plugin.load_fragments("p", "video")
        assert loaded.attachment is not None
        assert (loaded.attachment.type, loaded.attachment.path) == ("image/jpeg", None)
        assert plugin.content_of(loaded.attachment) == b"x" * size


@pytest.mark.parametrize("kind", ["template", "fragments"])
@pytest.mark.parametrize(
    ("error", "says"),
    [(ValueError("no such video"), "no such video"), (KeyError(), "KeyError"), (SystemExit("gone"), "gone")],
    ids=["ValueError", "no text", "exit"],
)
def test_what_a_loader_raises_is_the_persons_message(kind: str, error: BaseException, says: str) -> None:
    def loader(argument: str) -> Any:
        raise error

    with running(Loads(loader)) as plugin, pytest.raises(CallFailed) as caught:
        plugin.load_template("p", "x") if kind == "template" else plugin.load_fragments("p", "x")
    assert (caught.value.code, caught.value.message) == (ErrorCode.LOADER_ERROR, says)


def test_wrong_type_is_said() -> None:
    with running(Loads(lambda argument: 3)) as plugin:
        with pytest.raises(CallFailed) as template:
            plugin.load_template("p", "x")
        with pytest.raises(CallFailed) as fragment:
            plugin.load_fragments("p", "x")
    assert template.value.message == "the loader returned int, not a Template"
    assert fragment.value.message == "the loader returned int, not a Fragment or an Attachment"


def test_unknown_prefix_is_not_found() -> None:
    with running(Loads(str)) as plugin:
        with pytest.raises(CallFailed) as template:
            plugin.load_template("q", "x")
        with pytest.raises(CallFailed) as fragment:
            plugin.load_fragments("q", "x")
    assert (template.value.code, template.value.message) == (ErrorCode.NOT_FOUND, "no template loader for 'q:'")
    assert (fragment.value.code, fragment.value.message) == (ErrorCode.NOT_FOUND, "no fragment loader for 'q:'")
