"""The Pythons on this machine that can run a plugin: the host's own, pyenv's, uv's, and those on PATH.

Found by looking at files, not by running them: pyenv's shims, which stand in PATH, fail or cost 70 ms a call, and uv
gives up at the first shim that fails. uv checks the one that was chosen when it makes the environment.
"""

from __future__ import annotations

import glob
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from innkeeper.errors import InstallError, UsageError

from .uv import run_uv

OLDEST, NEWEST = (3, 10), (3, 14)
"""What the SDK runs on."""

ASKED_S = 30.0
"""A Python says its version in 20 ms, and uv remembers it."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A base Python. *path* is real, no link; *version* is ``3.12.1``, or ``3.12`` where nobody asked it yet."""

    path: str
    version: str
    base_prefix: str

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def this_version(self) -> str:
        """The requirement on Python that it alone meets: ``>=3.12.1,<3.13``."""
        if self.version == self.minor:
            return f"=={self.minor}.*"
        major, minor = self.minor.split(".")
        return f">={self.version},<{major}.{int(minor) + 1}"

    def satisfies(self, requires_python: str) -> bool:
        """Say whether it may run what asks for *requires_python*; what is no such thing asks for nothing."""
        try:
            return SpecifierSet(requires_python).contains(self.version, prereleases=True)
        except InvalidSpecifier:
            return True


def own() -> Interpreter:
    """Return the Python that the host itself runs on; the base, never a virtual environment's."""
    path = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    return Interpreter(path, ".".join(map(str, sys.version_info[:3])), os.path.realpath(sys.base_prefix))


def find_all(environ: Mapping[str, str] = os.environ) -> list[Interpreter]:
    """Return the usable Pythons: the host's first, then newest first, each once and one a minor version."""
    found = {own().minor: own()}
    others = sorted(_candidates(environ), key=lambda one: [int(part) for part in one.version.split(".")], reverse=True)
    for interpreter in others:
        found.setdefault(interpreter.minor, interpreter)
    return list(found.values())


def choose(
    requires_python: str, wanted: str | None, *, subject: str, environ: Mapping[str, str] = os.environ
) -> Interpreter:
    """Return the Python for *subject*: the one *wanted* by the person (a version or a path), else the first that
    satisfies *requires_python*. Raises InstallError naming what is needed.
    """
    if wanted:
        chosen = _wanted(wanted, subject, environ)
        if not chosen.satisfies(requires_python):
            raise InstallError(
                f"{subject} does not run on Python {chosen.version}.",
                why=f"It requires Python {requires_python}.",
                hint="Leave --python away to have one chosen.",
            )
        return chosen
    present = find_all(environ)
    for interpreter in map(_exact, [*present, *_candidates(environ)]):
        if interpreter.satisfies(requires_python):
            return interpreter
    raise no_python(subject, requires_python, present)


def usable(wanted: str | None, *, subject: str, environ: Mapping[str, str] = os.environ) -> Iterator[Interpreter]:
    """Yield what `choose` may choose from, one a minor version: the one *wanted* alone, or all, the host's first."""
    yield from [_wanted(wanted, subject, environ)] if wanted else map(_exact, find_all(environ))


def at(path: str) -> Interpreter | None:
    """Return the base Python at *path*, or None for what is none that plugins run on."""
    found = _from_path(path)
    return _exact(found) if found else None


def _exact(interpreter: Interpreter) -> Interpreter:
    """Return *interpreter* with its patch release, which its folder need not tell: the system's does not."""
    if interpreter.version != interpreter.minor:
        return interpreter
    told = run_uv(
        ["python", "find", "--system", "--no-project", "--show-version", interpreter.path],
        cwd=os.path.dirname(interpreter.path),
        timeout_s=ASKED_S,
    )
    found = re.search(r"^3\.\d+\.\d+", told, re.MULTILINE)
    return replace(interpreter, version=found[0]) if found else interpreter


