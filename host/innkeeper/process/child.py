"""A child process, until it is gone: waiting for it, signalling its group, and how it ended, in words."""

from __future__ import annotations

import os
import select
from _thread import allocate_lock

SIGTERM, SIGKILL = 15, 9
LAST_SIGNAL = 64

KILLED_S = 10.0
"""How long the kernel may take to end what was killed. Only a process stuck in the kernel needs more than moments."""


class Child:
    """The process *pid*, leader of a group of its own unless it *shares_group* with us. One object reaps it; any
    thread may ask.
    """

    __slots__ = ("_lock", "_pidfd", "_shares_group", "pid", "status")

    def __init__(self, pid: int, *, shares_group: bool = False) -> None:
        self.pid = pid
        self._shares_group = shares_group
        self._pidfd = os.pidfd_open(pid)
        self._lock = allocate_lock()
        self.status: int | None = None
        """How it ended, once it has: the exit status, or minus the number of the signal."""

    def wait(self, timeout_s: float) -> bool:
        """Wait at most *timeout_s* for its end; say whether it has ended. It is reaped then."""
        if self.status is None:
            poll = select.poll()
            try:
                poll.register(self._pidfd, select.POLLIN)
                ended = bool(poll.poll(timeout_s * 1000))
            except OSError:  # another thread has just reaped it
                ended = True
            if ended:
                self._reap()
        return self.status is not None

    def signal_group(self, number: int) -> None:
        """Send a signal to all of its group, or to it alone where that is ours, too; do nothing once it is gone."""
        if self.status is not None:
            return
        try:
            if self._shares_group:
                os.kill(self.pid, number)
            else:
                os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def end(self, *, leave_s: float, terminate_s: float) -> None:
        """See that it is gone: wait *leave_s*, then SIGTERM, wait *terminate_s*, then SIGKILL.

        An interrupt on the way kills it at once, and is raised again when it is gone.
        """
        try:
            if self.wait(leave_s):
                return
            self.signal_group(SIGTERM)
            self.wait(terminate_s)
        finally:
            self.kill()

    def disown(self) -> None:
        """Leave it to the process that this one was forked off: here it counts as ended, and nothing is done to it."""
        self.status = 0

    def kill(self) -> None:
        """End it, and what is left of its group, now."""
        if not self.wait(0):
            self.signal_group(SIGKILL)
            self.wait(KILLED_S)

    def _reap(self) -> None:
        """Take how it ended. What it leaves in its group goes now, while the group cannot come to mean another."""
        with self._lock:
            if self.status is not None:
                return
            self.signal_group(SIGKILL)
            try:
                _, found = os.waitpid(self.pid, 0)
                self.status = os.waitstatus_to_exitcode(found)
            except ChildProcessError:  # the program that imported us ignores SIGCHLD, or waits for every child
                self.status = 0
            os.close(self._pidfd)


def ended_by(status: int | None) -> int | None:
    """Return the number of the signal that ended a process, None where none did."""
    if status is not None and status < 0:
        return -status
    if status is not None and 0 < status - 128 <= LAST_SIGNAL:  # bubblewrap says so of a plugin that a signal ended
        return status - 128
    return None


def how_it_ended(status: int | None) -> str:
    """Return a sentence about an end: ``It exited with status 7.``"""
    if status is None:
        return "It is still running."
    number = ended_by(status)
    if number is None:
        return f"It exited with status {status}."
    import signal

    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    return f"It was ended by {name}."
