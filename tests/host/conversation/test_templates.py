"""Templates in files and at addresses: where they are looked for, and what is said of broken ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from innkeeper.conversation.templates import find_stored_template, find_template, parse_template
from innkeeper.conversation.wanted import Origin
from innkeeper.errors import TemplateError
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper.storage.templates import write_template
from innkeeper_sdk.api.templates import AttachmentType, Template

from .web import serving


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "work").mkdir()
    with Host(Home(str(tmp_path / "home")), cwd=str(tmp_path / "work")) as host:
        yield host


def work(host: Host) -> Path:
    assert host.cwd is not None
    return Path(host.cwd)


def test_every_field_is_read() -> None:
    text = """
        prompt: Say $input
        system: Be terse
        model: echo
        defaults: {tone: kind}
        options: {temperature: 0.5}
        extract: true
        extract_last: false
        schema_object: {type: object}
        fragments: [a.txt]
        system_fragments: [b.txt]
        attachments: [pic.png]
        attachment_types: [{type: image/png, value: other}]
        tools: [llm_time]
        functions: "def f(): pass"
    """

    assert parse_template("all", text) == Template(
        name="all",
        prompt="Say $input",
        system="Be terse",
        model="echo",
        defaults={"tone": "kind"},
        options={"temperature": 0.5},
        extract=True,
        extract_last=False,
        schema_object={"type": "object"},
        fragments=["a.txt"],
        system_fragments=["b.txt"],
        attachments=["pic.png"],
        attachment_types=[AttachmentType(type="image/png", value="other")],
        tools=["llm_time"],
        functions="def f(): pass",
    )


def test_a_bare_text_is_the_prompt() -> None:
    assert parse_template("bare", "Summarise $input") == Template(name="bare", prompt="Summarise $input")


def test_the_name_is_that_of_the_file() -> None:
    assert parse_template("file", "name: other\nprompt: hi").name == "file"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("prompt: [unclosed", "Template 'x' is not YAML."),
        ("a: 2024-99-99", "Template 'x' is not YAML."),
        ("!!python/object/apply:os.system [echo]", "Template 'x' is not YAML."),
        ("[" * 5000, "Template 'x' is not YAML."),
        ("", "Template 'x' holds neither a text nor fields."),
        ("- a\n- b", "Template 'x' holds neither a text nor fields."),
        ("7", "Template 'x' holds neither a text nor fields."),
        ("1: a", "Template 'x' holds neither a text nor fields."),
        ("promt: hi", "promt: Extra inputs are not permitted"),
        ("prompt: [a]\noptions: 3", "prompt: Input should be a str\n  options: Input should be a dict"),
        ("attachment_types: [a]", "attachment_types: each has a type and a value"),
        ("attachment_types: [{type: a/b}]", "attachment_types: each has a type and a value"),
    ],
)
def test_a_broken_template_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(TemplateError) as caught:
        parse_template("x", text)
    assert says in str(caught.value)


def test_a_stored_template_is_found_by_its_name(host: Host) -> None:
    write_template(host.home, "hi", "prompt: stored")

    assert find_template(host, "hi").template.prompt == "stored"
    assert find_stored_template(host, "hi").template.prompt == "stored"


@pytest.mark.parametrize("name", ["hi", "./hi", "odd:name"])
def test_a_file_that_is_there_goes_before_all_others(host: Host, name: str) -> None:
    write_template(host.home, "hi", "prompt: stored")
    (work(host) / name).write_text("prompt: from a file")

    found = find_template(host, name)

    assert (found.template.prompt, found.origin) == ("from a file", None)


def test_an_address_is_fetched(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving({"/t.yaml": b"prompt: from afar"}) as address:
        found = find_template(host, f"{address}/t.yaml")
        assert (found.template.prompt, found.origin) == ("from afar", Origin(f"{address}/t.yaml"))

        with pytest.raises(TemplateError) as caught:
            find_template(host, f"{address}/none.yaml")
    assert str(caught.value) == f"Could not load template {address}/none.yaml\n  The server answered 404 Not Found."


def test_functions_are_run_only_from_a_file_of_the_persons(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    code = "def f():\n    pass\n"
    text = f"prompt: hi\nfunctions: {code!r}".replace("'", '"')
    write_template(host.home, "own", text)
    own = find_template(host, "own")
    with serving({"/t.yaml": text.encode()}) as address:
        foreign = find_template(host, f"{address}/t.yaml")

    assert (own.functions, own.remark) == (code, "")
    assert foreign.functions is None
    assert foreign.remark == (
        f"Template {address}/t.yaml brings functions of its own, which are not run: "
        "only those of a template in a file of yours are."
    )


def test_an_unknown_name_gets_the_nearest_ones(host: Host) -> None:
    write_template(host.home, "summarise", "hi")

    with pytest.raises(TemplateError) as caught:
        find_template(host, "sumarise")

    assert str(caught.value) == (
        "Invalid template: sumarise\n  There is no file of that name, and no stored template.\n"
        "  Near to it: summarise. All of them: llm templates"
    )


@pytest.mark.parametrize("name", ["../keys", "./missing.yaml", "", "a\nb"])
def test_what_can_be_no_stored_template_is_not_found(host: Host, name: str) -> None:
    (work(host).parent / "home").mkdir()
    (work(host).parent / "home/keys.yaml").write_text("prompt: secret")

    with pytest.raises(TemplateError):
        find_template(host, name)


def test_a_folder_is_no_template(host: Host) -> None:
    (work(host) / "folder").mkdir()

    with pytest.raises(TemplateError, match="Template 'folder' cannot be read"):
        find_template(host, "folder")
