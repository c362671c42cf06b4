"""What this plugin registers: one model in a sync and an async form, which share one loaded copy of the weights."""

from __future__ import annotations

from collections.abc import Callable

import llm

from .engine import Engine
from .models import AsyncSmolLM2, SmolLM2


@llm.hookimpl
def register_models(register: Callable[..., None]) -> None:
    engine = Engine()
    register(SmolLM2(engine), AsyncSmolLM2(engine), aliases=("SmolLM2", "local"))
