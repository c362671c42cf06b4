"""Attachments: images, audio, documents that go with a prompt, given as bytes, as a path or as an address."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from .values import Value, value

FETCH_TIMEOUT_S = 30.0
"""How long a server may stay silent while an attachment is fetched from its address."""


@value
class Attachment(Value):
    """One file. *type* is its MIME type; without one, ``resolve_type`` finds it out."""

    type: str | None = None
    path: str | None = None
    url: str | None = None
    content: bytes | None = None
    _id: str | None = None

    def id(self) -> str:
        """Return the SHA-256 of the content, or for an address, of the JSON object that holds it."""
        if self._id is None:
            import hashlib
            import json

            if self.content:
                hashed = self.content
            elif self.path:
                hashed = _read(self.path)
            else:
                hashed = json.dumps({"url": self.url}).encode("utf-8")
            self._id = hashlib.sha256(hashed).hexdigest()
        return self._id

    def resolve_type(self) -> str | None:
        """Return the MIME type: as given, or else by looking at the file, the server's headers or the bytes.

        Raises ValueError for an attachment that holds nothing, OSError where the file or the server fails.
        """
        from .media_types import type_of_bytes, type_of_file

        if self.type:
            return self.type
        if self.path:
            return type_of_file(self.path)
        if self.url:
            with _opened(self.url, "HEAD") as answer:
                named: str | None = answer.headers.get("content-type")
                return named
        if self.content:
            return type_of_bytes(self.content)
        raise ValueError("Attachment has neither a type nor content to tell it by")

    def content_bytes(self, *, most: int | None = None) -> bytes | None:
        """Return the content, read from the file or fetched from the address where needed.

        Raises OSError where the file or the server fails, ValueError for more than *most* bytes at an address.
        """
        if self.content:
            return self.content
        if self.path:
            return _read(self.path)
        if self.url:
            with _opened(self.url, "GET") as answer:
                fetched: bytes = answer.read() if most is None else answer.read(most + 1)
                if most is not None and len(fetched) > most:
                    raise ValueError(f"there are more than {most} bytes at {self.url}")
                return fetched
        return self.content

    def base64_content(self) -> str:
        """Return the content in base64."""
        import base64

        return base64.b64encode(self.content_bytes() or b"").decode("ascii")

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Attachment:
        """Build one from a row of the attachments table."""
        return cls(_id=row["id"], type=row["type"], path=row["path"], url=row["url"], content=row["content"])

    def __repr__(self) -> str:
        facts = [f"<Attachment: {self.id()}"]
        facts += [f'{name}="{value}"' for name in ("type", "path", "url") if (value := getattr(self, name))]
        if self.content:
            facts.append(f"content={len(self.content)} bytes")
        return " ".join(facts) + ">"


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


@contextlib.contextmanager
def _opened(url: str, method: str) -> Iterator[Any]:
    """Open an http(s) address. Other schemes are refused: a URL must not become a way to read files."""
    import urllib.request

    if not url.lower().startswith(("http://", "https://")):
        raise ValueError(f"an attachment's address must begin with http:// or https://, not {url!r}")
    request = urllib.request.Request(url, method=method, headers={"User-Agent": "innkeeper"})
    with urllib.request.urlopen(request, timeout=FETCH_TIMEOUT_S) as answer:
        yield answer
