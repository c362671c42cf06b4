"""The API's calls, in the shape of the ``openai`` package: ``client.chat.completions.create(model=..., ...)``.

Plugins call their model's ``get_client`` and use what it returns; and one that returns a client of that package's
instead is served as well. httpx is imported when a client is made.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .data import Data
from .requests import OPENAI, Answers, Attempts, Request, Server

if TYPE_CHECKING:
    import ssl

    import httpx

SILENCE_S = 600.0
"""How long a server may say nothing: a model that thinks for minutes is no exception."""

CONNECTING_S = 15.0
"""How long making a connection may take."""

ADDRESS_VARIABLE = "OPENAI_BASE_URL"
"""The environment variable that names the server of who names none."""

ACCOUNT_HEADERS = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}
"""Environment variables that say whose account a request is for, and the headers that tell the server."""

PATHS = {
    "chat.completions": "chat/completions",
    "completions": "completions",
    "responses": "responses",
    "embeddings": "embeddings",
}
"""What has a ``create``, and where that goes."""


class _Place:
    """A part of the API: ``client.chat``, ``client.chat.completions``."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def __getattr__(self, name: str) -> _Place:
        if name.startswith("_"):
            raise AttributeError(name)
        return _Place(self._client, f"{self._name}.{name}")

    def create(self, **body: Any) -> Any:
        """Ask for something; with ``stream=True``, for an iterator over the events of the answer."""
        path = PATHS.get(self._name)
        if path is None:
            raise AttributeError(f"client.{self._name}.create is not offered here: add openai to your dependencies")
        fields = {name: value for name, value in body.items() if value is not None}
        return self._client.post(path, fields, stream=bool(fields.get("stream")))

    def list(self) -> Any:
        """List the models of the server."""
        if self._name != "models":
            raise AttributeError(f"client.{self._name}.list is not offered here: add openai to your dependencies")
        return self._client.get("models")


class _ClientBase:
    """*wait* waits for seconds; *shows* has requests and answers shown on stderr; other settings are ignored."""

    def __init__(
        self,
        *,
        api_key: str | None = None,
        base_url: str | None = None,
        default_headers: Mapping[str, str] | None = None,
        shows: bool = False,
        wait: Callable[[float], Any],
        **others: Any,
    ) -> None:
        import_httpx()
        address = base_url or os.environ.get(ADDRESS_VARIABLE) or OPENAI
        account = {name: os.environ[variable] for variable, name in ACCOUNT_HEADERS.items() if os.environ.get(variable)}
        self.server = Server(api_key, address, {**account, **(default_headers or {})})
        self._shows = shows
        self._wait = wait
        for name in ("chat", "completions", "responses", "embeddings", "models"):
            setattr(self, name, _Place(self, name))

    def _http_settings(self) -> dict[str, Any]:
        """Return what an httpx client is made with. Making a TLS context takes longer than all the rest."""
        is_tls = self.server.base_url.lower().startswith("https:")
        return {"timeout": timeout(), "verify": tls() if is_tls else False}


def import_httpx() -> None:
    """Import httpx without its own command line, which brings click, and rich where that is: a third of its time."""
    if "httpx" not in sys.modules:
        sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # such a module cannot be imported
        import httpx  # noqa: F401  # to have it


def timeout() -> httpx.Timeout:
    """Return how long is waited for a server."""
    import httpx

    return httpx.Timeout(SILENCE_S, connect=CONNECTING_S)


@functools.cache
def tls() -> ssl.SSLContext:
    """Return the TLS context of this process, with the person's certificates."""
    import httpx

    return httpx.create_ssl_context()


