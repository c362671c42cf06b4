"""The person's terminal while a command of a plugin has it: whatever the command does to it is mended afterwards.

A command runs in this process's own group, as if it were this very program. So the kernel gives it what is typed,
Ctrl-C, Ctrl-Z and a new size of the window, a shell stops and resumes all of it as one job, and in a pipeline nobody
is cut off. (In a group of its own it would have to be handed the terminal, and the `less` of ``llm CMD | less`` would
be in the background, where whoever reads the terminal is stopped.)
"""

from __future__ import annotations

import fcntl
import os
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGTTOU = 1, 2, 13, 15, 22

STANDARD = (0, 1, 2)

ENDED_BY_SIGNAL = 128
"""A shell's ``$?`` for a program that a signal ended is this plus the signal's number."""

_PLAIN = b"\x1b[?1047l\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[?1l\x1b>\x1b[0m\x0f"
"""Back from the other screen (1047 does nothing where that is not shown), the cursor in sight, no reports of mouse or
pasting, ordinary keys, colours and letters: what a program that draws sends when it leaves.
"""


class Lent:
    """What a command is lent: descriptors 0 to 2, and the terminal where there is one, as they are at first."""

    __slots__ = ("_flags", "_is_foreground", "_modes", "_terminal")

    def __init__(self) -> None:
        self._flags = [_flags(number) for number in STANDARD]
        self._terminal = _open_terminal()
        if self._terminal is not None:
            self._modes = termios.tcgetattr(self._terminal)
            self._is_foreground = _foreground_group(self._terminal) in (None, os.getpgrp())

    def take_back(self, *, broke_off: bool) -> None:
        """Put back what has changed. Called once. *broke_off*: the command was ended before it could do so itself.

        Where this process was, or is by now, in the background, the terminal is another's, and is left alone; so it is
        for what else of a pipeline still runs, which may have set it up for itself.
        """
        for number, flags in zip(STANDARD, self._flags, strict=True):
            if flags is not None and _flags(number) not in (
                flags,
                None,
            ):  # one that does not block upsets who shares it
                fcntl.fcntl(number, fcntl.F_SETFL, flags)
        if self._terminal is None:
            return
        try:
            with _no_stop_for_setting(), suppress(OSError, termios.error):
                if self._is_foreground and _is_ours(self._terminal):
                    self._mend(self._terminal, broke_off)
        finally:
            os.close(self._terminal)

    def _mend(self, terminal: int, broke_off: bool) -> None:
        termios.tcflow(terminal, termios.TCOON)
        has_changed = termios.tcgetattr(terminal) != self._modes
        if not (has_changed or broke_off) or _is_pipeline_left():
            return
        if has_changed:
            termios.tcsetattr(terminal, termios.TCSANOW, self._modes)
        if os.environ.get("TERM", "dumb") != "dumb":
            os.write(terminal, _PLAIN)


@contextmanager
def signals_left_to_command() -> Iterator[None]:
    """In this block Ctrl-C means the command, and not this process, which must leave when the command does.

    Being told to end, or losing the terminal, ends the block by SystemExit, so that all is tidied up; the status is
    what a shell expects. Only for the main thread.
    """
    import signal

    def leave(number: int, frame: object) -> None:
        raise SystemExit(ENDED_BY_SIGNAL + number)

    def ignore(number: int, frame: object) -> None:
        """Do nothing. (What is really ignored would stay so in programs that are started meanwhile.)"""

    wanted = {SIGINT: ignore, SIGTERM: leave, SIGHUP: leave}
    before = {number: signal.getsignal(number) for number in wanted}
    before = {number: was for number, was in before.items() if was not in (None, signal.SIG_IGN)}
    for number in before:
        signal.signal(number, wanted[number])
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


@contextmanager
def _no_stop_for_setting() -> Iterator[None]:
    """In this block the terminal may be set from the background, which otherwise stops who tries."""
    import signal

    before = signal.pthread_sigmask(signal.SIG_BLOCK, [SIGTTOU])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _open_terminal() -> int | None:
    """Return the terminal that this process belongs to, or else one that it is connected with, opened."""
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        connected = next((number for number in STANDARD if os.isatty(number)), None)
        return None if connected is None else os.dup(connected)


def _flags(number: int) -> int | None:
    """Return the flags of a descriptor, which all share who have it; None for one that is closed."""
    try:
        return fcntl.fcntl(number, fcntl.F_GETFL)
    except OSError:
        return None


def _is_ours(terminal: int) -> bool:
    """Say whether the terminal is ours. One that a command gave to a job of its own, which is gone, is taken back."""
    group = _foreground_group(terminal)
    if group is None or group == os.getpgrp():
        return True
    if _is_alive(group):
        return False
    os.tcsetpgrp(terminal, os.getpgrp())
    return True


def _foreground_group(terminal: int) -> int | None:
    """Return the group that may read the terminal; None where that is not ours to ask."""
    try:
        return os.tcgetpgrp(terminal)
    except OSError:
        return None


def _is_alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_pipeline_left() -> bool:
    """Say whether our group has members beside us, those that wait for us to end, and what is just ending of the
    command's own namespace.
    """
    parents, members = {}, set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/stat", "rb") as file:
                state, parent, group = file.read().rpartition(b")")[2].split()[:3]
                parents[int(name)] = int(parent)
                if int(group) == os.getpgrp() and state not in b"ZX":
                    members.add(int(name))
    process: int | None = os.getpid()
    while process is not None:
        members.discard(process)
        process = parents.pop(process, None)
    return not all(map(_is_in_namespace, members))


def _is_in_namespace(process: int) -> bool:
    """Say whether a process is in a pid namespace below ours, and so has numbers in more than one; or is gone."""
    try:
        with open(f"/proc/{process}/status", "rb") as file:
            numbers = next((line.split()[1:] for line in file if line.startswith(b"NSpid:")), [])
    except OSError:
        return True
    return len(numbers) > 1
