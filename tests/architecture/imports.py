"""Reads the import statements of a source tree, without running any of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Import:
    """One import: *module* as an absolute dotted name, found in *importer*, itself a dotted name, at *line*."""

    importer: str
    module: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.module}"


def source_files(folder: str) -> list[Path]:
    """Return the Python files below *folder*, which is relative to the repository."""
    return sorted(path for path in (REPOSITORY / folder).rglob("*.py") if "carried" not in path.parts)


def module_name(path: Path, folder: str) -> str:
    """Return the dotted name of *path*, a file below the import root *folder*."""
    parts = list(path.relative_to(REPOSITORY / folder).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(folder: str, package: str) -> Iterator[Import]:
    """Yield every import in *package*, which lies in the import root *folder*: relative ones made absolute."""
    for path in source_files(f"{folder}/{package}"):
        importer = module_name(path, folder)
        parent = importer.split(".") if path.name == "__init__.py" else importer.split(".")[:-1]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            yield from _absolute(node, importer, parent)


def _absolute(node: ast.AST, importer: str, parent: list[str]) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for name in node.names:
            yield Import(importer, name.name, node.lineno)
    elif isinstance(node, ast.ImportFrom):
        base = parent[: len(parent) - node.level + 1] if node.level else []
        module = ".".join([*base, *(node.module or "").split(".")]).strip(".")
        for name in node.names:
            yield Import(importer, f"{module}.{name.name}", node.lineno)
