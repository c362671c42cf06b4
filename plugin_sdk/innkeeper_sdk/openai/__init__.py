"""Models that speak OpenAI's API: for plugins whose server does, too.

This package needs httpx and pydantic in the plugin's environment.
"""

from .chat import AsyncChat, Chat
from .completion import Completion
from .embeddings import OpenAIEmbeddingModel
from .errors import AnswerCut, AnswerMalformed, RequestRefused, ServerUnreachable
from .options import ReasoningEffortEnum, SharedOptions, build_options_class
from .responses import AsyncResponses, Responses
from .server_side_tools import CodeInterpreter, WebSearch

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
