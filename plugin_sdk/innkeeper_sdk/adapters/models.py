"""Language models: what one can do, and one prompt to it, streamed as it comes."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from typing import TYPE_CHECKING, Any

from innkeeper_protocol.errors import CallFailed, ErrorCode
from innkeeper_protocol.payloads.content import Message
from innkeeper_protocol.payloads.models import ModelInfo, PromptParams, PromptResult, ServerSideTool, Usage

from innkeeper_sdk.api.response.calling import async_chunks_of, call_execute, chunks_of, is_awaitable
from innkeeper_sdk.api_in_use import is_real
from innkeeper_sdk.failures import log_exception
from innkeeper_sdk.registry import RegisteredModel, Registry

from . import prompts
from .content import Outgoing, messages_out, tool_call_out
from .json_values import json_map, json_value
from .recorder import record

if TYPE_CHECKING:
    from innkeeper_protocol.peer import IncomingCall

    from innkeeper_sdk.event_loop import EventLoop

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
        supports_schema=bool(getattr(model, "supports_schema", False)),
        supports_tools=bool(getattr(model, "supports_tools", False)),
        supports_conversation=bool(getattr(model, "supports_conversation", True)),
        server_side_tools=tuple(_server_side_tool(tool) for tool in getattr(model, "supported_server_side_tools", ())),
        options_schema=json_map(model.Options.model_json_schema()) or {},
    )


def _server_side_tool(tool: type) -> ServerSideTool:
    import inspect

    return ServerSideTool(name=tool.__name__, description=inspect.getdoc(tool), signature=_signature(tool))


def _signature(tool: type) -> str:
    import inspect

    try:
        return str(inspect.signature(tool).replace(return_annotation=inspect.Signature.empty))
    except (TypeError, ValueError):
        return "(...)"


def prompt(
    registry: Registry,
    params: PromptParams,
    call: IncomingCall,
    loop: Callable[[], EventLoop],
) -> PromptResult:
    """Put a prompt to a model and stream what it yields.

    Raises CallFailed for what is wrong with the request, CallCancelled after a cancel, and whatever the model raised.
    However it ends, the model's generator is closed.
    """
    if is_real():
        from innkeeper_sdk.real_llm import prompting

        return prompting.prompt(pick(registry, params), params, call, loop)
    response = prompts.new_response(pick(registry, params), params, lambda number: bytes(call.peer.take_blob(number)))
    response._begin()
    chunks = _start(response, params.key, call, loop)
    try:
        call.send_items(record(response, chunks))
    finally:
        close(chunks)
    _finish(response, loop)
    return result_out(response, Outgoing(call.peer.send_blob))


def pick(registry: Registry, params: PromptParams) -> Any:
    """Return the model, or its async variant. Raises CallFailed."""
    registered = registry.find_model(params.model_id)
    if registered is None:
        raise registry.missing(f"no model '{params.model_id}'")
    model = registered.async_model if params.use_async else registered.model
    if model is None:
        missing = "async variant, only a sync one" if params.use_async else "sync variant, only an async one"
        raise CallFailed(ErrorCode.UNSUPPORTED, f"model '{params.model_id}' has no {missing}")
    return model


def _start(response: Any, key: str | None, call: IncomingCall, loop: Callable[[], EventLoop]) -> Any:
    """Call the model's ``execute``; return an iterator over what it yields, on the event loop if it is async."""
    returned = call_execute(response, key=key)
    if is_awaitable(returned) or isinstance(returned, AsyncIterable):
        return loop().iterate(async_chunks_of(response, returned), call)
    return chunks_of(response, returned)


def _finish(response: Any, loop: Callable[[], EventLoop]) -> None:
    """End the response, and tell what the model's own code wanted to be told then."""
    if not prompts.is_async(response.model):
        response._finish()
    elif response.done_callbacks:
        loop().run(response._finish())
    else:
        response._end_now()


def close(chunks: Any) -> None:
    """Close a generator, so that its ``finally`` runs now; what that raises is the log's."""
    end = getattr(chunks, "close", None)
    if end is None:
        return
    try:
        end()
    except Exception as error:  # noqa: BLE001  # the call has its outcome already
        log_exception(error)


def result_out(response: Any, outgoing: Outgoing) -> PromptResult:
    """Build what is known once the stream has ended."""
    usage = Usage(input=response.input_tokens, output=response.output_tokens, details=json_map(response.token_details))
    return PromptResult(
        messages=_messages(response, outgoing),
        tool_calls=tuple(map(tool_call_out, response._tool_calls)),
        usage=None if usage == Usage() else usage,
        resolved_model=response.resolved_model,
        response_json=json_value(response.response_json),
        prompt_json=json_value(response._prompt_json),
    )


def _messages(response: Any, outgoing: Outgoing) -> tuple[Message, ...]:
    if sum(map(len, response._chunks)) > RESTATED_LETTERS:
        return ()
    return messages_out(response._messages_now(), outgoing)
