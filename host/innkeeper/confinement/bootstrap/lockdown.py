"""Locks the calling thread, and whatever it starts, down for good. Called before there is any other thread.

The order matters: what a later step needs, an earlier one must not yet have taken. Every step that fails raises: the
caller ends the process, since half a lock-down is none.
"""

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from innkeeper.confinement.bootstrap import kernel
    from innkeeper.confinement.bootstrap.kernel import checked, pointer_to
else:
    import kernel
    from kernel import checked, pointer_to

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP, _PR_SET_SECCOMP = 1, 38, 24, 22
_SIGKILL = 9
_SECCOMP_MODE_FILTER = 2
_LAST_CAPABILITY = 63
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""The same on every machine."""
_FILES_ONLY = 0x1 | 0x2 | 0x4 | 0x4000 | 0x8000
"""Execute, write, read, truncate, ioctl: the rights that a rule for a file may have."""
_RIGHTS_BY_VERSION = (0, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF)
_TCP_SINCE, _SCOPES_SINCE = 4, 6
_FORGOTTEN = "/proc/"
"""The kernel makes these files anew when memory is short, and a rule is for one file: so they are held."""


def die_with(host_pid: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; leave at once if that has happened."""
    checked("prctl(PDEATHSIG)", kernel.function("prctl")(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0))
    if posix.getppid() != host_pid:
        posix._exit(0)


def lock_down(spec: "dict[str, Any]") -> None:
    """Put on all that *spec*, made by the host's ``confine``, asks for."""
    prctl = kernel.function("prctl")
    checked("prctl(NO_NEW_PRIVS)", prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _drop_capabilities(prctl)
    _limit(spec["limits"])
    version = _restrict_files(spec)
    signals_scoped = version >= _SCOPES_SINCE
    program: bytes = spec["filter"] if signals_scoped else spec["filter_unscoped"] or spec["filter"]
    _filter_calls(prctl, program.replace(spec["own_pid"], posix.getpid().to_bytes(4, sys.byteorder)))


def _drop_capabilities(prctl: "Any") -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        if prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == -1:
            break  # past the last one, or no right to drop any, having none
    version_3 = 0x20080522.to_bytes(4, sys.byteorder) + bytes(4)
    checked("capset", kernel.function("capset")(version_3, bytes(24)))


def _limit(limits: "list[tuple[int, int]]") -> None:
    prlimit = kernel.function("prlimit")
    for resource, value in limits:
        both = value.to_bytes(8, sys.byteorder) * 2
        checked(f"prlimit({resource})", prlimit(0, resource, both, None))


def _restrict_files(spec: "dict[str, Any]") -> int:
    """Restrict files and, where the kernel can, TCP, signals, abstract names; return Landlock's version, 0 for none."""
    syscall = kernel.function("syscall")
    version = max(syscall(_CREATE_RULESET, None, 0, 1), 0)
    if version < spec["landlock_needed"]:
        raise OSError(f"Landlock has version {version} here and {spec['landlock_needed']} is needed")
    if not version:
        for path, _, identity in spec["paths"]:
            _compare(path, posix.stat(path) if identity else None, identity)
        return 0
    handled = _RIGHTS_BY_VERSION[min(version, len(_RIGHTS_BY_VERSION) - 1)]
    tcp = 0 if spec["own_sockets"] or version < _TCP_SINCE else 0b11
    scopes = 0b11 if version >= _SCOPES_SINCE else 0
    words = [handled, *([tcp] if version >= _TCP_SINCE else []), *([scopes] if version >= _SCOPES_SINCE else [])]
    attributes = b"".join([word.to_bytes(8, sys.byteorder) for word in words])
    ruleset = checked("landlock_create_ruleset", syscall(_CREATE_RULESET, attributes, len(attributes), 0))
    for path, rights, identity in spec["paths"]:
        _allow(syscall, ruleset, path, rights & handled, identity)
    checked("landlock_restrict_self", syscall(_RESTRICT_SELF, ruleset, 0))
    posix.close(ruleset)
    return version


def _allow(syscall: "Any", ruleset: int, path: str, rights: int, identity: "tuple[int, int] | None") -> None:
    """Add a rule for *path* and what is below it; what does not exist, or may not be reached anyway, needs none.

    Raises OSError where it is not the file, or folder, of that *identity*.
    """
    try:
        descriptor = posix.open(path, posix.O_PATH | posix.O_CLOEXEC)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return
    state = posix.fstat(descriptor)
    _compare(path, state, identity)
    if state.st_mode & 0o170000 != 0o040000:
        rights &= _FILES_ONLY
    rule = rights.to_bytes(8, sys.byteorder) + descriptor.to_bytes(4, sys.byteorder)
    checked(f"landlock_add_rule({path})", syscall(_ADD_RULE, ruleset, 1, rule, 0))
    if not path.startswith(_FORGOTTEN):
        posix.close(descriptor)


def _compare(path: str, state: "Any", identity: "tuple[int, int] | None") -> None:
    if identity is not None and (state.st_dev, state.st_ino) != identity:
        raise OSError(f"{path} was replaced while this process started")


def _filter_calls(prctl: "Any", program: bytes) -> None:
    address, kept = pointer_to(program)
    header = (len(program) // 8).to_bytes(2, sys.byteorder) + bytes(6) + address
    checked("prctl(SECCOMP)", prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0))
    del kept
