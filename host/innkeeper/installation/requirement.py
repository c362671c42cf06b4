"""Understands what a person typed after ``llm install``: a name, a path or a URL."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from innkeeper.errors import InstallError, UsageError

from .inventory import canonical_name

ARCHIVES = (".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz", ".tar")

RESERVED = {
    "llm": "Innkeeper stands in for it, and gives every plugin what it offers.",
    "innkeeper": "It is the host. Upgrade it with the tool that installed it, such as pip or uv.",
    "innkeeper-sdk": "It comes with the host, and is in every plugin's environment.",
    "innkeeper-protocol": "It comes with the host, and is in every plugin's environment.",
}
"""Distributions that cannot be plugins, and why."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """*kind* is ``index``, ``directory``, ``editable``, ``wheel``, ``sdist``, ``url`` (of a wheel), ``url-source`` or
    ``git``. *name* is canonical, or None where only the source knows it. *location* is a path or URL; *specifier* the
    version range of an index requirement.
    """

    kind: str
    typed: str
    name: str | None = None
    extras: tuple[str, ...] = ()
    specifier: str = ""
    location: str = ""
    subdirectory: str = ""
    revision: str = ""

    @property
    def subject(self) -> str:
        """What to call it in a message."""
        return self.name or without_password(self.typed)

    @property
    def dependency(self) -> str:
        """The requirement as PEP 508 has it; a wheel or a source on this machine is named, not located."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}" + (f" @ {self.location}" if self.kind == "url" else self.specifier)

    @property
    def is_local_source(self) -> bool:
        """Whether it is a directory that the person named: to name it is to allow building it."""
        return self.kind in ("directory", "editable")


def parse(typed: str, *, editable: bool = False) -> Requirement:
    """Return what *typed* means. Raises UsageError for what means nothing, InstallError for a path of nothing."""
    text = typed.strip()
    if not text or "\0" in text or "\n" in text:
        raise UsageError("There is nothing to install.", hint="Name a plugin, a directory, a file or a URL.")
    named = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*@\s*(\S.*)", text)
    name, extras, place = (named[1], named[2] or "", named[3]) if named else (None, "", text)
    if place.startswith("file:"):
        place = unquote(urlsplit(place).path)
    elif place.startswith(("git+", "http:", "https:")) or "://" in place:
        return _checked(_url(typed, name, _extras(extras), place, editable))
    elif not named and not _looks_like_a_path(place, editable):
        return _checked(_from_index(typed, text))
    return _checked(_path(typed, name, extras, place, editable))


def _checked(requirement: Requirement) -> Requirement:
    if requirement.name in RESERVED:
        raise InstallError(f"{requirement.name} is no plugin to install.", why=RESERVED[requirement.name])
    return requirement


def _looks_like_a_path(text: str, editable: bool) -> bool:
    bare = text.partition("[")[0]
    is_file = bare.endswith((".whl", *ARCHIVES)) and os.path.exists(bare)
    return editable or is_file or text.startswith((".", "~")) or os.sep in bare


def _from_index(typed: str, text: str) -> Requirement:
    try:
        parsed = Pep508(text)
    except InvalidRequirement as error:
        raise UsageError(
            f"{typed!r} is no requirement.",
            why=str(error).splitlines()[0] + ".",
            hint="Write NAME, 'NAME>=1.2', 'NAME[extra]', a path such as ./my-plugin, or a URL.",
        ) from error
    return Requirement(
        "index",
        typed,
        name=canonical_name(parsed.name),
        extras=tuple(sorted(parsed.extras)),
        specifier=str(parsed.specifier),
    )


