"""Gets the source behind a ``git+https://`` URL, with the person's own git and its credentials."""

from __future__ import annotations

import os
import shutil
import subprocess

from innkeeper.errors import InstallError

from .requirement import Requirement, without_password

FETCH_TIMEOUT_S = 600.0
"""One revision of a repository, without its history."""


def clone(requirement: Requirement, folder: str) -> str:
    """Fetch the one revision that *requirement* names into *folder*; return where the package is in it.

    Nothing of the repository runs: no hooks, and no filters but the person's own. Raises InstallError.
    """
    git = shutil.which("git")
    if git is None:
        raise InstallError(f"git is not there, so {requirement.subject} cannot be fetched.", hint="Install git.")
    revision = requirement.revision or "HEAD"
    if revision.startswith("-") or not revision.isprintable():
        raise InstallError(f"{revision!r} is no revision of a repository.")
    os.makedirs(folder)
    _run(git, requirement, folder, "init", "--quiet")
    _run(git, requirement, folder, "remote", "add", "origin", requirement.location)
    try:
        _run(git, requirement, folder, "fetch", "--quiet", "--depth", "1", "origin", revision)
        _run(git, requirement, folder, "checkout", "--quiet", "FETCH_HEAD")
    except InstallError:
        if not requirement.revision:
            raise
        _run(git, requirement, folder, "fetch", "--quiet", "--tags", "origin")  # a short hash must be looked for
        _run(git, requirement, folder, "checkout", "--quiet", revision)
    if os.path.exists(os.path.join(folder, ".gitmodules")):
        _run(git, requirement, folder, "submodule", "--quiet", "update", "--init", "--recursive", "--depth", "1")
    source = os.path.realpath(os.path.join(folder, requirement.subdirectory))
    if os.path.commonpath([source, os.path.realpath(folder)]) != os.path.realpath(folder) or not os.path.isdir(source):
        raise InstallError(f"The repository of {requirement.subject} has no folder {requirement.subdirectory!r}.")
    return source


def _run(git: str, requirement: Requirement, folder: str, *arguments: str) -> None:
    kept = ("HOME", "PATH", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "GIT_SSL_CAINFO", "XDG_CONFIG_HOME", "GIT_SSH_COMMAND")
    proxies = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "no_proxy")
    environment = {name: os.environ[name] for name in (*kept, *proxies) if name in os.environ}
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "https:http:ssh:file",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "LC_ALL": "C.UTF-8",
    }
    try:
        done = subprocess.run(
            [git, "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false", *arguments],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=FETCH_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise InstallError(
            f"{requirement.subject} could not be fetched within {FETCH_TIMEOUT_S:.0f} seconds."
        ) from error
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InstallError(
            f"{requirement.subject} could not be fetched.",
            why=without_password("\n".join(lines[-3:])),
            hint="Look whether `git ls-remote` can read that repository.",
        )
