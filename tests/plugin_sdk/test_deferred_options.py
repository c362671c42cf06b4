"""Classes of options for which pydantic waits are in every way as pydantic's; and it does wait."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

from innkeeper_protocol import methods
from innkeeper_protocol.payloads import models
from innkeeper_protocol.peer import Peer

from .deferred_observing import observed
from .plugin_process import plugin_process

PLUGINS = {
    "echoing": """
        import llm
        from typing import Optional
        from pydantic import Field

        class Shared:
            class Options(llm.Options):
                example_bool: Optional[bool] = Field(description="An example", default=None)
                thinking: Optional[bool] = Field(description="Whether to think aloud", default=None)
    """,
    "checking": """
        from __future__ import annotations
        from typing import Optional
        import llm
        from pydantic import Field, field_validator

        class Checked(llm.Options):
            '''What is checked.'''
            length: Optional[int] = None
            delay: Optional[float] = Field(None, ge=0, le=10)

            @field_validator("length")
            def validate_length(cls, length):
                if length is not None and length < 2:
                    raise ValueError("length must be >= 2")
                return length

            @field_validator("delay", mode="before")
            @classmethod
            def _delay_is_no_text(cls, delay):
                return float(delay) if delay == "a" else delay

            def in_words(self):
                return f"{self.length} words"

            @property
            def is_long(self):
                return (self.length or 0) > 100
    """,
    "inheriting": """
        import enum
        from typing import List, Literal, Optional, Union
        from llm import Options
        from pydantic import Field

        class Effort(enum.Enum):
            low = "low"
            high = "high"

        class Model:
            class Base(Options):
                temperature: Optional[float] = Field(default=0.7, ge=0, le=1)
                top_p: float = Field(default=1, description="The rest")
                stop: Optional[Union[str, List[str]]] = Field(default=None)
                language: str = "en"

            class More(Base):
                language: Literal["en", "de"] = Field(default="de")
                effort: Optional[Effort] = None
                count: int | None = -1
                is_safe: bool = False

            class Same(More):
                pass
    """,
}

CLASSES = (
    "echoing:Shared.Options",
    "checking:Checked",
    *(f"inheriting:Model.{name}" for name in ("Base", "More", "Same")),
)


def write(folder: Path, sources: dict[str, str]) -> None:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(source), "utf-8")


def test_deferred_classes_behave_as_pydantics(tmp_path: Path) -> None:
    write(tmp_path, PLUGINS)
    assert observed(tmp_path, CLASSES, CLASSES) == observed(tmp_path, (), CLASSES)


def test_class_that_is_not_to_be_kept_is_pydantics_at_once(tmp_path: Path) -> None:
    write(tmp_path, PLUGINS)
    script = """
        import sys
        from innkeeper_sdk.pydantic_later import defer
        defer(["echoing:Shared.Options"])
        import echoing, pydantic as before
        assert type(echoing.Shared.Options()).__mro__[-2].__name__ == "AtDefaults"
        import checking, pydantic
        assert checking.Field is pydantic.Field
        assert pydantic.BaseModel in checking.Checked.__mro__
    """
    run(tmp_path, script)


WHO_GETS_THE_REAL_ONE = """
    import sys
    from innkeeper_sdk.pydantic_later import defer
    defer(["kept:Options"])
    import kept
    assert "pydantic" not in sys.modules
    assert kept.Options.model_fields["a"].default == 1
    import other
    assert other.Field is sys.modules["pydantic"].Field
    assert kept.Field(default=3).default == other.Field(default=3).default == 3
"""


def test_other_modules_get_the_real_pydantic(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "kept": """
                import llm
                from pydantic import Field
                class Options(llm.Options):
                    a: int = Field(default=1)
            """,
            "other": "from pydantic import BaseModel, Field",
        },
    )
    run(tmp_path, WHO_GETS_THE_REAL_ONE)


def test_module_that_asks_for_more_gets_the_real_pydantic(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "kept": """
                import llm
                from pydantic import Field, BaseModel
                import pydantic
                class Options(llm.Options):
                    a: int = Field(default=1)
                class Other(BaseModel):
                    b: int = pydantic.Field(default=2)
            """
        },
    )
    run(
        tmp_path,
        """
        import sys
        from innkeeper_sdk.pydantic_later import defer
        defer(["kept:Options"])
        import kept
        assert kept.pydantic is sys.modules["pydantic"]
        assert kept.Other().b == 2
        assert kept.Options().a == 1
        """,
    )


def run(folder: Path, script: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def ask(peer: Peer, options: dict[str, object]) -> object:
    params = models.PromptParams(model_id="echo", prompt=models.Prompt(text="hi", options=options))
    with peer.open_stream(methods.MODELS_PROMPT, params) as stream:
        return json.loads("".join(item for item in stream if isinstance(item, str))).get("options")


def test_published_plugin_does_without_pydantic_until_an_option_is_given(plugin_python: Path, tmp_path: Path) -> None:
    environment = {"INNKEEPER_DEFERRED": "llm_echo:_Shared.Options", "PYTHONPROFILEIMPORTTIME": "1"}
    imported = tmp_path / "imported"

    with (
        imported.open("wb") as log,
        plugin_process(plugin_python, "llm-echo", environment=environment, stderr=log) as (
            peer,
            _,
        ),
    ):
        assert ask(peer, {}) is None
        assert "pydantic_core" not in imported.read_text("utf-8")

        assert ask(peer, {"example_bool": True}) == {"example_bool": True}
        assert ask(peer, {}) is None
        assert "pydantic_core" in imported.read_text("utf-8")
