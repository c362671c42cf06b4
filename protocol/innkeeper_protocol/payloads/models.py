"""Language models: what one can do, a prompt to it, and what streams back.

The stream items of ``models/prompt`` are plain strings for plain text, by far the most frequent item, and
``ModelEvent`` maps for everything else.
"""

from __future__ import annotations

from .base import JSON, Payload
from .content import Attachment, Message, ToolCall, ToolResult


class ServerSideTool(Payload, frozen=True, kw_only=True):
    """A tool that the model's provider runs: its name and the settings it was given.

    *signature* says which settings it takes: ``(max_uses: int = 5)``.
    """

    name: str
    spec: dict[str, JSON] = {}
    description: str | None = None
    signature: str = ""


class ToolDefinition(Payload, frozen=True, kw_only=True):
    """A tool as a model sees it: *input_schema* is the JSON schema of its arguments."""

    name: str
    description: str | None = None
    input_schema: dict[str, JSON] = {}
    plugin: str | None = None
    server_side: ServerSideTool | None = None


class ModelInfo(Payload, frozen=True, kw_only=True):
    """One registered model. *options_schema* is the JSON schema of its options class; *label* is ``str(model)``."""

    model_id: str
    label: str = ""
    aliases: tuple[str, ...] = ()
    has_sync: bool = True
    has_async: bool = False
    can_stream: bool = False
    needs_key: str | None = None
    key_env_var: str | None = None
    attachment_types: tuple[str, ...] = ()
    supports_schema: bool = False
    supports_tools: bool = False
    supports_conversation: bool = True
    server_side_tools: tuple[ServerSideTool, ...] = ()
    options_schema: dict[str, JSON] = {}


class Prompt(Payload, frozen=True, kw_only=True):
    """What one turn asks. *text* and *system* already hold their fragments; *messages* is the whole chain so far,
    this turn included."""

    text: str | None = None
    system: str | None = None
    fragments: tuple[str, ...] = ()
    system_fragments: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    tools: tuple[ToolDefinition, ...] = ()
    tool_results: tuple[ToolResult, ...] = ()
    schema: dict[str, JSON] | None = None
    options: dict[str, JSON] = {}
    messages: tuple[Message, ...] = ()
    hide_reasoning: bool = False


class Exchange(Payload, frozen=True, kw_only=True):
    """One earlier turn of a conversation: what was asked, and what the model said."""

    prompt: Prompt
    messages: tuple[Message, ...] = ()
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    response_json: JSON = None
    model_id: str | None = None
    id: str | None = None


class Conversation(Payload, frozen=True, kw_only=True):
    """The turns before this one, oldest first. Equal *id* means: the same conversation goes on."""

    id: str
    name: str | None = None
    exchanges: tuple[Exchange, ...] = ()


class PromptParams(Payload, frozen=True, kw_only=True):
    """Ask a model. *key* is only ever filled by the host, and only where the plugin was granted that key.

    *use_async* picks the async variant of a model that registered both. *depth* counts nested calls between
    plugins, so that a cycle ends with a clear error.
    """

    model_id: str
    prompt: Prompt
    conversation: Conversation | None = None
    stream: bool = True
    use_async: bool = False
    key: str | None = None
    depth: int = 0
    cwd: str | None = None


class ModelEvent(Payload, frozen=True, kw_only=True):
    """A stream item that is more than plain text.

    *type* is ``text``, ``reasoning``, ``tool_call_name``, ``tool_call_args`` or ``tool_result``.
    """

    type: str
    chunk: str = ""
    part_index: int | None = None
    tool_call_id: str | None = None
    server_executed: bool = False
    tool_name: str | None = None
    redacted: bool = False
    provider_metadata: dict[str, JSON] | None = None
    message_index: int = 0


class Usage(Payload, frozen=True, kw_only=True):
    """Tokens: read, written, and what the provider says beyond."""

    input: int | None = None
    output: int | None = None
    details: dict[str, JSON] | None = None


class PromptResult(Payload, frozen=True, kw_only=True):
    """What is known once the stream has ended. *messages* is the whole answer, assembled from its events."""

    messages: tuple[Message, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    resolved_model: str | None = None
    response_json: JSON = None
    prompt_json: JSON = None


class OptionProblem(Payload, frozen=True, kw_only=True):
    """One option that the model refused, in the words of the model's author."""

    option: str
    message: str
