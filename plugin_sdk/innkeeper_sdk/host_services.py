"""What a plugin's code asks of its host, asked over the connection: ``api.host.HostServices`` for a running plugin.

What the host refuses or fails at is raised as the error that the real ``llm`` would raise in that place, so that a
plugin's own ``except`` clauses catch it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from innkeeper_protocol import methods
from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.base import Nothing

from .api.errors import HostRefused, OptionsInvalid
from .api_in_use import api
from .served_calls import ServedCalls

if TYPE_CHECKING:
    from pathlib import Path

    from innkeeper_protocol.payloads.host_services import (
        CollectionEntriesResult,
        CollectionParams,
        CollectionResult,
        CollectionSimilarParams,
        CollectionStoreParams,
        ListModelsResult,
        LogResponseParams,
    )
    from innkeeper_protocol.payloads.models import PromptResult
    from innkeeper_protocol.peer import Peer, Stream

    from .adapters.content import Outgoing
    from .api.parts import StreamEvent
    from .api.templates import Template
    from .api.tools import ToolOutput

P = TypeVar("P")
R = TypeVar("R")


class PeerHost:
    """The host at the other end of *peer*. *calls* are those being served: what is asked here belongs to them."""

    def __init__(self, peer: Peer, calls: ServedCalls) -> None:
        self._peer = peer
        self._calls = calls

    def user_dir(self) -> Path:
        """Return the directory that is the plugin's to write in."""
        from .api.host import NoHost

        return NoHost().user_dir()

    def get_key(self, name: str | None, env_var: str | None) -> str | None:
        """Return the key stored under *name*, or else what *env_var* holds, at the host or here."""
        from innkeeper_protocol.payloads.host_services import GetKeyParams

        found = self._call(methods.GET_KEY, GetKeyParams(name=name, env_var=env_var)).key
        return found or (os.environ.get(env_var) if env_var else None) or None

    def list_models(self) -> ListModelsResult:
        """Return all models this plugin may call."""
        return self._call(methods.LIST_MODELS, Nothing())

    def prompt_model(self, model_id: str, response: Any, *, use_async: bool, key: str | None) -> PromptedModel:
        """Put *response.prompt* to a model of another plugin."""
        from innkeeper_protocol.payloads.models import PromptParams

        from .adapters.remote_prompts import conversation_out, prompt_out

        outgoing = self._outgoing()
        params = PromptParams(
            model_id=model_id,
            prompt=prompt_out(response.prompt, outgoing),
            conversation=conversation_out(response.conversation, outgoing),
            stream=response.stream,
            use_async=use_async,
            key=key,
            depth=self._calls.depth_of_nested_call(),
            cwd=_working_directory(),
        )
        return PromptedModel(
            _raising(lambda: self._peer.open_stream(methods.MODELS_PROMPT, params)), response, self._calls
        )

    def embed(self, model_id: str, items: Sequence[str | bytes], *, key: str | None) -> list[list[float]]:
        """Embed *items* with an embedding model of another plugin."""
        from innkeeper_protocol.payloads.embeddings import EmbedParams

        from .adapters.embeddings import rows_of

        depth = self._calls.depth_of_nested_call()
        params = EmbedParams(model_id=model_id, items=tuple(items), key=key, depth=depth)
        return rows_of(self._call(methods.EMBED, params))

    def load_template(self, prefix: str, path: str) -> Template:
        """Load a template by another plugin's loader."""
        from innkeeper_protocol.payloads.templates import LoadTemplateParams

        from .adapters.templates import template_in

        depth = self._calls.depth_of_nested_call()
        params = LoadTemplateParams(prefix=prefix, path=path, cwd=_working_directory(), depth=depth)
        template: Template = template_in(self._call(methods.LOAD_TEMPLATE, params))
        return template

    def load_fragments(self, prefix: str, argument: str) -> list[Any]:
        """Load fragments and attachments by another plugin's loader."""
        from innkeeper_protocol.payloads.fragments import LoadFragmentsParams

        from .adapters.fragments import item_in

        depth = self._calls.depth_of_nested_call()
        params = LoadFragmentsParams(prefix=prefix, argument=argument, cwd=_working_directory(), depth=depth)
        return [item_in(item, self.take_blob) for item in self._call(methods.LOAD_FRAGMENTS, params).items]

    def run_tool(self, specification: str, name: str, arguments: dict[str, Any]) -> ToolOutput:
        """Run a tool of another plugin. Raises what the tool raised, by name and text."""
        from innkeeper_protocol.payloads.host_services import RunToolParams

        from .adapters.tools import output_in

        depth = self._calls.depth_of_nested_call()
        params = RunToolParams(specification=specification, name=name, arguments=arguments, depth=depth)
        return output_in(self._call(methods.RUN_TOOL, params), self.take_blob)

    def set_alias(self, alias: str, model_id: str) -> None:
        """Let *alias* name *model_id*."""
        from innkeeper_protocol.payloads.host_services import SetAliasParams

        self._call(methods.SET_ALIAS, SetAliasParams(alias=alias, model_id=model_id))

    def set_default_model(self, model_id: str | None, *, embedding: bool) -> None:
        """Make *model_id* the default."""
        from innkeeper_protocol.payloads.host_services import SetDefaultModelParams

        self._call(methods.SET_DEFAULT_MODEL, SetDefaultModelParams(model_id=model_id, embedding=embedding))

    def log_response(self, record: LogResponseParams) -> None:
        """Write an exchange to the person's log."""
        self._call(methods.LOG_RESPONSE, record)

    def open_collection(self, params: CollectionParams) -> CollectionResult:
        """Find a collection of embeddings, or make it."""
        return self._call(methods.OPEN_COLLECTION, params)

    def store_in_collection(self, params: CollectionStoreParams) -> None:
        """Store a batch of entries."""
        self._call(methods.STORE_IN_COLLECTION, params)

    def similar_in_collection(self, params: CollectionSimilarParams) -> CollectionEntriesResult:
        """Find the nearest entries."""
        return self._call(methods.SIMILAR_IN_COLLECTION, params)

    def delete_collection(self, params: CollectionParams) -> None:
        """Delete a collection and what is in it."""
        self._call(methods.DELETE_COLLECTION, params)

    def take_blob(self, number: int) -> bytes:
        """Hand out what the host sent ahead of a message."""
        return bytes(self._peer.take_blob(number))

    def _outgoing(self) -> Outgoing:
        from .adapters.content import Outgoing

        return Outgoing(self._peer.send_blob)

    def _call(self, method: methods.Method[P, R], params: P) -> R:
        return _raising(lambda: self._peer.call(method, params))


