"""A prompt: everything a model is asked in one turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .attachments import Attachment
from .message_chain import joined_prompt, joined_system, system_message, turn
from .parts import Message

if TYPE_CHECKING:
    from .tools import ToolResult


class Prompt:
    """What ``execute`` is given.

    Attributes:
        model: the model it is for.
        attachments: the files of this turn.
        tools: the tools the model may call: Tool and ServerSideTool objects.
        tool_results: what the tools gave that the turn before asked for.
        schema: the JSON schema that the answer has to fit, or None.
        options: the model's own Options.
        hide_reasoning: the person does not want to see what the model thinks.
        fragments, system_fragments: pieces that ``prompt`` and ``system`` begin with.
    """

    def __init__(
        self,
        prompt: str | None,
        model: Any,
        *,
        fragments: Sequence[str] | None = None,
        attachments: Iterable[Attachment] | None = None,
        system: str | None = None,
        system_fragments: Sequence[str] | None = None,
        prompt_json: str | None = None,
        options: Any = None,
        schema: Any = None,
        tools: Iterable[Any] | None = None,
        tool_results: Sequence[ToolResult] | None = None,
        messages: Iterable[Message] | None = None,
        hide_reasoning: bool = False,
    ) -> None:
        self._prompt = prompt
        self.model = model
        self.fragments = list(fragments or [])
        self.attachments = list(attachments or [])
        self._system = system
        self.system_fragments = list(system_fragments or [])
        self.prompt_json = prompt_json
        self.schema: dict[str, Any] | None = _schema(schema)
        self.tools: list[Any] = _wrapped(list(tools or []))
        self.tool_results = list(tool_results or [])
        self.options = model.Options() if options is None else options
        self.hide_reasoning = hide_reasoning
        self._explicit_messages = None if messages is None else list(messages)

    @property
    def prompt(self) -> str:
        """The text: fragments first, then what was typed."""
        return joined_prompt(self.fragments, self._prompt)

    @prompt.setter
    def prompt(self, text: str | None) -> None:
        self.fragments = []
        self._prompt = text

    @property
    def system(self) -> str:
        """The system prompt: fragments first; an empty string where there is none."""
        return joined_system(self._system, self.system_fragments)

    @property
    def messages(self) -> list[Message]:
        """Everything the model is sent, earlier turns included, as one list.

        A prompt made by itself, outside a conversation, has only its own turn.
        """
        if self._explicit_messages is not None:
            return list(self._explicit_messages)
        own_turn = turn(self.prompt, None, self.attachments, self.tool_results)
        return [*system_message(self.system), *own_turn]

    def __repr__(self) -> str:
        return f"<Prompt {self.prompt!r} for {self.model!r}>"


def _wrapped(tools: list[Any]) -> list[Any]:
    if not tools:
        return []
    from .tools import wrap_tools

    return wrap_tools(tools)


def _schema(given: Any) -> Any:
    """Return a schema as a dict: a pydantic model class is asked for its own."""
    return given.model_json_schema() if hasattr(given, "model_json_schema") else given


def merged_options(options: dict[str, Any] | None, keywords: dict[str, Any]) -> dict[str, Any]:
    """Return the options given in ``options=`` and as keywords. Raises TypeError for one that is given both ways."""
    twice = sorted(set(options or ()) & set(keywords))
    if twice:
        raise TypeError(f"options given twice, in options= and as keyword arguments: {', '.join(twice)}")
    return {**(options or {}), **keywords}
