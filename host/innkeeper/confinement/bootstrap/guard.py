"""Leaves a guard behind: when the plugin has ended, for whatever reason, what it started ends, too.

The kernel ends the plugin with its host, but not the plugin's children, and without a process namespace nothing else
does. They cannot leave the plugin's process group, so a process in it that is not confined sees to that. It is no child
of the plugin's, which may wait for all that it has.
"""

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal

_SIGKILL = 9
_MOST_DESCRIPTORS = 1 << 20


def leave_guard() -> None:
    """Fork it off, unless this process shares its group with others, who would go with it. OSError where it cannot be.

    Called before the process is locked down, and before there is any other thread.
    """
    if posix.getpgrp() != posix.getpid():
        return
    plugin = posix.pidfd_open(posix.getpid())
    child = posix.fork()
    if child == 0:
        if posix.fork() == 0:
            _guard(plugin)
        posix._exit(0)
    posix.waitpid(child, 0)
    posix.close(plugin)


def _guard(plugin: int) -> None:
    """Wait for the end of *plugin*, a pidfd, and end its group, this process included."""
    try:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, _signal.valid_signals())  # the group's are meant for the plugin
        posix.closerange(0, plugin)  # or who waits for the end of its channel, or its log, would wait for ours
        posix.closerange(plugin + 1, _MOST_DESCRIPTORS)
        import select

        poll = select.poll()
        poll.register(plugin, select.POLLIN)
        poll.poll()
    finally:
        posix.kill(0, _SIGKILL)