class Client(_ClientBase):
    """The API, sync."""

    def __init__(self, *, wait: Callable[[float], None] = time.sleep, **settings: Any) -> None:
        super().__init__(wait=wait, **settings)

    def get(self, path: str) -> Data:
        """Ask for what lies at *path*."""
        return self._answer(Request(self.server, path))

    def post(self, path: str, body: Mapping[str, Any], *, stream: bool) -> Data | Iterator[Data]:
        """Send *body* to *path*; with *stream*, return an iterator over the events of the answer."""
        request = Request(self.server, path, body)
        return self._events(request) if stream else self._answer(request)

    def _answer(self, request: Request) -> Data:
        with self._http() as http:
            response = self._sent(http, request, stream=False)
            return request.parsed(response.content, response.headers.get("content-type", ""))

    def _events(self, request: Request) -> Iterator[Data]:
        import httpx

        with self._http() as http, contextlib.closing(self._sent(http, request, stream=True)) as response:
            try:
                if is_whole_answer(response):
                    yield request.parsed(response.read(), response.headers["content-type"])
                    return
                answers = Answers(request, response.headers)
                for content in response.iter_bytes():
                    yield from answers.feed(content)
                    if answers.is_done:
                        return
                yield from answers.finish()
            except httpx.TransportError as error:
                raise request.cut(error) from error

    def _http(self) -> httpx.Client:
        import httpx

        if self._shows:
            from innkeeper_sdk.api.logging_client import logging_client

            http = logging_client()
            http.timeout = timeout()
            return http
        return httpx.Client(**self._http_settings())

    def _sent(self, http: httpx.Client, request: Request, *, stream: bool) -> httpx.Response:
        import httpx

        attempts = Attempts(request)
        while True:
            try:
                response = http.send(http.build_request(**request.arguments()), stream=stream)
                if response.is_success:
                    return response
                response.read()
                response.close()
            except (httpx.TransportError, httpx.InvalidURL) as error:
                wait_s = attempts.unreachable(error, may_pass=may_pass(error))
            else:
                wait_s = attempts.refused(response)
            self._wait(wait_s)


class AsyncClient(_ClientBase):
    """The API, async. Making a request is awaited: ``await client.chat.completions.create(...)``."""

    def __init__(self, *, wait: Callable[[float], Awaitable[None]] | None = None, **settings: Any) -> None:
        super().__init__(wait=wait or _async_sleep, **settings)

    async def get(self, path: str) -> Data:
        """Ask for what lies at *path*."""
        return await self._answer(Request(self.server, path))

    async def post(self, path: str, body: Mapping[str, Any], *, stream: bool) -> Data | AsyncIterator[Data]:
        """Send *body* to *path*; with *stream*, return an async iterator over the events of the answer."""
        request = Request(self.server, path, body)
        return self._events(request) if stream else await self._answer(request)

    async def _answer(self, request: Request) -> Data:
        async with self._http() as http:
            response = await self._sent(http, request, stream=False)
            return request.parsed(response.content, response.headers.get("content-type", ""))

    async def _events(self, request: Request) -> AsyncIterator[Data]:
        import httpx

        async with self._http() as http:
            response = await self._sent(http, request, stream=True)
            try:
                if is_whole_answer(response):
                    yield request.parsed(await response.aread(), response.headers["content-type"])
                    return
                answers = Answers(request, response.headers)
                async for content in response.aiter_bytes():
                    for event in answers.feed(content):
                        yield event
                    if answers.is_done:
                        return
                for event in answers.finish():
                    yield event
            except httpx.TransportError as error:
                raise request.cut(error) from error
            finally:
                await response.aclose()

    def _http(self) -> httpx.AsyncClient:
        import httpx

        if self._shows:
            from innkeeper_sdk.api.logging_client import async_logging_client

            http = async_logging_client()
            http.timeout = timeout()
            return http
        return httpx.AsyncClient(**self._http_settings())

    async def _sent(self, http: httpx.AsyncClient, request: Request, *, stream: bool) -> httpx.Response:
        import httpx

        attempts = Attempts(request)
        while True:
            try:
                response = await http.send(http.build_request(**request.arguments()), stream=stream)
                if response.is_success:
                    return response
                await response.aread()
                await response.aclose()
            except (httpx.TransportError, httpx.InvalidURL) as error:
                wait_s = attempts.unreachable(error, may_pass=may_pass(error))
            else:
                wait_s = attempts.refused(response)
            await self._wait(wait_s)


async def _async_sleep(seconds: float) -> None:
    import asyncio

    await asyncio.sleep(seconds)


def may_pass(error: Exception) -> bool:
    """Tell whether it is worth to ask again: not after a long silence, nor where the address is none, or another's."""
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False
    return type(error).__name__ in {"ConnectError", "ConnectTimeout", "RemoteProtocolError", "ReadError", "WriteError"}


def is_whole_answer(response: httpx.Response) -> bool:
    """Tell whether a server that was asked for events sends one piece: a few know no other way, or it is some page."""
    kind = response.headers.get("content-type", "")
    return "json" in kind or "html" in kind
