"""Guesses what a plugin needs to be allowed, for plugins that do not say so: from its source, of which nothing is run.

Only what stands there in plain sight is found: addresses, names of keys and variables, programs. A guess is shown to
the person as one, and grants nothing by itself; what it misses is asked for when the sandbox refuses it.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from innkeeper.confinement.grants import Grants

from .vendor_hosts import default_hosts

MOST_BYTES = 8 * 1024 * 1024
"""Of source that is looked at."""

MOST_OF_A_KIND = 20
"""A plugin that names more is a list of addresses, and no such list is worth reading."""

_URL = re.compile(r"(https?|wss?)://([A-Za-z0-9.-]+)(?::(\d{1,5}))?(?=[/?#{]|$)")
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}

NO_SERVERS = frozenset(
    """
    example.com example.org example.net www.example.com www.w3.org json-schema.org schema.org schemas.xmlsoap.org
    """.split()  # noqa: SIM905  # a line for each is no easier to read
)
"""Names that stand in source for something else than a server to ask."""

_WORDS_TO_READ = frozenset(["help", "description", "title", "epilog", "message", "metavar", "reason", "examples"])
"""Keyword arguments, and keys of dicts, whose text is for people."""
_ABOUT_THE_SENDER = frozenset(["http-referer", "referer", "origin", "user-agent", "x-title"])

_SUBPROCESS = frozenset(["run", "Popen", "call", "check_call", "check_output"])
_EXECUTORS = frozenset(
    ["create_subprocess_exec", "execv", "execvp", "execvpe", "execl", "execlp", "spawnv", "spawnvp", "which"]
)
_SHELLS = frozenset(["system", "popen", "create_subprocess_shell", "getoutput", "getstatusoutput"])
_SHELL_MODULES = frozenset(["os", "subprocess", "asyncio", "commands"])

_OWN_SOCKETS = frozenset(["grpc", "pycurl", "curl_cffi", "primp", "rnet", "zmq"])
"""Modules that make connections without Python's `socket`."""
_NETWORK_PROGRAMS = frozenset(["git", "curl", "wget", "yt-dlp"])
"""Programs that do, too, and that heed the proxy."""
_TERMINAL_MODULES = frozenset(["prompt_toolkit", "curses", "readline", "getpass", "termios", "textual"])
_TERMINAL_CALLS = frozenset(["input", "click.prompt", "click.confirm", "click.edit", "getpass.getpass"])

