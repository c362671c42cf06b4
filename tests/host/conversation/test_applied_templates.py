"""What templates make of a prompt, one and several. The expected values are those of `llm` 0.36."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from innkeeper.conversation.applied import Applied
from innkeeper.conversation.applied_templates import apply_templates, fill_in, needs_input
from innkeeper.conversation.templates import FoundTemplate
from innkeeper.conversation.wanted import Origin, Wanted
from innkeeper.errors import PermissionDenied, TemplateError
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper_sdk.api.attachments import Attachment
from innkeeper_sdk.api.templates import Template


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "work").mkdir()
    with Host(Home(str(tmp_path / "home")), cwd=str(tmp_path / "work")) as host:
        yield host


PLUGIN = InstalledPlugin(name="llm-loader", version="1")


def own(**fields: Any) -> FoundTemplate:
    return FoundTemplate(Template(name="own", **fields))


def of_plugin(**fields: Any) -> FoundTemplate:
    return FoundTemplate(Template(name="theirs", **fields), Origin("p:theirs", PLUGIN))


def of_the_web(**fields: Any) -> FoundTemplate:
    return FoundTemplate(Template(name="web", **fields), Origin("https://example.com/t.yaml"))


def applied(host: Host, *found: FoundTemplate, prompt: str | None = "hi", **given: Any) -> Applied:
    asked = {"system": None, "params": {}, "stdin": lambda: b"", **given}
    return apply_templates(host, found, prompt=prompt, **asked)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"prompt": "Say $input"}, ("Say hi", None)),
        ({"prompt": "Say ${input}!"}, ("Say hi!", None)),
        ({"prompt": "Be brief."}, ("Be brief.\nhi", None)),
        ({"system": "Be brief."}, ("hi", "Be brief.")),
        ({"system": "Do $input"}, ("hi", "Do hi")),
        ({"prompt": "Say $input", "system": "As $input"}, ("Say hi", "As hi")),
        ({"prompt": "It costs $$5"}, ("It costs $5\nhi", None)),
        ({}, ("hi", None)),
    ],
)
def test_a_prompt_goes_where_the_template_says(fields: dict[str, Any], expected: tuple[str, str | None]) -> None:
    assert fill_in(Template(name="t", **fields), "hi", None, {}) == expected


def test_a_system_prompt_that_was_given_stays() -> None:
    assert fill_in(Template(name="t", system="theirs"), None, "mine", {}) == (None, "mine")


def test_missing_parameters_are_named() -> None:
    with pytest.raises(TemplateError) as caught:
        fill_in(Template(name="t", prompt="$a $b $c"), "hi", None, {"b": "1"})
    assert str(caught.value) == "Missing variables: a, c\n  Template t takes them as parameters: -p a VALUE"


def test_a_lone_dollar_sign_is_explained() -> None:
    with pytest.raises(TemplateError) as caught:
        fill_in(Template(name="t", prompt="It costs $5"), "hi", None, {})
    assert "A dollar sign by itself is written $$" in str(caught.value)


def test_each_template_gets_what_the_one_before_made(host: Host) -> None:
    found = applied(host, own(prompt="A($input)"), own(prompt="B($input)"), own(prompt="C"))

    assert found.prompt == "C\nB(A(hi))"


def test_the_first_word_counts_and_the_last_schema(host: Host) -> None:
    first = own(
        system="s1",
        model="m1",
        options={"x": 1, "y": 1},
        schema_object={"title": "1"},
        extract=True,
        defaults={"a": "1"},
    )
    second = own(
        prompt="$a$b",
        system="s2",
        model="m2",
        options={"y": 2, "z": 2},
        schema_object={"title": "2"},
        extract_last=True,
        defaults={"a": "2", "b": "2"},
    )

    found = applied(host, first, second)

    assert (found.prompt, found.system, found.model) == ("12\nhi", "s1", "m1")
    assert found.options == {"x": 1, "y": 1, "z": 2}
    assert found.schema == {"title": "2"}
    assert (found.extract, found.extract_last) == (True, False)


def test_parameters_of_the_person_go_before_defaults(host: Host) -> None:
    assert applied(host, own(prompt="$a", defaults={"a": "1"}), params={"a": "9"}).prompt == "9\nhi"


def test_lists_are_joined_in_the_order_of_the_templates(host: Host) -> None:
    found = applied(
        host,
        own(fragments=["f1"], system_fragments=["s1"], tools=["t1"], functions="def a(): ..."),
        own(fragments=["f2"], system_fragments=["s2"], tools=["t2"], functions="def b(): ..."),
    )

    assert found.fragments == [Wanted("f1"), Wanted("f2")]
    assert found.system_fragments == [Wanted("s1"), Wanted("s2")]
    assert found.tools == [Wanted("t1"), Wanted("t2")]
    assert found.functions == ["def a(): ...", "def b(): ..."]


def test_what_a_foreign_template_wants_says_so_and_its_functions_are_left_out(host: Host) -> None:
    theirs = of_plugin(fragments=["f"], tools=["t"], functions="def f(): ...")

    found = applied(host, theirs)

    assert found.fragments == [Wanted("f", theirs.origin)]
    assert found.tools == [Wanted("t", theirs.origin)]
    assert found.functions == []


def test_attachments_of_the_persons_own_templates_are_their_files(host: Host) -> None:
    assert host.cwd is not None
    picture = Path(host.cwd) / "pic.png"
    picture.write_bytes(b"x")

    found = applied(
        host,
        own(
            attachments=["pic.png", "https://example.com/x.png", "-"],
            attachment_types=[{"type": "a/b", "value": "pic.png"}],
        ),
        stdin=lambda: b"piped",
    )

    assert found.attachments == [
        Attachment(path=str(picture)),
        Attachment(url="https://example.com/x.png"),
        Attachment(content=b"piped"),
    ]
    assert found.typed_attachments == [Attachment(type="a/b", path=str(picture))]


def test_a_file_that_is_missing_is_said(host: Host) -> None:
    with pytest.raises(TemplateError, match=r"File none\.png does not exist"):
        applied(host, own(attachments=["none.png"]))


@pytest.mark.parametrize("value", ["secret.txt", "../secret", "/etc/passwd", "-"])
@pytest.mark.parametrize("maker", [of_plugin, of_the_web], ids=["of a plugin", "of the web"])
def test_a_foreign_template_attaches_no_file_of_the_persons(host: Host, maker: Any, value: str) -> None:
    assert host.cwd is not None
    (Path(host.cwd) / "secret.txt").write_text("secret")

    with pytest.raises(PermissionDenied):
        applied(host, maker(attachments=[value]), stdin=lambda: b"secret")


def test_the_type_of_a_foreign_address_is_not_asked_for(host: Host) -> None:
    """The address may hold what a plugin without network wants to tell its server."""
    found = applied(host, of_plugin(attachments=["https://example.com/x.png?d=secret", "https://example.com/y"]))

    assert found.attachments == [
        Attachment(type="image/png", url="https://example.com/x.png?d=secret"),
        Attachment(type="application/octet-stream", url="https://example.com/y"),
    ]


def test_input_is_needed_where_a_blank_says_so() -> None:
    assert needs_input([own(prompt="a"), own(system="$input")])
    assert not needs_input([own(prompt="$$input $other")])