class PromptedModel:
    """The answer of another plugin's model, as it comes; what is known at its end goes into *response*."""

    def __init__(self, stream: Stream[Any, PromptResult], response: Any, calls: ServedCalls) -> None:
        from .adapters.remote_prompts import item_in

        self._item_in = item_in
        self._stream = stream
        self._items = iter(stream)
        self._response = response
        self._served = calls.current()
        if self._served is not None:
            self._served.add(stream)

    def __iter__(self) -> PromptedModel:
        return self

    def __next__(self) -> str | StreamEvent:
        """Return the next piece. Raises the errors of the API, CallCancelled after ``close``."""
        try:
            return self._item_in(_raising(lambda: next(self._items)))
        except StopIteration:
            self._end()
            raise

    def close(self) -> None:
        """Cancel the call unless it is over. Any thread may, also while another waits for the next piece."""
        self._stream.close()
        if self._served is not None:
            self._served.discard(self._stream)

    def _end(self) -> None:
        from .adapters.remote_prompts import fill_in

        if self._served is not None:
            self._served.discard(self._stream)
        fill_in(self._response, _raising(self._stream.result))


def _working_directory() -> str | None:
    """Return where this process stands: what the person typed is relative to it, for the next plugin, too."""
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return None


def _raising(call: Callable[[], R]) -> R:
    """Return what *call* does, with a failure of the host as an error of the API."""
    try:
        return call()
    except CallFailed as failure:
        raise _as_api_error(failure) from failure


def _as_api_error(failure: CallFailed) -> Exception:
    known = api()
    if failure.code == ErrorCode.NEEDS_KEY:
        return known.NeedsKeyException(failure.message)  # type: ignore[no-any-return]
    if failure.code == ErrorCode.NOT_FOUND:
        return known.UnknownModelError(failure.message)  # type: ignore[no-any-return]
    if failure.code == ErrorCode.OPTIONS_INVALID:
        entries = failure.data if isinstance(failure.data, list) else []
        return OptionsInvalid("Options", [_option_error(entry) for entry in entries if isinstance(entry, dict)])
    if failure.code in (ErrorCode.MODEL_ERROR, ErrorCode.PLUGIN_EXCEPTION):
        return known.ModelError(failure.message)  # type: ignore[no-any-return]
    return HostRefused(failure.code, failure.message)


def _option_error(entry: dict[str, Any]) -> dict[str, Any]:
    return {"type": "value_error", "loc": (str(entry.get("option", "")),), "msg": str(entry.get("message", ""))}