_TABLE_OF_LOGS = re.compile(
    r"""
    (?:responses|conversations)$ | .*\b(?:from|join|into|update)\s+["\[`]?(?:responses|conversations)\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""A text that speaks of what `llm` logged: the name of its table, or SQL with that."""

_THEIRS_ANYWAY = re.compile(r"(HOME|PATH|USER|LOGNAME|SHELL|PWD|TMPDIR|TEMP|TMP|LANG|TERM|EDITOR|NO_COLOR|COLUMNS)$")
"""Variables that a plugin has values of its own for, or that say nothing inside."""
_THEIRS_BY_PREFIX = ("LC_", "XDG_", "PYTHON", "LLM_USER_PATH", "VIRTUAL_ENV", "CONDA_", "HTTP", "SSL_", "PYTEST_")


@dataclass
class Guess:
    """What a plugin's source speaks of. *variables* are those that may hold a key, by the key's name."""

    hosts: dict[str, None] = field(default_factory=dict)
    keys: dict[str, None] = field(default_factory=dict)
    variables: dict[str, dict[str, None]] = field(default_factory=dict)
    env: dict[str, None] = field(default_factory=dict)
    programs: dict[str, None] = field(default_factory=dict)
    databases: dict[str, None] = field(default_factory=dict)
    modules: dict[str, None] = field(default_factory=dict)
    terminal: bool = False
    names_log: bool = False
    """Whether it names the file of logs; a plugin may as well keep something of its own in a file of that name."""
    reads_log: bool = False

    def grants(self) -> Grants:
        """Return what it comes to, as a person would type it."""
        held = {name for names in self.variables.values() for name in names}
        return Grants(
            net=_some(self.hosts),
            keys=_some(self.keys),
            databases=_some(self.databases),
            env=_some(name for name in self.env if name not in held),
            run=_some(self.programs),
            own_sockets=bool(self.modules.keys() & _OWN_SOCKETS or self.programs.keys() & _NETWORK_PROGRAMS),
        )


def guess(files: Iterable[str]) -> Guess:
    """Return what the Python *files* of a plugin speak of."""
    found = Guess()
    size_bytes = 0
    for path in files:
        with suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            size_bytes += os.path.getsize(path)
            if size_bytes > MOST_BYTES:
                break
            with open(path, "rb") as file:
                _Reader(found).visit(ast.parse(file.read()))
    if found.names_log and found.reads_log:
        found.databases["logs"] = None
    found.terminal = found.terminal or bool(found.modules.keys() & _TERMINAL_MODULES)
    return found


def add_vendors(found: Guess, site_packages: str) -> None:
    """Add the default hosts of the vendors' clients in *site_packages* that the plugin imports: many files to read."""
    for host in default_hosts(site_packages, found.modules, with_openai=not found.hosts):
        found.hosts.setdefault(host)


def host_in(text: str) -> str | None:
    """Return host and port of the address that *text* begins with, as a grant has them; None where it is none."""
    address = _URL.match(text)
    if address is None or address[2].lower() in NO_SERVERS:
        return None
    host = address[2].lower()
    if host.startswith(".") or host.endswith((".", "-")) or ("." not in host and host != "localhost"):
        return None
    if host in ("localhost", "127.0.0.1") and address[3] is None:
        return None  # all of this machine's servers would be too many
    return f"{host}:{address[3] or _PORTS[address[1]]}"


class _Reader(ast.NodeVisitor):
    """Reads one file into *found*."""

    def __init__(self, found: Guess) -> None:
        self._found = found
        self._assigned: dict[str, ast.expr] = {}
        self._from_subprocess: set[str] = set()

    def visit_Import(self, node: ast.Import) -> None:
        for name in node.names:
            self._found.modules[name.name.partition(".")[0]] = None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level == 0 and node.module:
            self._found.modules[node.module.partition(".")[0]] = None
            if node.module in ("google", "llm.default_plugins"):
                self._found.modules.update((f"{node.module}.{name.name}", None) for name in node.names)
            elif node.module.startswith(("google.", "llm.default_plugins.", "innkeeper_sdk.openai")):
                self._found.modules[node.module] = None
            if node.module == "llm.cli" and any(name.name == "logs_db_path" for name in node.names):
                self._found.names_log = True
            if node.module == "subprocess":
                self._from_subprocess.update(name.asname or name.name for name in node.names)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring is for people
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            host = host_in(node.value)
            if host is not None:
                self._found.hosts[host] = None
            elif node.value == "embeddings.db":
                self._found.databases["embeddings"] = None
            elif node.value == "logs.db":
                self._found.names_log = True
            elif _TABLE_OF_LOGS.match(node.value):
                self._found.reads_log = True

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        first = node.values[0] if node.values else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            self.visit_Constant(first)
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                self.visit(value.value)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            name = (_text(key) or "").lower() if key is not None else ""
            if name not in _WORDS_TO_READ | _ABOUT_THE_SENDER:
                self.visit(value)

    def visit_keyword(self, node: ast.keyword) -> None:
        if node.arg in _WORDS_TO_READ:
            return
        text = _text(node.value)
        if node.arg == "envvar" and text:
            self._variable(text)
        elif node.arg == "needs_key":
            self._key(text, None)
        self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A model says in its class which key it needs, and which variable may hold that."""
        said: dict[str, str | None] = {}
        for statement in node.body:
            for name, value in _assignments(statement):
                said[name] = _text(value)
        self._key(said.get("needs_key"), said.get("key_env_var"))
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for name, value in _assignments(node):
            self._assigned[name] = value
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        text = _text(node.slice)
        if text and ast.unparse(node.value) in ("os.environ", "environ"):
            self._variable(text)
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr == "log_to_db":
            self._found.databases["logs"] = None
        elif node.attr == "Collection" and isinstance(node.value, ast.Name) and node.value.id == "llm":
            self._found.databases["embeddings"] = None
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = ast.unparse(node.func) if isinstance(node.func, (ast.Name, ast.Attribute)) else ""
        last = called.rpartition(".")[2]
        first = node.args[0] if node.args else None
        if called in ("os.getenv", "os.environ.get", "getenv", "environ.get") and _text(first):
            self._variable(str(_text(first)))
        elif last == "get_key":
            self._get_key(node)
        elif called in _TERMINAL_CALLS:
            self._found.terminal = True
        else:
            self._programs(node, called, last, first)
        self.generic_visit(node)

    def _get_key(self, node: ast.Call) -> None:
        """``get_key("", "alias", "VARIABLE")``, and the same by keywords, of which there are several."""
        given = dict(zip(("input", "alias", "env"), node.args, strict=False))
        given |= {keyword.arg.removeprefix("key_"): keyword.value for keyword in node.keywords if keyword.arg}
        self._key(self._resolved(given.get("alias")), self._resolved(given.get("env") or given.get("env_var")))

    def _programs(self, node: ast.Call, called: str, last: str, first: ast.expr | None) -> None:
        is_subprocess = last in _SUBPROCESS and (called.startswith("subprocess.") or called in self._from_subprocess)
        has_shell = any(keyword.arg == "shell" and _is_true(keyword.value) for keyword in node.keywords)
        if (is_subprocess and has_shell) or (last in _SHELLS and called.partition(".")[0] in _SHELL_MODULES):
            self._found.programs["sh"] = None
        elif is_subprocess or last in _EXECUTORS:
            program = self._resolved(first)
            if program and re.fullmatch(r"[\w./+-]{1,100}", program) and not program.startswith("-"):
                self._found.programs[program] = None

    def _resolved(self, node: ast.expr | None) -> str | None:
        """Return the text that *node* is, also by way of a name, or the first of a list."""
        if isinstance(node, ast.Name):
            node = self._assigned.get(node.id)
        if isinstance(node, (ast.List, ast.Tuple)):
            node = node.elts[0] if node.elts else None
        return _text(node)

    def _variable(self, name: str) -> None:
        if name.isidentifier() and not _THEIRS_ANYWAY.match(name) and not name.startswith(_THEIRS_BY_PREFIX):
            self._found.env[name] = None

    def _key(self, name: str | None, variable: str | None) -> None:
        if name and re.fullmatch(r"[\w.:/@-]{1,100}", name):
            self._found.keys[name] = None
            if variable and variable.isidentifier():
                self._found.variables.setdefault(name, {})[variable] = None


def _assignments(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield name and value of each plain assignment that *statement* is."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
    elif isinstance(statement, ast.AnnAssign) and statement.value and isinstance(statement.target, ast.Name):
        yield statement.target.id, statement.value


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_true(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and bool(node.value)


def _some(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(list(names)[:MOST_OF_A_KIND])
