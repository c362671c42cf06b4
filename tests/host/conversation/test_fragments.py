"""Fragments of the person's own: where they are looked for, and what is said where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from innkeeper.conversation.fragments import Resolved, resolve_fragments
from innkeeper.conversation.wanted import Origin, Wanted, by_person
from innkeeper.errors import FragmentError, PermissionDenied
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.paths import Home
from innkeeper.remote.host import Host
from innkeeper.storage.fragments import set_fragment_alias
from innkeeper.storage.logs_database import open_logs
from innkeeper.storage.logs_fragments import fragment_hash
from innkeeper_sdk.api.fragments import Fragment

from .web import serving


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "work").mkdir()
    with Host(Home(str(tmp_path / "home")), cwd=str(tmp_path / "work")) as host:
        yield host


def work(host: Host) -> Path:
    assert host.cwd is not None
    return Path(host.cwd)


def nothing_piped() -> str:
    raise AssertionError("nobody wanted stdin")


def found(host: Host, *names: str) -> list[tuple[str, str]]:
    """Return text and source of the fragments with these names."""
    resolved = resolve_fragments(host, by_person(list(names)), stdin=nothing_piped)
    assert resolved.attachments == []
    return [(str(fragment), fragment.source) for fragment in resolved.fragments]


def test_a_file_is_a_fragment_with_its_whole_path_as_source(host: Host) -> None:
    (work(host) / "a.txt").write_text("hällo")

    assert found(host, "a.txt", "./a.txt") == [("hällo", str(work(host) / "a.txt"))] * 2


def test_a_file_whose_name_looks_like_a_loaders_is_a_file(host: Host) -> None:
    (work(host) / "gh:x").write_text("text")

    assert found(host, "gh:x") == [("text", str(work(host) / "gh:x"))]


def test_an_alias_goes_before_a_file_and_a_hash_is_one_too(host: Host) -> None:
    (work(host) / "docs").write_text("the file")
    with open_logs(host.home.logs_file) as db:
        set_fragment_alias(db, "docs", "the stored text", "where from")

    assert found(host, "docs", "./docs", fragment_hash("the stored text")) == [
        ("the stored text", "where from"),
        ("the file", str(work(host) / "docs")),
        ("the stored text", "where from"),
    ]


def test_stored_fragments_are_those_of_the_database_that_is_named(host: Host, tmp_path: Path) -> None:
    with open_logs(str(tmp_path / "other.db")) as db:
        set_fragment_alias(db, "docs", "of the other", None)

    resolved = resolve_fragments(host, by_person(["docs"]), stdin=nothing_piped, database=str(tmp_path / "other.db"))
    assert resolved == Resolved([Fragment("of the other")], [])


def test_nothing_is_stored_by_looking(host: Host) -> None:
    (work(host) / "a.txt").write_text("text")
    found(host, "a.txt")

    assert not Path(host.home.logs_file).exists()


def test_a_dash_is_what_was_piped(host: Host) -> None:
    [fragment] = resolve_fragments(host, by_person(["-"]), stdin=lambda: "piped").fragments

    assert (str(fragment), fragment.source) == ("piped", "-")


def test_an_address_is_fetched(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving({"/page": b"text"}) as address:
        assert found(host, f"{address}/page") == [("text", f"{address}/page")]

        with pytest.raises(FragmentError) as caught:
            found(host, f"{address}/none")
    assert str(caught.value) == f"Could not load fragment {address}/none\n  The server answered 404 Not Found."


def test_what_is_not_there_gets_the_nearest_alias(host: Host) -> None:
    with open_logs(host.home.logs_file) as db:
        set_fragment_alias(db, "documents", "text", None)

    with pytest.raises(FragmentError) as caught:
        found(host, "docments")

    assert str(caught.value) == (
        "Fragment 'docments' not found\n"
        "  There is no file of that name, and no stored fragment with that alias or hash.\n"
        "  Near to it: documents. All of them: llm fragments"
    )


@pytest.mark.parametrize("name", ["", "a\0b", "folder", "x" * 5000])
def test_what_is_no_file_is_an_error_and_no_traceback(host: Host, name: str) -> None:
    (work(host) / "folder").mkdir()

    with pytest.raises(FragmentError):
        found(host, name)


def test_a_file_that_is_no_text_is_better_attached(host: Host) -> None:
    (work(host) / "pic.png").write_bytes(b"\x89PNG\xff")

    with pytest.raises(FragmentError) as caught:
        found(host, "pic.png")
    assert "Fragment 'pic.png' is not text." in str(caught.value)
    assert "llm -a FILE" in str(caught.value)


def test_an_unknown_prefix_is_said_before_anything_is_read(host: Host) -> None:
    with pytest.raises(FragmentError, match="Unknown fragment prefix: nope"):
        found(host, "-", "nope:x")


PLUGIN = InstalledPlugin(name="llm-loader", version="1")
ORIGINS = {"of a plugin": Origin("p:t", PLUGIN), "of the web": Origin("https://example.com/t.yaml")}


@pytest.mark.parametrize("origin", ORIGINS.values(), ids=list(ORIGINS))
@pytest.mark.parametrize("name", ["secret.txt", "/etc/passwd", "docs", "-", "../home/keys.json", "missing"])
def test_a_foreign_template_names_nothing_of_the_persons(host: Host, origin: Origin, name: str) -> None:
    (work(host) / "secret.txt").write_text("secret")
    with open_logs(host.home.logs_file) as db:
        set_fragment_alias(db, "docs", "private", None)

    with pytest.raises(PermissionDenied):
        resolve_fragments(host, [Wanted(name, origin)], stdin=nothing_piped)


def test_a_plugins_template_has_no_address_fetched(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin may have no network; an address that the host asked for it would carry out what it read."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving({"/leak": b"text"}) as address, pytest.raises(PermissionDenied):
        resolve_fragments(host, [Wanted(f"{address}/leak", ORIGINS["of a plugin"])], stdin=nothing_piped)


def test_a_template_of_the_web_may_name_what_lies_there(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving({"/page": b"text"}) as address:
        resolved = resolve_fragments(host, [Wanted(f"{address}/page", ORIGINS["of the web"])], stdin=nothing_piped)
    assert resolved.fragments == [Fragment("text")]
