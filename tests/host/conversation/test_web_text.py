"""Texts that are fetched for the person."""

from __future__ import annotations

import pytest
from innkeeper.conversation import web_text
from innkeeper.conversation.web_text import NotFetched, fetch_text, without_password

from .web import serving


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_text_is_fetched_through_redirects() -> None:
    with serving({"/a": "/b", "/b": "hällo".encode()}) as address:
        assert fetch_text(f"{address}/a") == "hällo"


def test_the_server_says_how_a_text_is_encoded() -> None:
    with serving({"/": "hällo".encode("latin-1")}, content_type="text/plain; charset=latin-1") as address:
        assert fetch_text(f"{address}/") == "hällo"


@pytest.mark.parametrize(
    ("path", "says"),
    [("/missing", "The server answered 404 Not Found."), ("/broken", "The server answered 500 Internal Server Error.")],
)
def test_a_status_that_is_no_success_is_said(path: str, says: str) -> None:
    with serving({"/broken": 500}) as address, pytest.raises(NotFetched) as caught:
        fetch_text(address + path)
    assert str(caught.value) == says


def test_redirects_come_to_an_end() -> None:
    with serving({"/a": "/a"}) as address, pytest.raises(NotFetched, match="redirect"):
        fetch_text(f"{address}/a")


def test_what_is_too_large_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_text, "MOST_BYTES", 1024 * 1024)
    with serving({"/": b"x" * (1024 * 1024 + 1)}) as address, pytest.raises(NotFetched, match="larger than 1 MiB"):
        fetch_text(f"{address}/")


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "http://[::1/", "https://"])
def test_an_address_where_nobody_answers_is_said(address: str) -> None:
    with pytest.raises(NotFetched):
        fetch_text(address)


def test_an_unknown_encoding_is_said() -> None:
    with (
        serving({"/": b"x"}, content_type="text/plain; charset=klingon") as address,
        pytest.raises(NotFetched, match="encoding"),
    ):
        fetch_text(f"{address}/")


def test_a_password_in_an_address_is_not_shown() -> None:
    assert without_password("https://me:secret@example.com/a@b") == "https://example.com/a@b"
    assert without_password("https://example.com/a@b") == "https://example.com/a@b"
