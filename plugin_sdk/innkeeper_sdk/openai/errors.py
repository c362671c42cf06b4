"""What can go wrong between a model and a server that speaks OpenAI's API; the person sees the text.

ModelError
├── RequestRefused       the server answered with an error: status, its own words, when to try again
├── ServerUnreachable    no connection, or no answer in time
├── AnswerCut            the connection ended in the middle of an answer
└── AnswerMalformed      what came is not JSON, or not of the API
    └── AnswerIncomplete it lacks a field; an AttributeError as well
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from innkeeper_sdk.api.errors import ModelError

SHOWN_LETTERS = 500
"""How much of a server's own words is shown."""

WHY = {
    400: "it does not take the request",
    401: "it does not take the key",
    403: "the key may not do that",
    404: "it has no such model, or no such address",
    408: "it waited too long for the request",
    413: "the request is too large",
    422: "it does not take the request",
    429: "too many requests, or nothing left to spend",
    503: "it is overloaded",
}
"""What a status usually means."""


class RequestRefused(ModelError):
    """The server answered with an error.

    Attributes:
        status_code: the HTTP status.
        body: the answer, as JSON values where it was JSON, else as text.
        retry_after_s: in how many seconds the server wants to be asked again, where it said so.
    """

    def __init__(self, server: str, status_code: int, body: Any, retry_after_s: float | None = None) -> None:
        self.status_code = status_code
        self.body = body
        self.retry_after_s = retry_after_s
        why = WHY.get(status_code, "it failed" if status_code >= 500 else "it refused")
        again = "" if retry_after_s is None else f"; it can be asked again in {retry_after_s:g} s"
        words = words_of(body)
        super().__init__(f"{server} answered {status_code}, {why}{again}{f': {words}' if words else ''}")


class ServerUnreachable(ModelError):
    """There was no connection, or no answer in time."""


class AnswerCut(ModelError):
    """The connection ended in the middle of an answer."""


class AnswerMalformed(ModelError):
    """What came is no answer of the API."""


class AnswerIncomplete(AnswerMalformed, AttributeError):
    """An answer lacks a field that was asked for; for ``hasattr`` and ``getattr`` it is as any attribute."""


def words_of(body: Any) -> str:
    """Return what the server says went wrong: from where OpenAI puts it, or where others do, in one line."""
    said = body
    for name in ("error", "message", "detail"):
        if isinstance(said, Mapping) and said.get(name):
            said = said[name]
    text = " ".join(str(said or "").split())
    return text if len(text) <= SHOWN_LETTERS else f"{text[:SHOWN_LETTERS]}..."
