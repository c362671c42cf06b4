"""Options with pydantic: what a model lets people set, with types, limits and explanations.

    class MyModel(llm.Model):
        class Options(llm.Options):
            temperature: float | None = Field(default=None, ge=0, le=2, description="How far to stray")

This module imports pydantic, which takes a tenth of a second, so it is itself imported only when a plugin names
``llm.Options``. Models without options get by with ``no_options``.
"""

from __future__ import annotations

try:
    from pydantic import BaseModel, ConfigDict
except ImportError as error:
    raise ImportError(
        "llm.Options is a pydantic model, and this environment has no pydantic: "
        "add pydantic to the plugin's dependencies"
    ) from error


class Options(BaseModel):
    """The base of a model's options. An option that is not declared is refused."""

    model_config = ConfigDict(extra="forbid")
