"""What all models that speak OpenAI's API share: how they are made, their client, the fields of a request."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from innkeeper_sdk.api.no_options import NoOptions
from innkeeper_sdk.api.parts import Message
from innkeeper_sdk.api.usage import simplify_usage_dict

from .chat_messages import append_message, chat_messages
from .client import AsyncClient, Client
from .option_values import not_nulls, value_of
from .options_when_asked import NoneGiven, OptionsWhenAsked, are_made_when_asked

NO_KEY = "DUMMY_KEY"
"""Sent to servers that need none: some refuse a request without any."""

SHOW_VARIABLE = "LLM_OPENAI_SHOW_RESPONSES"
"""The environment variable that has requests and answers shown on stderr."""

IMAGES = frozenset(["image/png", "image/jpeg", "image/webp", "image/gif", "application/pdf"])
SOUNDS = frozenset(["audio/wav", "audio/mpeg"])


class SharedModel:
    """A mixin; the other base is KeyModel or AsyncKeyModel.

    *model_name* is what the server calls the model, where that is not its id. *api_base* is another server than
    OpenAI's. *reasoning*, *verbosity*, *image_detail_original* and *service_tier* are options that the model has;
    *reasoning_summary*, which the responses API knows, asks for a summary of the reasoning unless told otherwise.
    """

    needs_key: str | None = "openai"
    key_env_var: str | None = "OPENAI_API_KEY"
    default_max_tokens: int | None = None
    json_replacements: ClassVar[dict[str, Any]] = {}

    Options: Any = OptionsWhenAsked()

    _has_option: Mapping[str, bool] = MappingProxyType(
        {"reasoning": False, "verbosity": False, "image_detail_original": False, "service_tier": False}
    )
    """Of the options that not every model has, those of this one."""

    def __init__(  # noqa: PLR0917  # the positions plugins know
        self,
        model_id: str,
        key: str | None = None,
        model_name: str | None = None,
        api_base: str | None = None,
        api_type: str | None = None,
        api_version: str | None = None,
        api_engine: str | None = None,
        headers: dict[str, str] | None = None,
        can_stream: bool = True,
        vision: bool = False,
        audio: bool = False,
        reasoning: bool = False,
        verbosity: bool = False,
        image_detail_original: bool = False,
        service_tier: bool = False,
        supports_schema: bool = False,
        supports_tools: bool = False,
        allows_system_prompt: bool = True,
        reasoning_summary: bool = True,
    ) -> None:
        self.model_id = model_id
        of_the_class: str | None = getattr(type(self), "key", None)  # llm-llamafile has one there
        self.key = of_the_class if key is None else key
        self.model_name = model_name
        self.api_base = api_base
        self.api_type = api_type
        self.api_version = api_version
        self.api_engine = api_engine
        self.headers = headers
        self.can_stream = can_stream
        self.vision = vision
        self.supports_schema = supports_schema
        self.supports_tools = supports_tools
        self.allows_system_prompt = allows_system_prompt
        self.attachment_types: Iterable[str] = {*(IMAGES if vision else ()), *(SOUNDS if audio else ())}
        self._reasoning = reasoning
        self._verbosity = verbosity
        self._image_detail_original = image_detail_original
        self._service_tier = service_tier
        self._reasoning_summary = reasoning_summary
        abilities = (reasoning, verbosity, image_detail_original, service_tier)
        self._has_option = dict(zip(self._has_option, map(bool, abilities), strict=True))
        if not are_made_when_asked(type(self)):
            options = self._options_class()
            if options is not None:
                self.Options = options

    @classmethod
    def _options_of_class(cls) -> Any:
        """Return the options of a model with no abilities."""
        return NoOptions

    def _options_class(self) -> Any:
        """Return the options of a model with these abilities; None for those of its class."""
        if not any(self._has_option.values()):
            return None
        from .options import build_options_class

        return build_options_class(**self._has_option)

    def _no_options_given(self) -> Any:
        """Return the options of a prompt that sets none."""
        return NoneGiven() if are_made_when_asked(type(self)) else self.Options()

    def __str__(self) -> str:
        return f"OpenAI Chat: {self.model_id}"

    @property
    def name_at_server(self) -> str:
        """What the server calls the model."""
        return self.model_name or self.model_id

    def check_system_prompt(self, prompt: Any) -> None:
        """Refuse a system prompt where the model takes none."""
        if prompt.system and not self.allows_system_prompt:
            raise NotImplementedError("Model does not support system prompts")

    def get_client(self, key: str | None, *, async_: bool = False) -> Any:
        """Return the client that requests go through. *key* is one that was given, or the name of a stored one.

        A subclass may return a client of the ``openai`` package instead.
        """
        api_key = self.get_key(key) if self.needs_key else NO_KEY  # type: ignore[attr-defined]  # the other base has it
        settings: dict[str, Any] = {
            "api_key": api_key,
            "base_url": self.api_base,
            "default_headers": self.headers,
            "shows": bool(os.environ.get(SHOW_VARIABLE)),
        }
        return AsyncClient(**settings) if async_ else Client(**settings)

    def build_messages(self, prompt: Any, conversation: Any, image_detail: Any = None) -> list[dict[str, Any]]:
        """Return the messages of a request, the whole conversation."""
        return chat_messages(prompt.messages, value_of(image_detail))

    def _append_llm_message(
        self, out: list[dict[str, Any]], message: Message, current_system: str | None, image_detail: str | None = None
    ) -> str | None:
        """Append what one message becomes; return the system prompt that holds from then on."""
        return append_message(out, message, current_system, image_detail)

    def build_kwargs(self, prompt: Any, stream: bool) -> dict[str, Any]:
        """Return the fields of a request beside the model and the messages."""
        fields = not_nulls(prompt.options)
        as_json = fields.pop("json_object", None)
        for not_of_this_api in ("image_detail", "chat_completions", "reasoning_summary"):
            fields.pop(not_of_this_api, None)
        if self.default_max_tokens is not None:
            fields.setdefault("max_tokens", self.default_max_tokens)
        if as_json:
            fields["response_format"] = {"type": "json_object"}
        if prompt.schema:
            schema = {"name": "output", "schema": prompt.schema}
            fields["response_format"] = {"type": "json_schema", "json_schema": schema}
        if prompt.tools:
            fields["tools"] = [{"type": "function", "function": function_of(tool)} for tool in prompt.tools]
        if stream:
            fields["stream_options"] = {"include_usage": True}
        return fields

    def set_usage(self, response: Any, usage: dict[str, Any] | None) -> None:
        """Tell *response* what the answer cost."""
        if not usage:
            return
        details = {name: value for name, value in usage.items() if name not in COUNTED}
        response.set_usage(
            input=usage.get("prompt_tokens"),
            output=usage.get("completion_tokens"),
            details=simplify_usage_dict(details),
        )


COUNTED = ("prompt_tokens", "completion_tokens", "total_tokens")


def function_of(tool: Any) -> dict[str, Any]:
    """Return how a tool is described to a model."""
    return {"name": tool.name, "description": tool.description or None, "parameters": tool.input_schema}
