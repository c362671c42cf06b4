"""What this plugin registers: OpenAI's models, the person's own, and commands about them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llm


@llm.hookimpl
def register_models(register: Callable[..., None]) -> None:
    """Register OpenAI's models, and the extra ones. Raises Unusable at the end for what of those is none."""
    from .extra_models import ExtraModels, Unusable
    from .own_models import own_models

    extra = ExtraModels()
    taken = extra.names
    for one in own_models():
        if one.model.model_id not in taken:
            register(one.model, one.async_model, aliases=[alias for alias in one.aliases if alias not in taken])
    for one in extra:
        register(one.model, one.async_model, aliases=one.aliases)
    if extra.problems:
        raise Unusable("; ".join(extra.problems))


@llm.hookimpl
def register_embedding_models(register: Callable[..., None]) -> None:
    """Register OpenAI's embedding models."""
    from .own_models import embedding_models

    for model, aliases in embedding_models():
        register(model, aliases=aliases)


@llm.hookimpl
def register_permissions(request: Any) -> None:
    """Say what the plugin needs; what the person's own settings add, the host knows by itself."""
    request.net("api.openai.com:443")
    request.keys("openai")


@llm.hookimpl
def register_commands(cli: Any) -> None:
    """Register ``llm openai``."""
    from .commands import openai

    cli.add_command(openai)
