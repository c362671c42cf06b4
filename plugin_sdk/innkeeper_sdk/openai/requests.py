"""One request to the API as values: where it goes, what it carries, and what its answer means. No I/O here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .data import Data
from .errors import AnswerCut, AnswerMalformed, RequestRefused, ServerUnreachable
from .event_stream import DONE, EventStream

if TYPE_CHECKING:
    import httpx

OPENAI = "https://api.openai.com/v1"

RETRIES = 2
"""How often a request is made again that failed in a way that may pass."""

MAY_PASS = frozenset([408, 409, 429, 500, 502, 503, 504])
"""Statuses after which it is worth to ask again."""

FIRST_WAIT_S = 0.5
"""What is waited before the first time a request is made again, doubled for each further time."""

LONGEST_WAIT_S = 10.0
"""A server that wants longer than that is not waited for: the person is told, and can decide."""

NOT_OF_THE_BODY = ("extra_body", "extra_headers", "extra_query", "timeout")
"""What the ``openai`` package takes beside the fields of the body."""

SHORTEST_KEY = 8
"""Letters of a key that somebody may have issued. What people type where a server wants any key is in many words."""


@dataclass(frozen=True)
class Server:
    """Where requests go, and what goes with each of them."""

    api_key: str | None = None
    base_url: str = OPENAI
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The host, as people know it, without the user and the password that the address may hold."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2] or self.base_url

    def url(self, path: str) -> str:
        """Return the address of *path*, with the query that the base address may have."""
        address, mark, query = self.base_url.partition("?")
        return f"{address.rstrip('/')}/{path}{mark}{query}"

    def all_headers(self, extra: Mapping[str, str] | None) -> dict[str, str]:
        """Return the headers of a request; what the person set wins over what is usual."""
        usual = {"Accept": "application/json", "User-Agent": "innkeeper"}
        if self.api_key:
            usual["Authorization"] = f"Bearer {self.api_key}"
        set_by_name = {name.lower(): (name, value) for name, value in {**self.headers, **(extra or {})}.items()}
        kept = {name: value for name, value in usual.items() if name.lower() not in set_by_name}
        return kept | dict(set_by_name.values())

    def without_key(self, text: str) -> str:
        """Return *text* without the key: some servers repeat it when they refuse it."""
        return text.replace(self.api_key, "[key]") if self.api_key and len(self.api_key) >= SHORTEST_KEY else text


@dataclass(frozen=True)
class Request:
    """One request. *body* is None for a GET."""

    server: Server
    path: str
    body: Mapping[str, Any] | None = None

    def arguments(self) -> dict[str, Any]:
        """Return what ``httpx.Client.build_request`` takes."""
        options = {name: (self.body or {}).get(name) for name in NOT_OF_THE_BODY}
        arguments: dict[str, Any] = {
            "method": "GET" if self.body is None else "POST",
            "url": self.server.url(self.path),
            "headers": self.server.all_headers(options["extra_headers"]),
        }
        if self.body is not None:
            fields = {name: value for name, value in self.body.items() if name not in NOT_OF_THE_BODY}
            content = json.dumps({**fields, **(options["extra_body"] or {})}, ensure_ascii=False, default=_plain)
            arguments["content"] = content.encode("utf-8", "surrogatepass")
            arguments["headers"].setdefault("Content-Type", "application/json")
        if options["extra_query"]:
            arguments["params"] = options["extra_query"]
        if options["timeout"] is not None:
            arguments["timeout"] = options["timeout"]
        return arguments

    def refusal(self, response: httpx.Response) -> RequestRefused:
        """Return the error that an answer with an error status means. Its body has been read."""
        text = self.server.without_key(response.text)
        try:
            body: Any = json.loads(text)
        except ValueError:
            body = "" if "html" in response.headers.get("content-type", "") else text
        return RequestRefused(self.server.name, response.status_code, body, retry_after_s(response.headers))

    def unreachable(self, error: Exception) -> ServerUnreachable:
        """Return the error of a request that got no answer."""
        what = "did not answer in time" if "Timeout" in type(error).__name__ else "cannot be reached"
        said = self.server.without_key(str(error)) or type(error).__name__
        return ServerUnreachable(f"{self.server.name} {what}: {said}")

    def cut(self, error: object) -> AnswerCut:
        """Return the error of an answer that ended early."""
        return AnswerCut(f"the answer of {self.server.name} was cut short: {self.server.without_key(str(error))}")

    def parsed(self, content: str | bytes, content_type: str = "") -> Data:
        """Return an answer, or one event of it. Raises AnswerMalformed, RequestRefused for an error inside."""
        try:
            value = json.loads(content)
        except ValueError:
            value = None
        if not isinstance(value, dict):
            shown = content[:100] if isinstance(content, str) else content[:100].decode("utf-8", "replace")
            kind = f" ({content_type})" if content_type else ""
            raise AnswerMalformed(
                f"{self.server.name} answered with what is no JSON object{kind}: {self.server.without_key(shown)!r}"
            )
        self._look_for_an_error(value)
        return Data(value)

    def _look_for_an_error(self, answer: Mapping[str, Any]) -> None:
        """Raise RequestRefused for an error in place of an answer: some servers send it with a status of success. An
        answer of the responses API tells of its own.
        """
        kind, error = answer.get("type"), answer.get("error")
        if kind == "error" or (error and kind is None and answer.get("object") != "response"):
            said = answer if error else answer.get("message") or answer
            raise RequestRefused(self.server.name, 200, json.loads(self.server.without_key(json.dumps(said))))


def _plain(value: Any) -> Any:
    """Make JSON of what is not: models of pydantic, enums, iterators."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "value"):
        return value.value
    return list(value)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return in how many seconds to ask again, where *headers* say so in seconds."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            return max(0.0, float(headers[name]) * unit_s)
        except (KeyError, ValueError):
            continue
    return None


