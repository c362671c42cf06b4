"""Finds the classes of options for which pydantic can wait until an option is given (the SDK's ``pydantic_later``).

Read from the source of a plugin's own modules; nothing is run. It is all of them, or none: where they do nothing else
with pydantic, and every class is so plain that what an instance with no option given is like can be said from here.
Each option has an annotation, and a default that fits it, written out; no validator looks at defaults.
"""

from __future__ import annotations

import ast
import builtins
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NoReturn

from .undeclared_imports import MOST_BYTES, parsed

OPTIONS, FIELD, VALIDATOR = "llm.Options", "pydantic.Field", "pydantic.field_validator"

HARMLESS = frozenset(["default", "description", "title", "examples", "strict", "json_schema_extra"])
"""What may be said of an option, and changes nothing while it has its default."""

OF_NUMBERS = HARMLESS | {"ge", "gt", "le", "lt", "multiple_of", "allow_inf_nan"}
OF_TEXTS = HARMLESS | {"min_length", "max_length", "pattern"}
OF_KIND = {bool: HARMLESS, int: OF_NUMBERS, float: OF_NUMBERS, str: OF_TEXTS, type(None): OF_NUMBERS | OF_TEXTS}
"""By the type of the default: pydantic takes what does not suit a type for a sign of another type."""

TAKEN = frozenset("construct copy dict from_orm json schema schema_json update_forward_refs validate".split())  # noqa: SIM905
PREFIXES = ("__", "model_", "parse_")
"""Names that mean something to pydantic itself, and how others begin."""

DECORATORS = ("classmethod", "staticmethod", "property")

Plain = bool | int | float | str | None


class _Unfit(Exception):
    """Something is not as it has to be."""


def deferrable_classes(site_packages: str, files: Iterable[str]) -> list[str]:
    """Return ``module:Class`` for each class of options in *files*, all those of a plugin, below *site_packages*.

    Empty where there is none, or pydantic cannot wait.
    """
    found: list[str] = []
    size_bytes = 0
    for path in files:
        if not path.endswith(".py"):
            continue
        size_bytes += os.path.getsize(path) if os.path.exists(path) else 0  # or made way for the SDK's
        tree = parsed(path) if size_bytes <= MOST_BYTES else None
        if tree is None:
            return []
        try:
            classes = _Module(tree).classes_of_options()
        except (_Unfit, RecursionError):
            return []
        module = os.path.relpath(path, site_packages).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        found += [f"{module}:{name}" for name in classes]
    return found


