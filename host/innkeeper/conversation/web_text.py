"""Texts at addresses that the person typed: a fragment, a template. Nothing that a plugin says is fetched here."""

from __future__ import annotations

from innkeeper.version import VERSION

SILENCE_S = 30.0
"""How long a server may say nothing, at the beginning or between two pieces."""

MOST_BYTES = 64 * 1024 * 1024
"""Far more than any model reads, and little enough to hold."""

MOST_REDIRECTS = 3


class NotFetched(Exception):
    """There is no text at an address; ``str()`` is a sentence that says why."""


def is_address(text: str) -> bool:
    """Say whether *text* is the address of something in the web."""
    return text.startswith(("http://", "https://"))


def fetch_text(address: str) -> str:
    """Return the text at *address*, decoded as the server says, or as UTF-8. Raises NotFetched."""
    import httpx

    content = bytearray()
    try:
        with (
            httpx.Client(
                follow_redirects=True,
                max_redirects=MOST_REDIRECTS,
                timeout=SILENCE_S,
                headers={"User-Agent": f"innkeeper/{VERSION}"},
            ) as client,
            client.stream("GET", address) as answer,
        ):
            if not answer.is_success:
                raise NotFetched(f"The server answered {answer.status_code} {answer.reason_phrase}.")
            for piece in answer.iter_bytes():
                content += piece
                if len(content) > MOST_BYTES:
                    raise NotFetched(f"It is larger than {MOST_BYTES // 1024**2} MiB.")
            return content.decode(answer.charset_encoding or "utf-8", "replace")
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError) as error:
        raise NotFetched(f"{error or type(error).__name__}".rstrip(".") + ".") from error
    except LookupError as error:
        raise NotFetched(f"It is in an encoding that is not known: {error}.") from error


def without_password(address: str) -> str:
    """Return *address* as it may be shown: what stands before the host's name may be a password."""
    scheme, slashes, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}"
