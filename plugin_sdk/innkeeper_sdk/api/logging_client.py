"""An HTTP client that shows on stderr what it sends and gets: what ``LLM_OPENAI_SHOW_RESPONSES`` turns on.

This module imports httpx, so it is itself imported only when it is needed.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from typing import cast

import httpx

SECRET_HEADERS = frozenset(
    ["authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-goog-api-key", "proxy-authorization"]
)
"""Headers whose values are not shown."""


def logging_client() -> httpx.Client:
    """Return a client that shows its requests and answers, the body of an answer as it comes."""
    return httpx.Client(transport=_ShowingTransport(), event_hooks={"request": [_ask_for_plain_text]})


def async_logging_client() -> httpx.AsyncClient:
    """Return the same for async code."""

    async def ask_for_plain_text(request: httpx.Request) -> None:
        _ask_for_plain_text(request)

    return httpx.AsyncClient(transport=_AsyncShowingTransport(), event_hooks={"request": [ask_for_plain_text]})


class _ShowingTransport(httpx.HTTPTransport):
    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _show_request(request, request.read())
        response = super().handle_request(request)
        _show_response(response)
        response.stream = _ShowingStream(cast(httpx.SyncByteStream, response.stream))
        return response


class _AsyncShowingTransport(httpx.AsyncHTTPTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _show_request(request, await request.aread())
        response = await super().handle_async_request(request)
        _show_response(response)
        response.stream = _AsyncShowingStream(cast(httpx.AsyncByteStream, response.stream))
        return response


class _ShowingStream(httpx.SyncByteStream):
    def __init__(self, stream: httpx.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            _show(chunk.decode("utf-8", "replace"))
            yield chunk

    def close(self) -> None:
        self._stream.close()


class _AsyncShowingStream(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            _show(chunk.decode("utf-8", "replace"))
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


def _ask_for_plain_text(request: httpx.Request) -> None:
    """Ask for no compression: what is shown is what comes."""
    request.headers.pop("accept-encoding", None)


def _show_request(request: httpx.Request, body: bytes) -> None:
    _show(f"Request: {request.method} {request.url}")
    _show_headers(request.headers)
    _show("  Body:")
    try:
        text = json.dumps(json.loads(body), indent=2)
    except ValueError:
        text = body.decode("utf-8", "replace")
    _show(textwrap.indent(text, "    "))


def _show_response(response: httpx.Response) -> None:
    _show(f"Response: status_code={response.status_code}")
    _show_headers(response.headers)
    _show("  Body:")


def _show_headers(headers: httpx.Headers) -> None:
    _show("  Headers:")
    for name, value in headers.items():
        _show(f"    {name}: {'[...]' if name.lower() in SECRET_HEADERS else value}")


def _show(text: str) -> None:
    print(text, file=sys.stderr)