class Attempts:
    """Counts how often a request failed, and says how long to wait before it is made again, or that it is not."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._failures = 0

    def refused(self, response: httpx.Response) -> float:
        """Return the seconds to wait after an error status. Raises RequestRefused when it is no use."""
        error = self._request.refusal(response)
        if response.status_code not in MAY_PASS or (error.retry_after_s or 0) > LONGEST_WAIT_S:
            raise error
        return self._wait_s(error, error.retry_after_s)

    def unreachable(self, error: Exception, *, may_pass: bool) -> float:
        """Return the seconds to wait after there was no answer. Raises ServerUnreachable when it is no use."""
        failure = self._request.unreachable(error)
        if not may_pass:
            raise failure from error
        return self._wait_s(failure, None)

    def _wait_s(self, error: Exception, asked_for_s: float | None) -> float:
        self._failures += 1
        if self._failures > RETRIES:
            raise error
        return FIRST_WAIT_S * 2.0 ** (self._failures - 1) if asked_for_s is None else asked_for_s


class Answers:
    """Makes the events of one streamed answer of its bytes, and notices where that ends too early."""

    def __init__(self, request: Request, headers: Mapping[str, str]) -> None:
        self._request = request
        self._events = EventStream()
        self._content_type = headers.get("content-type", "")
        self._has_begun = False
        self._ends_by_closing = not {"transfer-encoding", "content-length"} & {name.lower() for name in headers}
        self.is_done = False

    def feed(self, content: bytes) -> list[Data]:
        """Take the next bytes; return the events that are whole now."""
        try:
            return self._parsed(self._events.feed(content))
        except ValueError as error:
            raise AnswerMalformed(f"{self._request.server.name}: {error}") from error

    def finish(self) -> list[Data]:
        """Return what is left at the end. Raises AnswerCut for an end that may be anywhere, AnswerMalformed for an
        answer that held no event at all.
        """
        events = self._parsed(self._events.finish())
        if not self._has_begun:
            raise AnswerMalformed(f"{self._request.server.name} answered with no events ({self._content_type})")
        if not self.is_done and self._ends_by_closing:
            raise self._request.cut("the server closed the connection")
        return events

    def _parsed(self, texts: list[str]) -> list[Data]:
        events = []
        for text in texts:
            if self.is_done:
                break
            self._has_begun = True
            if text.strip() == DONE:
                self.is_done = True
                break
            event = self._request.parsed(text)
            self._note_the_end(event)
            events.append(event)
        return events

    def _note_the_end(self, event: Data) -> None:
        """Note the last event of an answer."""
        fields = event.model_dump()
        choices = fields.get("choices") or []
        if str(fields.get("type")).startswith("response.completed") or any(
            isinstance(choice, dict) and choice.get("finish_reason") for choice in choices
        ):
            self._ends_by_closing = False
