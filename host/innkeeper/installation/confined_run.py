"""Runs one of the host's own scripts, confined, to its end: over code that a plugin brought.

The script is all that the host trusts in there; what it prints is a stranger's, and kept bounded.
"""

from __future__ import annotations

import os
import selectors
import signal
import stat
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from innkeeper.confinement.confine import LOCKDOWN_FAILED, Confined, Run, confine
from innkeeper.confinement.policy import Policy
from innkeeper.confinement.view import DEVICES
from innkeeper.errors import ConfinementError, InstallError

from .interpreters import Interpreter

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "confined_scripts")

KEPT_OUTPUT_BYTES = 256 * 1024
"""Of what it wrote the end counts."""

DEVICES_MODE = 0o666
"""That of ``/dev/null`` and its like, everywhere: they are of use to all or to nobody."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How the script ended, and the end of what it wrote on both streams."""

    status: int
    output: str


def run_confined(
    tier: str,
    policy: Policy,
    script: str,
    argv: Sequence[str],
    *,
    interpreter: Interpreter,
    data_dir: str,
    timeout_s: float,
    venv: str | None = None,
    site_packages: str | None = None,
    cwd: str | None = None,
) -> Finished:
    """Run *script*, a file of `SCRIPTS`, under *policy*; *data_dir* is where it may write.

    Raises ConfinementError when it could not be locked down, InstallError when it takes longer than *timeout_s*.
    """
    confined = confine(
        tier,
        policy,
        interpreter=interpreter.path,
        base_prefix=interpreter.base_prefix,
        data_dir=data_dir,
        run=Run(script=os.path.join(SCRIPTS, script), argv=tuple(argv)),
        venv=venv,
        site_packages=site_packages,
        cwd=cwd,
    )
    try:
        with _devices_as_they_were(policy):
            process = _start(confined)
            try:
                output = _read_all(process, time.monotonic() + timeout_s)
            except TimeoutError as error:
                raise InstallError(
                    f"{policy.plugin}: {script.removesuffix('.py')} did not finish within {timeout_s:.0f} seconds."
                ) from error
            finally:
                _end(process)
    finally:
        confined.cleanup()
        if confined.broker_fd is not None:
            os.close(confined.broker_fd)
    if process.returncode == LOCKDOWN_FAILED:
        raise ConfinementError("This machine could not confine what was to run.", why=output.strip()[-500:])
    return Finished(process.returncode, output)


@contextmanager
def _devices_as_they_were(policy: Policy) -> Iterator[None]:
    """Put back the modes of the devices: a build may change modes, and where the person is root it owns these."""
    at_risk = DEVICES if policy.exec_any and os.geteuid() == 0 else ()
    before = {path: _mode(path) for path in at_risk}
    try:
        yield
    finally:
        for path in at_risk:
            if _mode(path) != before[path]:  # which another build may have changed, so that is not what they had
                os.chmod(path, DEVICES_MODE)


def _mode(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def _start(confined: Confined) -> subprocess.Popen[bytes]:
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, confined.blocked_signals)
    try:
        process = subprocess.Popen(
            confined.argv,
            env=confined.environment,
            pass_fds=confined.pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    confined.started()
    return process


def _read_all(process: subprocess.Popen[bytes], deadline: float) -> str:
    """Read what it writes until it ends, be there others who could still write. Raises TimeoutError."""
    assert process.stdout is not None
    output, ended = process.stdout.fileno(), os.pidfd_open(process.pid)
    os.set_blocking(output, False)
    kept = b""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(output, selectors.EVENT_READ)
            selector.register(ended, selectors.EVENT_READ)
            while True:
                left = deadline - time.monotonic()
                ready = {key.fd for key, _ in selector.select(left)} if left > 0 else set()
                if not ready:
                    raise TimeoutError
                part = _read(output)
                kept = (kept + part)[-KEPT_OUTPUT_BYTES:]
                if not part and output in ready:
                    selector.unregister(output)
                if not part and ended in ready:
                    return kept.decode("utf-8", "replace")
    finally:
        os.close(ended)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except BlockingIOError:
        return b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """See that it is gone, with all it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout:
        process.stdout.close()
