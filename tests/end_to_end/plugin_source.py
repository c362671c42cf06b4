"""Plugins for the tests: a folder with a pyproject.toml and one module, as a plugin's author would have it."""

from __future__ import annotations

import textwrap
from pathlib import Path

MODEL = """
import llm

@llm.hookimpl
def register_models(register):
    register(TestModel())

class TestModel(llm.Model):
    model_id = {model_id!r}
    can_stream = True

    def execute(self, prompt, stream, response, conversation):
{body}
"""


def write_plugin(
    folder: Path,
    name: str,
    code: str,
    *,
    dependencies: tuple[str, ...] = (),
    requires_python: str = ">=3.10",
    version: str = "0.1.0",
) -> str:
    """Write the source of the plugin *name* below *folder*; return its path, ready for ``llm install``."""
    package = name.replace("-", "_")
    root = folder / name
    (root / package).mkdir(parents=True, exist_ok=True)
    (root / package / "__init__.py").write_text(textwrap.dedent(code), "utf-8")
    (root / "pyproject.toml").write_text(
        f"""\
[project]
name = "{name}"
version = "{version}"
requires-python = "{requires_python}"
dependencies = {["llm", *dependencies]!r}

[project.entry-points.llm]
{package} = "{package}"

[build-system]
requires = ["uv_build"]
build-backend = "uv_build"

[tool.uv.build-backend]
module-root = ""
""",
        "utf-8",
    )
    return str(root)


def model_plugin(folder: Path, name: str, body: str, *, model_id: str | None = None, **how: object) -> str:
    """Write a plugin with one model, whose ``execute`` is *body*; its id is *model_id*, or else the plugin's name."""
    code = MODEL.format(model_id=model_id or name, body=textwrap.indent(textwrap.dedent(body).strip("\n"), " " * 8))
    return write_plugin(folder, name, code, **how)  # type: ignore[arg-type]
