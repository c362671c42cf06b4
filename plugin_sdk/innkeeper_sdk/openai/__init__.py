"""Models that speak OpenAI's API: for plugins whose server does, too.

This package needs httpx and pydantic in the plugin's environment; each is imported when it is needed.
"""

from typing import TYPE_CHECKING, Any

from .chat import AsyncChat, Chat
from .completion import Completion
from .embeddings import OpenAIEmbeddingModel
from .errors import AnswerCut, AnswerMalformed, RequestRefused, ServerUnreachable
from .option_values import ReasoningEffortEnum
from .responses import AsyncResponses, Responses
from .server_side_tools import CodeInterpreter, WebSearch

if TYPE_CHECKING:
    from .options import SharedOptions, build_options_class

__all__ = [
    "AnswerCut",
    "AnswerMalformed",
    "AsyncChat",
    "AsyncResponses",
    "Chat",
    "CodeInterpreter",
    "Completion",
    "OpenAIEmbeddingModel",
    "ReasoningEffortEnum",
    "RequestRefused",
    "Responses",
    "ServerUnreachable",
    "SharedOptions",
    "WebSearch",
    "build_options_class",
]


def __getattr__(name: str) -> Any:
    if name in ("SharedOptions", "build_options_class"):
        from . import options

        return getattr(options, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
