"""Finds what a plugin imports without declaring it, because the real ``llm`` brought it along for everyone.

Read from the import statements of the plugin's own modules; nothing is run. Of 59 published plugins 19 rely on click
that way, 8 on pydantic, 5 on sqlite-utils, 4 on httpx and 3 on pyyaml. What ``llm`` never brought cannot be known: a
plugin that imports it fails on the real ``llm``, too.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Iterable
from contextlib import suppress

BROUGHT_BY_LLM = {
    "click": "click",
    "click_default_group": "click-default-group",
    "condense_json": "condense-json",
    "dateutil": "python-dateutil",
    "httpx": "httpx",
    "openai": "openai",
    "pluggy": "pluggy",
    "puremagic": "puremagic",
    "pydantic": "pydantic",
    "pydantic_core": "pydantic",
    "sqlite_migrate": "sqlite-migrate",
    "sqlite_utils": "sqlite-utils",
    "tabulate": "tabulate",
    "typing_extensions": "typing-extensions",
    "ulid": "python-ulid",
    "yaml": "pyyaml",
    "anyio": "anyio",
    "certifi": "certifi",
    "tqdm": "tqdm",
    "setuptools": "setuptools<81",
    "pkg_resources": "setuptools<81",
}
"""Import name to requirement: what ``llm`` depends on, at one or more removes. setuptools 81 has no pkg_resources."""

NEEDED_BY_SDK = {
    "Options": ("pydantic",),
    "default_plugins": ("httpx", "pydantic"),
    "openai": ("httpx", "pydantic"),
    "logging_client": ("httpx",),
}
"""Names of the SDK that work only where something more is installed, and what."""

PLAIN_ANNOTATIONS = frozenset(
    """
    str int float bool bytes object Any list dict tuple set frozenset List Dict Tuple Set FrozenSet Optional Union
    Literal typing t self
    """.split()  # noqa: SIM905  # a line for each is no easier to read
)
"""Of a tool's arguments: the SDK makes their schema by itself. For any other it needs pydantic."""

MOST_BYTES = 16 * 1024 * 1024
"""Of source that is looked at; what comes later in a larger plugin is not."""


def undeclared(files: Iterable[str], declared: Collection[str]) -> list[str]:
    """Return the requirements to add for the Python *files* of a plugin, sorted. *declared* are the canonical names
    it depends on by itself.
    """
    names = _Names()
    size_bytes = 0
    for path in files:
        size_bytes += os.path.getsize(path)
        tree = parsed(path) if size_bytes <= MOST_BYTES else None
        if tree is not None:
            with suppress(RecursionError):
                names.visit(tree)
    wanted = {BROUGHT_BY_LLM[name] for name in names.modules if name in BROUGHT_BY_LLM}
    wanted = wanted.union(*(NEEDED_BY_SDK.get(name, ()) for name in names.of_the_sdk))
    if "register_tools" in names.functions and names.annotations - PLAIN_ANNOTATIONS:
        wanted.add("pydantic")
    return sorted(text for text in wanted if re.split("[<>=]", text)[0] not in declared)


def parsed(path: str) -> ast.Module | None:
    """Return the syntax tree of a file, or None: what cannot be read cannot be imported, as describing it will say."""
    try:
        with open(path, "rb") as file:
            return ast.parse(file.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class _Names(ast.NodeVisitor):
    """Collects the top-level modules that are imported, anywhere; the names that are taken from the SDK; the functions,
    and the names in the annotations of their arguments, those of the hooks left out.
    """

    def __init__(self) -> None:
        self.modules: set[str] = set()
        self.of_the_sdk: set[str] = set()
        self.functions: set[str] = set()
        self.annotations: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self._module(name.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module:
            self._module(node.module)
            if node.module.split(".")[0] in ("llm", "innkeeper_sdk"):
                self.of_the_sdk.update(name.name for name in node.names)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id == "llm":
            self.of_the_sdk.add(node.attr)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.functions.add(node.name)
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for annotation in [argument.annotation for argument in arguments if argument.annotation]:
            if not node.name.startswith("register_"):
                self.annotations.update(part.id for part in ast.walk(annotation) if isinstance(part, ast.Name))
        self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node: ast.If) -> None:
        """Leave out what is there for type checkers alone."""
        if not ast.unparse(node.test).endswith("TYPE_CHECKING"):
            self.generic_visit(node)
            return
        for statement in node.orelse:
            self.visit(statement)

    def _module(self, name: str) -> None:
        top, *rest = name.split(".")
        self.modules.add(top)
        if top in ("llm", "innkeeper_sdk"):
            self.of_the_sdk.update(rest)
