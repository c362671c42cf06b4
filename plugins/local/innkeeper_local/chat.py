"""From a prompt to what llama.cpp's chat template reads: a list of roles and texts, this turn last."""

from __future__ import annotations

from typing import Any

import llm

CONTEXT_TOKENS = 4096
"""What one conversation may hold. The model was trained on 8192, which costs 0.25 s and 90 MB more at every start."""

LONGEST_TOKEN_BYTES = 81
"""In this model's vocabulary: what has more bytes than this for each token cannot fit, and need not be tokenized."""


def chat_request(prompt: llm.Prompt, sampling: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a chat completion for *prompt* and all turns before it.

    Raises:
        llm.ModelError: it cannot fit the context, whatever its tokens are.
    """
    messages = [
        {"role": message.role, "content": "".join(getattr(part, "text", "") for part in message.parts)}
        for message in prompt.messages
    ]
    if not any(message["role"] == "user" for message in messages):
        messages.append({"role": "user", "content": ""})
    size_bytes = sum(len(message["content"].encode("utf-8", "replace")) for message in messages)
    if size_bytes > CONTEXT_TOKENS * LONGEST_TOKEN_BYTES:
        raise llm.ModelError(
            f"the conversation is too long: {size_bytes:,} bytes, and smollm2 holds {CONTEXT_TOKENS:,} tokens, "
            "about 15,000 characters of English"
        )
    request: dict[str, Any] = {
        **sampling,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        # A chunk for every batch of the prompt, too: a place to stop at before the first token is there.
        "return_progress": True,
    }
    if prompt.schema:
        request["response_format"] = {"type": "json_schema", "json_schema": {"schema": prompt.schema}}
    return request
