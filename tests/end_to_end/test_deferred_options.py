"""A plugin with plain options answers without pydantic, until one is given or the plugin is edited where it stands."""

from __future__ import annotations

from pathlib import Path

from .inn import Inn
from .plugin_source import write_plugin

TELLER = """
import sys
from typing import Optional
import llm
from pydantic import Field

@llm.hookimpl
def register_models(register):
    register(Teller())

class Teller(llm.Model):
    model_id = "teller"

    class Options(llm.Options):
        size: Optional[int] = Field(default=3, ge=1)

    def execute(self, prompt, stream, response, conversation):
        yield f"size {prompt.options.size}, pydantic {'pydantic' in sys.modules}"
"""


def test_pydantic_comes_with_the_first_option(inn: Inn, tmp_path: Path) -> None:
    source = write_plugin(tmp_path, "teller", TELLER)
    inn.ok("install", source)

    assert inn.ok("-m", "teller", "hi") == "size 3, pydantic False\n"
    assert inn.ok("-m", "teller", "hi", "-o", "size", "4") == "size 4, pydantic True\n"
    assert inn.fails("-m", "teller", "hi", "-o", "size", "0").startswith("Error: size\n  Input should be greater")

    inn.ok("install", "-e", source)
    assert inn.ok("-m", "teller", "hi") == "size 3, pydantic True\n"
