"""The method table: every name that may stand in a request or notification, with the types that go with it.

A method's *direction* says who may send it. SPEC.md lists the same table; tests/protocol holds the two together.
Types are named by functions here: most processes use a few of the methods, and importing all payloads takes as long as
the rest of this package.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

from . import payloads
from .payloads import session, streams
from .payloads.base import Nothing

if TYPE_CHECKING:
    from .payloads.host_services import ConsoleParams, DenialParams

P = TypeVar("P")
R = TypeVar("R")

Direction = Literal["to_plugin", "to_host", "both"]


class Method(Generic[P, R]):
    """One method. *result* is None for a notification; *item* is the type of its stream items, or None.

    Each may be a function that returns the type, and is called when that is first asked for.
    """

    def __init__(
        self,
        name: str,
        direction: Direction,
        params: type[P] | Callable[[], type[P]],
        result: type[R] | Callable[[], type[R]] | None,
        item: Any = None,
    ) -> None:
        self.name = name
        self.direction = direction
        self.is_notification = result is None
        self._types = (params, result, item)

    @cached_property
    def params(self) -> type[P]:
        """The type of its params."""
        return cast("type[P]", _type(self._types[0]))

    @cached_property
    def result(self) -> type[R] | None:
        """The type of its result, None for a notification."""
        return cast("type[R] | None", _type(self._types[1]))

    @cached_property
    def item(self) -> Any:
        """The type of its stream items, None where it has none."""
        return _type(self._types[2])

    def __repr__(self) -> str:
        return f"<Method {self.name}>"


def _type(given: Any) -> Any:
    return given() if isinstance(given, FunctionType) else given


INITIALIZE = Method("initialize", "to_plugin", session.InitializeParams, session.InitializeResult)
SHUTDOWN = Method("shutdown", "to_plugin", Nothing, Nothing)
BLOB_PART: Method[session.BlobPartParams, None] = Method("blob/part", "both", session.BlobPartParams, None)
CANCEL: Method[streams.CancelParams, None] = Method("cancel", "both", streams.CancelParams, None)
STREAM_ITEM: Method[streams.StreamItemParams, None] = Method("stream/item", "both", streams.StreamItemParams, None)
STREAM_CREDIT: Method[streams.StreamCreditParams, None] = Method(
    "stream/credit", "both", streams.StreamCreditParams, None
)

DESCRIBE = Method("plugin/describe", "to_plugin", Nothing, lambda: payloads.describe.Description)
MODELS_PROMPT = Method(
    "models/prompt",
    "both",
    lambda: payloads.models.PromptParams,
    lambda: payloads.models.PromptResult,
    item=lambda: str | payloads.models.ModelEvent,
)
EMBED = Method(
    "embeddings/embed", "both", lambda: payloads.embeddings.EmbedParams, lambda: payloads.embeddings.EmbedResult
)
OPEN_TOOLBOX = Method(
    "tools/open", "to_plugin", lambda: payloads.tools.OpenToolboxParams, lambda: payloads.tools.OpenToolboxResult
)
CLOSE_TOOLBOX = Method("tools/close", "to_plugin", lambda: payloads.tools.CloseToolboxParams, Nothing)
CALL_TOOL = Method(
    "tools/call", "to_plugin", lambda: payloads.tools.CallToolParams, lambda: payloads.tools.CallToolResult
)
LOAD_TEMPLATE = Method(
    "templates/load", "both", lambda: payloads.templates.LoadTemplateParams, lambda: payloads.templates.Template
)
LOAD_FRAGMENTS = Method(
    "fragments/load",
    "both",
    lambda: payloads.fragments.LoadFragmentsParams,
    lambda: payloads.fragments.LoadFragmentsResult,
)
RUN_COMMAND = Method(
    "commands/run", "to_plugin", lambda: payloads.commands.RunCommandParams, lambda: payloads.commands.RunCommandResult
)

GET_KEY = Method(
    "host/get_key", "to_host", lambda: payloads.host_services.GetKeyParams, lambda: payloads.host_services.GetKeyResult
)
LIST_MODELS = Method("host/list_models", "to_host", Nothing, lambda: payloads.host_services.ListModelsResult)
SET_ALIAS = Method("host/set_alias", "to_host", lambda: payloads.host_services.SetAliasParams, Nothing)
SET_DEFAULT_MODEL = Method(
    "host/set_default_model", "to_host", lambda: payloads.host_services.SetDefaultModelParams, Nothing
)
RUN_TOOL = Method(
    "host/run_tool", "to_host", lambda: payloads.host_services.RunToolParams, lambda: payloads.tools.CallToolResult
)
LOG_RESPONSE = Method("host/log_response", "to_host", lambda: payloads.host_services.LogResponseParams, Nothing)
OPEN_COLLECTION = Method(
    "collections/open",
    "to_host",
    lambda: payloads.host_services.CollectionParams,
    lambda: payloads.host_services.CollectionResult,
)
STORE_IN_COLLECTION = Method(
    "collections/store", "to_host", lambda: payloads.host_services.CollectionStoreParams, Nothing
)
SIMILAR_IN_COLLECTION = Method(
    "collections/similar",
    "to_host",
    lambda: payloads.host_services.CollectionSimilarParams,
    lambda: payloads.host_services.CollectionEntriesResult,
)
DELETE_COLLECTION = Method("collections/delete", "to_host", lambda: payloads.host_services.CollectionParams, Nothing)

DENIAL: Method[DenialParams, None] = Method("host/denial", "to_host", lambda: payloads.host_services.DenialParams, None)
CONSOLE: Method[ConsoleParams, None] = Method(
    "host/console", "to_host", lambda: payloads.host_services.ConsoleParams, None
)

METHODS: dict[str, Method[Any, Any]] = {
    method.name: method for method in list(globals().values()) if isinstance(method, Method)
}
