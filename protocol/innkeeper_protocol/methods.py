"""The method table: every name that may stand in a request or notification, with the types that go with it.

A method's *direction* says who may send it. SPEC.md lists the same table; tests/protocol holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from .payloads import (
    commands,
    describe,
    embeddings,
    fragments,
    host_services,
    models,
    session,
    streams,
    templates,
    tools,
)
from .payloads.base import Nothing

P = TypeVar("P")
R = TypeVar("R")

Direction = Literal["to_plugin", "to_host", "both"]


@dataclass(frozen=True)
class Method(Generic[P, R]):
    """One method. *result* is None for a notification; *item* is the type of its stream items, or None."""

    name: str
    direction: Direction
    params: type[P]
    result: type[R] | None
    item: Any = None


INITIALIZE = Method("initialize", "to_plugin", session.InitializeParams, session.InitializeResult)
SHUTDOWN = Method("shutdown", "to_plugin", Nothing, Nothing)
BLOB_PART: Method[session.BlobPartParams, None] = Method("blob/part", "both", session.BlobPartParams, None)
CANCEL: Method[streams.CancelParams, None] = Method("cancel", "both", streams.CancelParams, None)
STREAM_ITEM: Method[streams.StreamItemParams, None] = Method("stream/item", "both", streams.StreamItemParams, None)
STREAM_CREDIT: Method[streams.StreamCreditParams, None] = Method(
    "stream/credit", "both", streams.StreamCreditParams, None
)

DESCRIBE = Method("plugin/describe", "to_plugin", Nothing, describe.Description)
MODELS_PROMPT = Method("models/prompt", "both", models.PromptParams, models.PromptResult, item=str | models.ModelEvent)
EMBED = Method("embeddings/embed", "both", embeddings.EmbedParams, embeddings.EmbedResult)
OPEN_TOOLBOX = Method("tools/open", "to_plugin", tools.OpenToolboxParams, tools.OpenToolboxResult)
CLOSE_TOOLBOX = Method("tools/close", "to_plugin", tools.CloseToolboxParams, Nothing)
CALL_TOOL = Method("tools/call", "to_plugin", tools.CallToolParams, tools.CallToolResult)
LOAD_TEMPLATE = Method("templates/load", "both", templates.LoadTemplateParams, templates.Template)
LOAD_FRAGMENTS = Method("fragments/load", "both", fragments.LoadFragmentsParams, fragments.LoadFragmentsResult)
RUN_COMMAND = Method("commands/run", "to_plugin", commands.RunCommandParams, commands.RunCommandResult)

GET_KEY = Method("host/get_key", "to_host", host_services.GetKeyParams, host_services.GetKeyResult)
LIST_MODELS = Method("host/list_models", "to_host", Nothing, host_services.ListModelsResult)
SET_ALIAS = Method("host/set_alias", "to_host", host_services.SetAliasParams, Nothing)
SET_DEFAULT_MODEL = Method("host/set_default_model", "to_host", host_services.SetDefaultModelParams, Nothing)
RUN_TOOL = Method("host/run_tool", "to_host", host_services.RunToolParams, tools.CallToolResult)
LOG_RESPONSE = Method("host/log_response", "to_host", host_services.LogResponseParams, Nothing)
OPEN_COLLECTION = Method("collections/open", "to_host", host_services.CollectionParams, host_services.CollectionResult)
STORE_IN_COLLECTION = Method("collections/store", "to_host", host_services.CollectionStoreParams, Nothing)
SIMILAR_IN_COLLECTION = Method(
    "collections/similar",
    "to_host",
    host_services.CollectionSimilarParams,
    host_services.CollectionEntriesResult,
)
DELETE_COLLECTION = Method("collections/delete", "to_host", host_services.CollectionParams, Nothing)

DENIAL: Method[host_services.DenialParams, None] = Method("host/denial", "to_host", host_services.DenialParams, None)
CONSOLE: Method[host_services.ConsoleParams, None] = Method(
    "host/console", "to_host", host_services.ConsoleParams, None
)

METHODS: dict[str, Method[Any, Any]] = {
    method.name: method for method in list(globals().values()) if isinstance(method, Method)
}
