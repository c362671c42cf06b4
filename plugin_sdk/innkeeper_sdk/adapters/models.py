"""Language models: what one can do, and one prompt to it, streamed as it comes."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

from innkeeper_protocol.errors import CallCancelled, CallFailed, ErrorCode
from innkeeper_protocol.payloads.content import Message
from innkeeper_protocol.payloads.models import ModelInfo, PromptParams, PromptResult, ServerSideTool, Usage
from innkeeper_protocol.peer import IncomingCall

from ..api.models import AsyncKeyModel, KeyModel
from ..blobs import Blobs
from ..event_loop import EventLoop
from ..failures import log_exception
from ..registry import RegisteredModel, Registry
from . import prompts
from .content import SendBlob, messages_out, tool_call_out
from .json_values import json_map, json_value
from .recorder import record

RESTATED_LETTERS = 4 * 1024 * 1024
"""The longest answer that the result repeats as a message. A longer one might not fit a frame beside what else the
result holds, and the host has it already: it was streamed."""


def info(registered: RegisteredModel) -> ModelInfo:
    """Describe one model, by its sync variant where there is one."""
    model = registered.model or registered.async_model
    return ModelInfo(
        model_id=registered.model_id,
        label=str(model),
        aliases=registered.aliases,
        has_sync=registered.model is not None,
        has_async=registered.async_model is not None,
        can_stream=bool(model.can_stream),
        needs_key=model.needs_key,
        key_env_var=model.key_env_var,
        attachment_types=tuple(sorted(map(str, model.attachment_types or ()))),
        supports_schema=bool(model.supports_schema),
        supports_tools=bool(model.supports_tools),
        server_side_tools=tuple(
            ServerSideTool(name=tool.__name__, description=inspect.getdoc(tool))
            for tool in model.supported_server_side_tools
        ),
        options_schema=json_map(model.Options.model_json_schema()) or {},
    )


def prompt(
    registry: Registry, params: PromptParams, call: IncomingCall, loop: EventLoop, blobs: Blobs
) -> PromptResult:
    """Put a prompt to a model and stream what it yields.

    Raises CallFailed for what is wrong with the request, CallCancelled after a cancel, and whatever the model raised.
    However it ends, the model's generator is closed.
    """
    response = prompts.new_response(_pick(registry, params), params, blobs.take)
    chunks = _start(response, call, loop)
    try:
        call.send_items(record(response, chunks))
    except asyncio.CancelledError:
        if call.cancelled:
            raise CallCancelled("the call was cancelled") from None
        raise
    finally:
        _close(chunks)
    return result_out(response, lambda content: blobs.send(call.peer, content))


def _pick(registry: Registry, params: PromptParams) -> Any:
    registered = registry.find_model(params.model_id)
    if registered is None:
        raise registry.missing(f"no model '{params.model_id}'")
    model = registered.async_model if params.use_async else registered.model
    if model is None:
        missing = "async variant, only a sync one" if params.use_async else "sync variant, only an async one"
        raise CallFailed(ErrorCode.UNSUPPORTED, f"model '{params.model_id}' has no {missing}")
    return model


def _start(response: Any, call: IncomingCall, loop: EventLoop) -> Iterable[Any]:
    """Call the model's ``execute``. What it returns may be any iterable, or run on the event loop."""
    model = response.model
    arguments = {"stream": response.stream, "response": response, "conversation": response.conversation}
    if isinstance(model, (KeyModel, AsyncKeyModel)):
        arguments["key"] = model.get_key(response._key)
    chunks = model.execute(response.prompt, **arguments)
    if inspect.isawaitable(chunks):
        chunks = _once_awaited(chunks)
    if isinstance(chunks, AsyncIterable):
        return loop.iterate(chunks, call)
    if isinstance(chunks, str):
        return [chunks]
    if not isinstance(chunks, Iterable):
        raise TypeError(f"execute() of {model} returned {type(chunks).__name__}, not an iterable of str")
    return chunks


async def _once_awaited(awaitable: Any) -> AsyncIterator[Any]:
    """Yield from what an ``async def execute`` without a yield returns."""
    chunks = await awaitable
    if isinstance(chunks, AsyncIterable):
        async for chunk in chunks:
            yield chunk
    else:
        for chunk in [chunks] if isinstance(chunks, str) else chunks:
            yield chunk


def _close(chunks: Any) -> None:
    """Close a generator, so that its ``finally`` runs now; what that raises is the log's."""
    close = getattr(chunks, "close", None)
    if close is None:
        return
    try:
        close()
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  # the call has its outcome already
        log_exception(error)


def result_out(response: Any, send_blob: SendBlob) -> PromptResult:
    """Build what is known once the stream has ended."""
    usage = Usage(input=response.input_tokens, output=response.output_tokens, details=json_map(response.token_details))
    return PromptResult(
        messages=_messages(response, send_blob),
        tool_calls=tuple(map(tool_call_out, response._tool_calls)),
        usage=None if usage == Usage() else usage,
        resolved_model=response.resolved_model,
        response_json=json_value(response.response_json),
        prompt_json=json_value(response._prompt_json),
    )


def _messages(response: Any, send_blob: SendBlob) -> tuple[Message, ...]:
    if sum(map(len, response._chunks)) > RESTATED_LETTERS:
        return ()
    return messages_out(response._messages_now(), send_blob)
