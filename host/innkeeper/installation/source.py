"""Brings what the person named to a wheel, wherever it is: a directory, a file, an archive's URL, a git repository.

A name from the index, and the URL of a wheel, are left to uv.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
from dataclasses import dataclass, replace

from innkeeper.errors import InstallError

from . import git
from .build import Builder, build_wheel, requires_python_of
from .interpreters import Interpreter, choose
from .request import BuildNeeded, InstallRequest, Progress
from .requirement import Requirement, without_password
from .wheel import Distribution, read_wheel

FETCH_TIMEOUT_S = 60.0
"""Between two pieces of a download."""
MOST_ARCHIVE_BYTES = 2 * 1024**3
MOST_UNPACKED_BYTES = 8 * 1024**3


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on this machine, what it says of itself, and the Python that it was made or chosen for.

    *source* is the folder that an editable one leads to.
    """

    path: str
    distribution: Distribution
    interpreter: Interpreter
    source: str = ""


def obtain_wheel(
    requirement: Requirement, request: InstallRequest, *, tier: str, scratch: str, progress: Progress
) -> Wheel:
    """Return the wheel that *requirement*, anything but a name or a wheel's URL, stands for.

    Raises BuildNeeded where it has to be built and that was not allowed, InstallError where it cannot be had.
    """
    if requirement.kind == "wheel":
        distribution = read_wheel(requirement.location)
        chosen = choose(distribution.requires_python, request.python, subject=distribution.name)
        return Wheel(requirement.location, distribution, chosen)
    if not requirement.is_local_source and not request.build:
        raise BuildNeeded((requirement.subject,), subject=requirement.subject)
    source = _source(requirement, scratch, progress)
    return build_from(source, requirement, request, tier=tier, scratch=scratch, progress=progress)


def build_from(
    source: str, requirement: Requirement, request: InstallRequest, *, tier: str, scratch: str, progress: Progress
) -> Wheel:
    """Build the folder *source* with a Python that it may run on. What it says about Python may turn out only then."""
    editable = requirement.kind == "editable"
    requires_python = requires_python_of(source)
    for attempt in range(2):
        chosen = choose(requires_python, request.python, subject=requirement.subject)
        folder = os.path.join(scratch, f"build-{attempt}")
        builder = Builder(tier, requirement.subject, chosen, folder, progress, request.no_cache)
        wheel = build_wheel(builder, source, editable=editable)
        distribution = read_wheel(wheel)
        requires_python = distribution.requires_python
        if chosen.satisfies(requires_python):
            break
    return Wheel(wheel, distribution, chosen, source if editable else "")


def _source(requirement: Requirement, scratch: str, progress: Progress) -> str:
    if requirement.is_local_source:
        return requirement.location
    if requirement.kind == "git":
        progress(f"Fetching {without_password(requirement.location)}")
        return git.clone(requirement, os.path.join(scratch, "clone"))
    archive = requirement.location
    if requirement.kind == "url-source":
        archive = fetch(requirement.location, scratch, subject=requirement.subject, progress=progress)
    return unpack(archive, os.path.join(scratch, "unpacked"), requirement)


def fetch(url: str, folder: str, *, subject: str, progress: Progress, sha256: str | None = None) -> str:
    """Download *url* into *folder*; return the file's path. Raises InstallError, also where *sha256* is not its hash."""
    import httpx

    path = os.path.join(folder, os.path.basename(httpx.URL(url).path))
    shown = without_password(url)
    digest = hashlib.sha256()
    try:
        with (
            httpx.stream("GET", url, follow_redirects=True, timeout=FETCH_TIMEOUT_S) as response,
            open(path, "wb") as file,
        ):
            response.raise_for_status()
            length = int(response.headers.get("content-length", 0))
            progress(f"Fetching {shown}" + (f" ({length / 1e6:.1f} MB)" if length else ""))
            for part in response.iter_bytes():
                digest.update(part)
                file.write(part)
                if file.tell() > MOST_ARCHIVE_BYTES:
                    raise InstallError(f"{shown} is larger than {MOST_ARCHIVE_BYTES // 1024**3} GB.")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise InstallError(f"{subject} could not be fetched.", why=f"{shown}: {error}") from error
    if sha256 is not None and digest.hexdigest() != sha256:
        raise InstallError(f"{subject} could not be fetched.", why=f"{shown} is not the file that the index describes.")
    return path


def unpack(archive: str, folder: str, requirement: Requirement) -> str:
    """Unpack *archive* into *folder*; return where the package is in it. Nothing lands outside *folder*."""
    os.makedirs(folder)
    try:
        if archive.endswith(".zip"):
            with zipfile.ZipFile(archive) as opened:
                _check_size(sum(entry.file_size for entry in opened.infolist()), requirement)
                opened.extractall(folder)
        else:
            with tarfile.open(archive) as opened_tar:
                _check_size(sum(member.size for member in opened_tar.getmembers()), requirement)
                opened_tar.extractall(folder, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, RuntimeError) as error:
        raise InstallError(f"{os.path.basename(archive)} cannot be unpacked.", why=str(error)) from error
    inside = [os.path.join(folder, name) for name in os.listdir(folder)]
    top = inside[0] if len(inside) == 1 and os.path.isdir(inside[0]) else folder
    source = os.path.realpath(os.path.join(top, requirement.subdirectory))
    if not source.startswith(os.path.realpath(folder)) or not os.path.isdir(source):
        raise InstallError(f"{requirement.subject} has no folder {requirement.subdirectory!r}.")
    return source


def _check_size(size_bytes: int, requirement: Requirement) -> None:
    if size_bytes > MOST_UNPACKED_BYTES:
        raise InstallError(f"{requirement.subject} unpacks to more than {MOST_UNPACKED_BYTES // 1024**3} GB.")


def keep(wheel: Wheel, folder: str) -> Wheel:
    """Copy *wheel* into *folder*, from where the lock may name it for as long as the environment lives."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, os.path.basename(wheel.path))
    shutil.copyfile(wheel.path, path)
    return replace(wheel, path=path)