class _Module:
    """A module, as far as it was looked at."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._imported = dict(_imports(tree.body))
        """What is imported at the top, as ``module.name``."""
        self._at_top = {*dir(builtins), *self._imported, *(name for node in tree.body for name in _defined(node))}
        self._classes: list[str] = []
        self._seen: set[ast.AST] = set()
        """The classes of options, and the places where pydantic's functions are used as they may be."""
        self._trusted: set[str] = set()
        """Names that were taken to mean what they say."""

    def classes_of_options(self) -> list[str]:
        """Return their qualified names. Raises _Unfit."""
        for above, node in _classes(self._tree.body):
            if any(self._is_options(base, above) for base in node.bases):
                self._look_at(node)
                self._seen.add(node)
                self._trusted.add(node.name)
                self._classes.append(above + node.name)
        uses_pydantic = self._uses_pydantic()
        if uses_pydantic and not self._classes:
            _refuse()
        if self._classes:
            self._see_that_names_mean_what_they_say()
        return self._classes

    def _is(self, node: ast.expr, meaning: str) -> bool:
        """Say whether a name, or ``module.name``, has that meaning: also ``module.name``, or a builtin's name."""
        name = node.value if isinstance(node, ast.Attribute) else node
        if not isinstance(name, ast.Name):
            return False
        found = self._imported.get(name.id, name.id if hasattr(builtins, name.id) else "")
        if (f"{found}.{node.attr}" if isinstance(node, ast.Attribute) else found) != meaning:
            return False
        self._trusted.add(name.id)
        return True

    def _is_options(self, base: ast.expr, above: str) -> bool:
        if isinstance(base, ast.Name) and {base.id, above + base.id} & {*self._classes}:
            self._trusted.add(base.id)
            return True
        return self._is(base, OPTIONS)

    # A class of options

    def _look_at(self, node: ast.ClassDef) -> None:
        if len(node.bases) != 1 or node.keywords or node.decorator_list or getattr(node, "type_params", None):
            _refuse()
        names: list[str] = []
        evaluated: list[ast.AST | None] = []
        """With the class, in which a name may be that of an option, which is none yet."""
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign):
                names.append(self._look_at_option(statement))
                evaluated += [statement.annotation, statement.value]
            elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                names.append(statement.name)
                self._look_at_decorators(statement.decorator_list)
                evaluated += [statement.args, statement.returns, *statement.decorator_list]
            elif not isinstance(statement, ast.Pass) and not _is_text(statement):
                _refuse()
        if len({*names}) < len(names) or any(name in TAKEN or name.startswith(PREFIXES) for name in names):
            _refuse()
        for inner in (inner for part in evaluated if part is not None for inner in ast.walk(part)):
            if isinstance(inner, ast.NamedExpr) or (isinstance(inner, ast.Name) and inner.id in names):
                _refuse()
        if any(isinstance(inner, ast.Name) and inner.id in ("super", "__class__") for inner in ast.walk(node)):
            _refuse()

    def _look_at_option(self, statement: ast.AnnAssign) -> str:
        """Return the name of an option."""
        name, given = statement.target, statement.value
        if not isinstance(name, ast.Name) or name.id.startswith("_") or given is None:
            _refuse()
        words: set[str | None] = set()
        if isinstance(given, ast.Call):
            self._look_at_call(given, FIELD)
            words = {word.arg for word in given.keywords}
            defaults = [*given.args, *(word.value for word in given.keywords if word.arg == "default")]
            if len(defaults) != 1:
                _refuse()
            given = defaults[0]
        default = _value(given)
        members = self._members(statement.annotation)
        types = [member for member in members if not _is_none(member)]
        if default is None:
            if len(types) == len(members):
                _refuse()
        elif len(types) != 1 or not self._fits(default, types[0]):
            _refuse()
        if not words <= OF_KIND[type(default)]:
            _refuse()
        for inner in ast.walk(statement.annotation):
            if isinstance(inner, ast.Name) and inner.id not in self._at_top:
                _refuse()  # pydantic may find it around the class, which is not where the class is made later
        return name.id

    def _look_at_decorators(self, decorators: list[ast.expr]) -> None:
        for decorator in decorators:
            if isinstance(decorator, ast.Call):
                self._look_at_call(decorator, VALIDATOR)
            elif not any(self._is(decorator, name) for name in DECORATORS):
                _refuse()

    def _look_at_call(self, call: ast.Call, function: str) -> None:
        if not isinstance(call.func, ast.Name) or not self._is(call.func, function):
            _refuse()
        self._seen.add(call.func)

    def _members(self, annotation: ast.expr) -> list[ast.expr]:
        """Return the types that an annotation allows, None among them as a constant."""
        if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
            return [*self._members(annotation.left), *self._members(annotation.right)]
        if isinstance(annotation, ast.Subscript):
            if self._is(annotation.value, "typing.Optional"):
                return [*self._members(annotation.slice), ast.Constant(None)]
            if self._is(annotation.value, "typing.Union") and isinstance(annotation.slice, ast.Tuple):
                return [member for one in annotation.slice.elts for member in self._members(one)]
        return [annotation]

    def _fits(self, default: Plain, annotation: ast.expr) -> bool:
        if isinstance(annotation, ast.Subscript) and self._is(annotation.value, "typing.Literal"):
            choices = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
            return any(isinstance(one, ast.Constant) and repr(one.value) == repr(default) for one in choices)
        kinds = ("int", "float") if type(default) is int else (type(default).__name__,)
        return any(self._is(annotation, kind) for kind in kinds)

    # What else the module does

    def _uses_pydantic(self) -> bool:
        """Say whether it is imported. Raises _Unfit for another part of it, and elsewhere than at the top."""
        found = False
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                if any(_is_pydantics(alias.name) for alias in node.names):
                    _refuse()
            elif isinstance(node, ast.ImportFrom) and not node.level and _is_pydantics(node.module or ""):
                meanings = {f"{node.module}.{alias.name}" for alias in node.names}
                if node not in self._tree.body or not meanings <= {FIELD, VALIDATOR}:
                    _refuse()
                found = True
        return found

    def _see_that_names_mean_what_they_say(self) -> None:
        functions = {name for name, meaning in self._imported.items() if meaning in (FIELD, VALIDATOR)}
        for node in ast.walk(self._tree):
            is_use = isinstance(node, ast.Name) and node.id in functions
            is_other = isinstance(node, ast.ClassDef) and node.name in self._trusted
            if (is_use or is_other) and node not in self._seen:
                _refuse()
        bound = Counter(_bound(self._tree))
        if bound["*"] or any(bound[name] > (name in self._imported) for name in self._trusted | functions):
            _refuse()


def _refuse() -> NoReturn:
    raise _Unfit


def _classes(body: list[ast.stmt], above: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield the classes in *body* itself, and in these, in their order, each with how its qualified name begins."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield above, node
            yield from _classes(node.body, f"{above}{node.name}.")


def _imports(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    """Yield the names that import statements in *body* bind, each with what it means."""
    for node in body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                yield alias.asname or name, name
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _defined(node: ast.stmt) -> list[str]:
    """Return the names that a statement gives to what may stand in an annotation, if it does."""
    if isinstance(node, ast.ClassDef):
        return [node.name]
    return [name.id for name in node.targets if isinstance(name, ast.Name)] if isinstance(node, ast.Assign) else []


def _bound(tree: ast.Module) -> Iterator[str]:
    """Yield each name as often as the module binds it, wherever that is, but for arguments and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def _is_pydantics(module: str) -> bool:
    return module.partition(".")[0] in ("pydantic", "pydantic_core")


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _value(default: ast.expr) -> Plain:
    """Return a value that is written out. Raises _Unfit."""
    if isinstance(default, ast.UnaryOp) and isinstance(default.op, ast.USub):
        value = _value(default.operand)
        return -value if isinstance(value, int | float) else _refuse()
    if not isinstance(default, ast.Constant) or type(default.value) not in OF_KIND:
        _refuse()
    found: Plain = default.value  # type: ignore[assignment]  # as just seen
    return found