def no_python(subject: str, requires_python: str, present: list[Interpreter]) -> InstallError:
    """Return the error that says which Python *subject* needs and which there are."""
    newest = [Interpreter("", f"{minor}.999", "") for minor in _minors()]
    fitting = [one.minor for one in newest if one.satisfies(requires_python) or f"=={one.minor}." in requires_python]
    return InstallError(
        f"{subject} needs a Python that is not on this machine: {requires_python}",
        why=f"Found: {', '.join(one.version for one in present)}.",
        hint=f"Get one: uv python install {fitting[0]}, or name one: --python PATH"
        if fitting
        else f"Plugins run on Python {_dotted(OLDEST)} to {_dotted(NEWEST)}.",
    )


def _wanted(wanted: str, subject: str, environ: Mapping[str, str]) -> Interpreter:
    if os.sep in wanted or wanted.startswith("~"):
        path = os.path.expanduser(wanted)
        interpreter = at(path)
        if interpreter is None:
            there = os.path.exists(path)
            raise InstallError(
                f"{subject} cannot be run by {wanted}.",
                why="It is none of the interpreters that plugins run on." if there else "It is not there.",
                hint=f"To have it run by another, of Python {_dotted(OLDEST)} to {_dotted(NEWEST)} and no wrapper "
                f"script: llm install {subject} --python VERSION|PATH",
            )
        return interpreter
    text = wanted.removeprefix("python").removeprefix("cpython").lstrip("-@")
    if not re.fullmatch(r"3\.\d+(\.\d+)?", text):
        raise UsageError(f"{wanted!r} is no version of Python.", hint="Write --python 3.12 or --python PATH.")
    for interpreter in map(_exact, [*find_all(environ), *_candidates(environ)]):
        if text in (interpreter.version, interpreter.minor):
            return interpreter
    raise no_python(subject, f"=={text}" + (".*" if text.count(".") < 2 else ""), find_all(environ))


def _candidates(environ: Mapping[str, str]) -> Iterator[Interpreter]:
    """Yield what pyenv, uv and the system have, maybe one twice."""
    home = environ.get("HOME") or os.path.expanduser("~")
    pyenv = environ.get("PYENV_ROOT") or os.path.join(home, ".pyenv")
    data = environ.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    uv = environ.get("UV_PYTHON_INSTALL_DIR") or os.path.join(data, "uv", "python")
    for minor in _minors():
        folders = [
            *sorted(glob.glob(os.path.join(glob.escape(pyenv), "versions", f"{minor}.*", "bin")), reverse=True),
            *sorted(glob.glob(os.path.join(glob.escape(uv), f"cpython-{minor}*", "bin")), reverse=True),
            *environ.get("PATH", "").split(os.pathsep),
            "/usr/local/bin",
            "/usr/bin",
        ]
        for folder in folders:
            interpreter = _from_path(os.path.join(folder, f"python{minor}")) if os.path.isabs(folder) else None
            if interpreter is not None:
                yield interpreter


def _from_path(path: str) -> Interpreter | None:
    """Return the base Python behind *path*, or None for what is none, such as a shim, or too old or new a one.

    A virtual environment's is followed to its base.
    """
    real = os.path.realpath(path)
    if real == own().path:
        return own()
    found = re.fullmatch(r"python(3\.\d+)", os.path.basename(real))
    prefix = os.path.dirname(os.path.dirname(real))
    if not found or found[1] not in _minors() or not os.access(real, os.X_OK):
        return None
    if not any(os.path.isfile(os.path.join(prefix, lib, f"python{found[1]}", "os.py")) for lib in ("lib", "lib64")):
        return None
    patch = re.search(rf"(?:^|[/-])({re.escape(found[1])}\.\d+)(?:[-+/]|$)", prefix)
    return Interpreter(real, patch[1] if patch else found[1], prefix)


def _minors() -> list[str]:
    """Return the minor versions that the SDK runs on, newest first."""
    return [_dotted((3, minor)) for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
