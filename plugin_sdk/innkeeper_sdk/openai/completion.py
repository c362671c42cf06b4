"""Models behind the old completions API, which go on with a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from innkeeper_sdk.api.parts import TextPart
from innkeeper_sdk.api.tables import remove_dict_none_values

from .chat import Chat
from .chat_answer import Combined


class Completion(Chat):
    """A sync model."""

    def __init__(self, *args: Any, default_max_tokens: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default_max_tokens = default_max_tokens

    @classmethod
    def _options_of_class(cls) -> Any:
        from .options import CompletionOptions

        return CompletionOptions

    def __str__(self) -> str:
        return f"OpenAI Completion: {self.model_id}"

    def execute(
        self, prompt: Any, stream: bool, response: Any, conversation: Any = None, key: str | None = None
    ) -> Iterator[str]:
        """Go on with what was said."""
        if prompt.system:
            raise NotImplementedError("System prompts are not supported for OpenAI completion models")
        texts = [
            "".join(part.text for part in message.parts if isinstance(part, TextPart) and part.text)
            for message in prompt.messages
            if message.role in ("user", "assistant")
        ]
        said = [text for text in texts if text]
        completion = self.get_client(key).completions.create(
            model=self.name_at_server, prompt="\n".join(said), stream=stream, **self.build_kwargs(prompt, stream)
        )
        if stream:
            combined = Combined()
            for chunk in completion:
                combined.add(chunk)
                text = getattr(chunk.choices[0], "text", None) if chunk.choices else None
                if text is not None:
                    yield text
            response.response_json = remove_dict_none_values(combined.as_dict())
        else:
            response.response_json = remove_dict_none_values(completion.model_dump())
            yield completion.choices[0].text
        response._prompt_json = {"messages": said}
