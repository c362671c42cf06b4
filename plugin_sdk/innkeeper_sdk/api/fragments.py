"""Fragments: pieces of text that know where they came from."""

from __future__ import annotations


class Fragment(str):
    """A text, and in *source* the place it was loaded from. It can be used wherever a str can."""

    source: str

    def __new__(cls, content: str, source: str = "") -> Fragment:
        fragment = super().__new__(cls, content)
        fragment.source = source
        return fragment

    def id(self) -> str:
        """Return the SHA-256 of the text: equal texts are one fragment, whatever their source."""
        import hashlib

        return hashlib.sha256(self.encode("utf-8")).hexdigest()

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # what __new__ takes: more than a str's
        return str(self), self.source
