"""Runs uv: the only place that does.

uv gets an environment of its own making: what is the person's way to packages (indexes, proxies, certificates, cache)
and nothing that would change what is made. It runs for a bounded time, its output is kept bounded, and it ends when
the host does.
"""

from __future__ import annotations

import ctypes
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from innkeeper.errors import InstallError

from .request import Progress
from .uv_failure import UvFailed

LOCK_TIMEOUT_S = 300.0
"""Finding versions reads metadata only; minutes mean that something hangs."""
SYNC_TIMEOUT_S = 3600.0
"""Fetching may be gigabytes on a slow line."""
KEPT_OUTPUT_BYTES = 256 * 1024
"""Of uv's output the end counts: errors stand there."""

_PASSED_ON = """
    HOME PATH LANG LC_ALL LC_CTYPE USER LOGNAME TMPDIR NETRC DBUS_SESSION_BUS_ADDRESS SSL_CERT_FILE
    SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy
    https_proxy all_proxy no_proxy XDG_CACHE_HOME XDG_CONFIG_HOME XDG_CONFIG_DIRS XDG_DATA_HOME
    UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_NO_INDEX UV_INDEX_STRATEGY
    UV_KEYRING_PROVIDER UV_INSECURE_HOST UV_NATIVE_TLS UV_SYSTEM_CERTS UV_CREDENTIALS_DIR UV_OFFLINE
    UV_CACHE_DIR UV_LINK_MODE UV_CONFIG_FILE UV_NO_CONFIG UV_HTTP_TIMEOUT UV_REQUEST_TIMEOUT
    UV_HTTP_CONNECT_TIMEOUT UV_HTTP_RETRIES UV_EXCLUDE_NEWER UV_CONCURRENT_DOWNLOADS UV_CONCURRENT_INSTALLS
    UV_PYTHON_INSTALL_DIR UV_PYTHON_INSTALL_MIRROR UV_PYTHON_DOWNLOADS
""".split()  # noqa: SIM905  # a line for each of fifty names is no easier to read
_INDEX_CREDENTIALS = re.compile(r"UV_INDEX_\w+_(USERNAME|PASSWORD)")

_PR_SET_PDEATHSIG = 1


def find_uv() -> str:
    """Return the path of uv: that of the wheel beside this host, else the one on PATH. Raises InstallError."""
    try:
        from uv import find_uv_bin

        return os.fsdecode(find_uv_bin())
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv")
    if found is None:
        raise InstallError("uv is not there, so no environment can be made.", hint="Install it: pip install uv")
    return found


def uv_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the whole environment that uv gets, made from the person's *environ*."""
    chosen = {name: value for name, value in environ.items() if name in _PASSED_ON or _INDEX_CREDENTIALS.match(name)}
    if not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & chosen.keys() and environ.get("PIP_INDEX_URL"):
        chosen["UV_DEFAULT_INDEX"] = environ["PIP_INDEX_URL"]  # who set this for pip means this, too
    if not {"UV_INDEX", "UV_EXTRA_INDEX_URL"} & chosen.keys() and environ.get("PIP_EXTRA_INDEX_URL"):
        chosen["UV_EXTRA_INDEX_URL"] = environ["PIP_EXTRA_INDEX_URL"]
    defaults = {
        "UV_HTTP_RETRIES": "2",  # three is the default and takes 12 s to say that there is no network
        "UV_HTTP_CONNECT_TIMEOUT": "10",
        "UV_PYTHON_DOWNLOADS": "never",
        "LANG": "C.UTF-8",
    }
    return defaults | chosen | {"NO_COLOR": "1"}


def run_uv(
    arguments: Sequence[str],
    *,
    cwd: str,
    timeout_s: float,
    progress: Progress | None = None,
    environ: Mapping[str, str] = os.environ,
) -> str:
    """Run ``uv ARGUMENTS`` in *cwd* and return what it wrote, both streams together.

    *progress* gets a line for each package that is being fetched. Raises UvFailed, or InstallError when it takes more
    than *timeout_s*.
    """
    argv = [find_uv(), *arguments, "--color", "never"]
    prepare = _prepare_child()
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=uv_environment(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=prepare,  # noqa: PLW1509  # three system calls, which take no lock
            process_group=0,
        )
    except OSError as error:
        raise InstallError("uv could not be started.", why=str(error)) from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    try:
        output = _read_all(process, time.monotonic() + timeout_s, progress)
    except TimeoutError as error:
        raise InstallError(
            f"uv did not finish within {timeout_s:.0f} seconds, and was stopped.",
            hint="Look whether the package index can be reached, and try again.",
        ) from error
    finally:
        _end(process)
    if process.returncode != 0:
        raise UvFailed(output or f"uv ended with status {process.returncode}")
    return output


def _read_all(process: subprocess.Popen[bytes], deadline: float, progress: Progress | None) -> str:
    """Read to the end of output; raises TimeoutError."""
    assert process.stdout is not None
    kept, line = b"", b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise TimeoutError
            part = os.read(process.stdout.fileno(), 65536)
            if not part:
                process.wait(max(deadline - time.monotonic(), 1.0))
                return kept.decode("utf-8", "replace")
            kept = (kept + part)[-KEPT_OUTPUT_BYTES:]
            *lines, line = (line + part).split(b"\n")
            line = line[-4096:]
            if progress is not None:
                for whole in lines:
                    _report(whole.decode("utf-8", "replace"), progress)


def _report(line: str, progress: Progress) -> None:
    """Pass on what is being fetched, and how much."""
    found = re.match(r"\s*Downloading (\S+) \(([\d.]+)\s*([KMG]iB)\)", line)
    if found:
        progress(f"Fetching {found[1]} ({found[2]} {found[3]})")


def _end(process: subprocess.Popen[bytes]) -> None:
    """See that it is gone, with all it started."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout:
        process.stdout.close()


def _prepare_child() -> Callable[[], None]:
    """Return what a child does before it becomes uv.

    It is going to end when this thread does, so that a killed installation leaves no uv behind. And Ctrl-C, which it
    gets as long as it is in our group, ends it quietly: our own way with it would be a traceback on the terminal.
    """
    prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def prepare() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    return prepare
