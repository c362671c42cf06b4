"""Gets the source behind a ``git+https://`` URL, with the person's own git and its credentials."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from innkeeper.errors import InstallError
from innkeeper.untrusted import cleaned

from .requirement import Requirement, without_password

FETCH_TIMEOUT_S = 600.0
"""One revision of a repository, without its history."""


def clone(requirement: Requirement, folder: str) -> str:
    """Fetch the one revision that *requirement* names into *folder*, and return that.

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
    _run(git, requirement, folder, "remote", "add", "origin", _without_credentials(requirement.location))
    try:
        _run(git, requirement, folder, "fetch", "--quiet", "--depth", "1", "origin", revision)
        _run(git, requirement, folder, "checkout", "--quiet", "FETCH_HEAD")
    except InstallError:
        if not requirement.revision:
            raise
        _run(git, requirement, folder, "fetch", "--quiet", "--tags", "origin")  # a short hash must be looked for
        _run(git, requirement, folder, "checkout", "--quiet", revision)
    if os.path.exists(os.path.join(folder, ".gitmodules")):
        more = ("submodule", "--quiet", "update", "--init", "--recursive", "--depth", "1")
        _run(git, requirement, folder, *more, protocols="https:http:ssh")  # a stranger's list: no path of this disk
    return folder


def _run(
    git: str, requirement: Requirement, folder: str, *arguments: str, protocols: str = "https:http:ssh:file"
) -> None:
    kept = ("HOME", "PATH", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "GIT_SSL_CAINFO", "XDG_CONFIG_HOME", "GIT_SSH_COMMAND")
    proxies = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "no_proxy")
    environment = {name: os.environ[name] for name in (*kept, *proxies) if name in os.environ}
    environment |= _credentials(requirement.location) | {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": protocols,
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
            why=cleaned(without_password("\n".join(lines[-3:]))),
            hint="Look whether `git ls-remote` can read that repository.",
        )


def _without_credentials(location: str) -> str:
    """Return the URL *location* fit for argv, which everyone on this machine may read."""
    parts = urlsplit(location)
    return urlunsplit(parts._replace(netloc=_host(parts))) if _has_credentials(parts) else location


def _credentials(location: str) -> dict[str, str]:
    """Return the variables that give git the user and password in the URL *location*, if it holds any."""
    parts = urlsplit(location)
    if not _has_credentials(parts):
        return {}
    token = base64.b64encode(f"{unquote(parts.username or '')}:{unquote(parts.password or '')}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{parts.scheme}://{_host(parts)}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {token}",
    }


def _has_credentials(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and "@" in parts.netloc


def _host(parts: SplitResult) -> str:
    return parts.netloc.rpartition("@")[2]