def _path(typed: str, name: str | None, extras: str, place: str, editable: bool) -> Requirement:
    with_extras = re.fullmatch(r"(.*[^\[\]])(\[[A-Za-z0-9._, -]*\])", place)
    if with_extras and not os.path.exists(os.path.expanduser(place)):
        place, extras = with_extras[1], with_extras[2]
    path = os.path.realpath(os.path.expanduser(place))
    found = {"typed": typed, "extras": _extras(extras), "location": path, "name": name and canonical_name(name)}
    if os.path.isdir(path):
        if not any(os.path.exists(os.path.join(path, file)) for file in ("pyproject.toml", "setup.py")):
            raise InstallError(f"{place} holds no Python package.", why="It has neither pyproject.toml nor setup.py.")
        return Requirement("editable" if editable else "directory", **found)  # type: ignore[arg-type]
    if editable:
        raise UsageError(f"{place} is no directory.", hint="-e wants the directory of a plugin's source.")
    if not os.path.isfile(path):
        raise InstallError(f"There is no file or directory {place}.", hint=_perhaps_a_name(place))
    if path.endswith(".whl"):
        found["name"] = wheel_name(os.path.basename(path))
        return Requirement("wheel", **found)  # type: ignore[arg-type]
    if path.endswith(ARCHIVES):
        return Requirement("sdist", **found)  # type: ignore[arg-type]
    raise InstallError(f"{place} is neither a wheel nor an archive of a source.", hint="Name a .whl or .tar.gz file.")


def _perhaps_a_name(place: str) -> str:
    name = Path(place).name
    return f"From the package index: llm install {name}" if re.fullmatch(r"[A-Za-z0-9._-]+", name) else ""


def _url(typed: str, name: str | None, extras: tuple[str, ...], place: str, editable: bool) -> Requirement:
    if editable:
        raise UsageError("-e wants a directory, not a URL.", hint="Clone it, and install the clone: -e DIR")
    canonical = canonical_name(name) if name else None
    url, _, fragment = place.partition("#")
    fields = dict(part.partition("=")[::2] for part in fragment.split("&") if "=" in part)
    if canonical is None and fields.get("egg"):
        canonical = canonical_name(fields["egg"].partition("[")[0])
    if url.startswith("git+"):
        scheme, _, rest = url.removeprefix("git+").partition("://")
        if scheme not in ("https", "http", "ssh", "file"):
            raise UsageError(f"{scheme!r} in {typed!r} is no way to reach a repository.", hint="Write git+https://...")
        host, slash, path = rest.partition("/")
        path, _, revision = path.partition("@")
        location = f"{scheme}://{host}{slash}{path}"
        return Requirement(
            "git", typed, canonical, extras, "", location, fields.get("subdirectory", ""), unquote(revision)
        )
    path = unquote(urlsplit(url).path)
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"{typed!r} is no URL to install from.", hint="Use https:// or git+https://.")
    if path.endswith(".whl"):
        return Requirement("url", typed, wheel_name(path.rpartition("/")[2]), extras, "", place)
    if path.endswith(ARCHIVES):
        return Requirement("url-source", typed, canonical, extras, "", url, fields.get("subdirectory", ""))
    raise InstallError(
        f"{without_password(typed)} is neither a wheel nor an archive of a source.",
        hint=f"If it is a git repository: llm install git+{without_password(url)}",
    )


def wheel_name(file_name: str) -> str:
    """Return the canonical distribution name in a wheel's *file_name*. Raises InstallError."""
    try:
        return canonical_name(parse_wheel_filename(file_name)[0])
    except InvalidWheelFilename as error:
        raise InstallError(f"{file_name} is not named as a wheel is.", why=str(error)) from error


def parse_more(requirements: tuple[str, ...], option: str) -> list[Pep508]:
    """Return the requirements given with *option*. Raises UsageError."""
    parsed = []
    for text in requirements:
        try:
            parsed.append(Pep508(text))
        except InvalidRequirement as error:
            raise UsageError(
                f"{text!r} is nothing that {option} takes.",
                why=str(error).splitlines()[0] + ".",
                hint=f"Write {option} NAME or {option} 'NAME<2'.",
            ) from error
    return parsed


def _extras(bracketed: str) -> tuple[str, ...]:
    return tuple(sorted(part.strip() for part in bracketed.strip("[]").split(",") if part.strip()))


def without_password(text: str) -> str:
    """Return *text* with the user and password of every URL in it left out."""
    return re.sub(r"://[^/\s@]+@", "://", text)
