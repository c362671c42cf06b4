"""Reads SPEC.md, and renders what the code says in the notation of SPEC.md, so that the two can be compared."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import msgspec
from innkeeper_protocol import payloads
from innkeeper_protocol.methods import Method
from innkeeper_protocol.payloads.base import Nothing, Payload

PROTOCOL = Path(__file__).resolve().parents[2] / "protocol"
SPEC = (PROTOCOL / "SPEC.md").read_text(encoding="utf-8")

RULE = re.compile(r"[A-Z]+-\d+")
_SENDERS = {"to_plugin": "plugin", "to_host": "host", "both": "both"}
_NAMES = {"str": "text", "bytes": "bytes", "int": "int", "bool": "bool", "float": "float", "JSON": "JSON",
          "Any": "JSON", "TextOrBytes": "text or bytes", "msgspec.Raw": "encoded"}  # fmt: skip


def rules() -> list[str]:
    """Return the names of all rules, in order."""
    return re.findall(r"^- \*\*([A-Z]+-\d+)\*\*", SPEC, re.MULTILINE)


def table_below(heading: str) -> list[list[str]]:
    """Return the rows of the first table below *heading*, without its head, backticks taken off."""
    section = SPEC.split(f"\n## {heading}\n", 1)[1]
    lines = [line.strip() for line in section.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().replace("`", "") for cell in line.strip("|").split("|")])
    return rows


def structs_in_spec() -> dict[str, str]:
    """Return the blocks of fields in the section on payloads, by the name of the struct."""
    section = SPEC.split("\n## Payloads\n", 1)[1]
    blocks = "\n\n".join(re.findall(r"```text\n(.*?)\n```", section, re.DOTALL))
    return {block.split("\n", 1)[0]: block for block in blocks.split("\n\n")}


def structs_in_code() -> dict[str, str]:
    """Return the same, rendered from the code."""
    found: dict[str, str] = {}
    for module in pkgutil.iter_modules(payloads.__path__):
        loaded = importlib.import_module(f"{payloads.__name__}.{module.name}")
        for name, value in vars(loaded).items():
            if (
                inspect.isclass(value)
                and issubclass(value, Payload)
                and value not in (Payload, Nothing)
                and value.__module__ == loaded.__name__
            ):
                found[name] = rendered(value)
    return found


def rendered(struct: type[Payload]) -> str:
    """Return *struct* as SPEC.md writes it."""
    lines = [struct.__name__]
    for field in msgspec.structs.fields(struct):
        written = ast.parse(inspect.get_annotations(struct)[field.name], mode="eval").body
        default = "" if field.required or _default(field) is None else f" = {_shown(_default(field))}"
        lines.append(f"  {field.name}{'' if field.required else '?'}: {_type(written)}{default}")
    return "\n".join(lines)


def method_row(method: Method[object, object]) -> list[str]:
    """Return the row of *method* in the table of methods."""
    result = "" if method.result is None else _struct(method.result)
    item = {None: "", str: "text"}.get(method.item, "text or ModelEvent")
    return [method.name, _SENDERS[method.direction], _struct(method.params), result, item]


def _struct(struct: type) -> str:
    return "nothing" if struct is Nothing else struct.__name__


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value in ((), [], {}):
        return "empty"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _type(node: ast.expr) -> str:
    if isinstance(node, ast.BinOp):  # X | None: may be missing, which the field's name says
        return _type(node.left)
    if isinstance(node, ast.Subscript):
        inside = node.slice
        assert isinstance(inside, ast.Tuple)
        return f"list of {_type(inside.elts[0])}" if ast.unparse(node.value) == "tuple" else "map"
    name = ast.unparse(node)
    return _NAMES.get(name, name)
