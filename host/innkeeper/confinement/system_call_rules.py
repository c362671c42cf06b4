"""Which system calls a policy refuses, and what they answer.

What is not named here is allowed, what is newer than the list does not exist (`system_calls.NEWEST`). The reasons
stand with each group; the attacks that each one stops are in ``tests/host/confinement``. Every rule holds for both
tiers unless it says otherwise: the namespaces of tier ns are a second wall, not a replacement for the first.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

from .assembler import (
    ALLOW,
    AND,
    ANY_BIT,
    AT_LEAST,
    EQUAL,
    GREATER,
    Block,
    Instruction,
    assemble,
    fail,
    fail_if_all_bits,
    fail_if_any_bit,
    fail_if_one_of,
    fail_unless_one_of,
    load,
)
from .policy import Policy
from .system_calls import MACHINES, NEWEST

OWN_PID = 0x7E57_C0DE
"""Stands in the program for the plugin's own process id, which is only known inside: the bootstrap puts it there."""

_FOREIGN_PROCESSES = """ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
pidfd_open pidfd_getfd pidfd_send_signal migrate_pages move_pages"""
_NAMESPACES_AND_MOUNTS = """mount umount2 pivot_root chroot unshare setns open_tree move_mount mount_setattr
fsopen fsconfig fsmount fspick statmount listmount quotactl quotactl_fd swapon swapoff"""
_KERNEL_SURFACE = """bpf perf_event_open userfaultfd add_key request_key keyctl vmsplice seccomp lsm_set_self_attr
create_module init_module finit_module delete_module kexec_load kexec_file_load iopl ioperm modify_ldt personality
syslog acct reboot uselib sysfs _sysctl nfsservctl lookup_dcookie remap_file_pages vhangup name_to_handle_at
open_by_handle_at
"""
_CLOCKS_AND_NAMES = "settimeofday clock_settime adjtimex clock_adjtime sethostname setdomainname"
_WATCHES = "fanotify_init fanotify_mark inotify_add_watch"
"""They tell when files are used that the plugin may not even read."""
_SHARED_MEMORY_AND_QUEUES = """shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr memfd_create memfd_secret"""
"""They reach other processes of the person, and memory that RLIMIT_DATA does not count."""
_IDENTITY = "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset"
_FILE_OWNERS = "mknod mknodat chown fchown lchown fchownat truncate"
"""Landlock does not know owners, and truncating by path only from its third version on; open files can be cut."""

_REFUSED = " ".join(
    (
        _FOREIGN_PROCESSES,
        _NAMESPACES_AND_MOUNTS,
        _KERNEL_SURFACE,
        _CLOCKS_AND_NAMES,
        _WATCHES,
        _SHARED_MEMORY_AND_QUEUES,
        _IDENTITY,
        _FILE_OWNERS,
    )
)

_UNKNOWN = """clone3 openat2 io_uring_setup io_uring_enter io_uring_register
io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents"""
"""Their arguments lie in memory, where a filter cannot look. Told that there is no such call, callers use an older."""

_ATTRIBUTES = """setxattr lsetxattr fsetxattr getxattr lgetxattr fgetxattr
listxattr llistxattr flistxattr removexattr lremovexattr fremovexattr"""
_MODES = "chmod fchmod fchmodat fchmodat2"
"""Landlock does not know them, so in tier inproc they would reach every file of the person; in tier ns the devices,
where the person is root, their terminal, the plugin's log, and its data, which others on the machine could then read.
Answered with success, so that ``shutil.copy2`` and ``tarfile`` go on. A build, in tier ns, makes programs."""
_TIMES = "utime utimes futimesat utimensat"
"""The same in tier inproc; in tier ns there is nothing in sight whose times matter."""

_TOUCH: Block = [load(2), (EQUAL, 0, 1, 0), fail(errno.EACCES), fail(0)]
"""Without times it means now, and is how `pathlib` sees whether there is a file to make: success would be a lie."""

_SET_ID_BITS = 0o6000
_O_CREAT_OR_TMPFILE = 0o100 | 0o20000000
_MSG_FASTOPEN = 0x20000000
_SOL_SOCKET = 1
_AF_UNIX, _AF_INET, _AF_INET6 = 1, 2, 10
_SOCK_STREAM, _SOCK_SEQPACKET, _SOCK_TYPE_MASK = 1, 5, 0xFF
_MAP_SHARED_ANONYMOUS = 0x01 | 0x20
_CLONE_THREAD = 0x00010000
_CLONE_ELSEWHERE = 0x7E020000 | 0x00000080 | 0x00008000
"""CLONE_NEW* puts the child into new namespaces, CLONE_PARENT makes it a child of the host."""
_TERMINAL_IOCTLS = (0x5412, 0x541C, 0x540E, 0x541D, 0x5423, 0x540C, 0x5414)
"""TIOCSTI types for the person, TIOCLINUX pastes, TIOCSCTTY takes a terminal, TIOCCONS diverts the console, TIOCSETD
changes how the kernel reads the line, TIOCEXCL keeps the person from opening their own terminal, TIOCSWINSZ tells all
that run there a size that the window does not have.
"""
_IOCTL_RANGES = ((0x4B00, 0x4BFF), (0x5600, 0x56FF), (0x8900, 0x89FF))
"""Keyboard and screen of a console, what switches between consoles (both could shut the person out), and sockets'."""
_FCNTLS = (8, 10, 15, 1024, 1026)
"""F_SETOWN, F_SETSIG, F_SETOWN_EX send signals elsewhere; F_SETLEASE and F_NOTIFY watch others' files."""
_PRCTLS = (1, 4, 22, 24, 28, 35, 47, 0x59616D61)
"""PDEATHSIG, DUMPABLE, SECCOMP, CAPBSET_DROP, SECUREBITS, MM, CAP_AMBIENT, PTRACER."""
_SOCKET_OPTIONS = (26, 50, 51, 52)
"""SO_ATTACH_FILTER, _BPF, _REUSEPORT_CBPF and _REUSEPORT_EBPF: programs for the kernel."""


def build_filter(policy: Policy, *, machine: str, namespaces: bool, scoped_signals: bool) -> bytes:
    """Return the program for *policy*. Raises KeyError for a *machine* that has no table.

    *namespaces* says that this is tier ns; *scoped_signals* that Landlock keeps signals inside (its sixth version),
    so that a plugin with children may signal them.
    """
    audit_arch, x32, numbers = MACHINES[machine]
    rules = _each(_REFUSED.split(), fail(errno.EPERM))
    rules |= _each(_UNKNOWN.split(), fail(errno.ENOSYS))
    rules |= _each(_ATTRIBUTES.split(), fail(errno.EOPNOTSUPP))
    rules |= _files(policy, namespaces)
    rules |= _processes(policy, namespaces, scoped_signals)
    rules |= _sockets(policy)
    rules |= {
        "mmap": fail_if_all_bits(3, _MAP_SHARED_ANONYMOUS, errno.EPERM),
        "ioctl": _ioctl(),
        "fcntl": fail_if_one_of(1, _FCNTLS, errno.EPERM),
        "prctl": fail_if_one_of(0, _PRCTLS, errno.EPERM),
        "setsockopt": [load(1), (EQUAL, 1, 0, _SOL_SOCKET), ALLOW, *fail_if_one_of(2, _SOCKET_OPTIONS, errno.EPERM)],
    }
    blocks = {numbers[name]: block for name, block in rules.items() if name in numbers}
    return assemble(audit_arch, x32=x32, newest=NEWEST, blocks=blocks)


def _each(names: Iterable[str], answer: Instruction) -> dict[str, Block]:
    return {name: [answer] for name in names}


def _files(policy: Policy, namespaces: bool) -> dict[str, Block]:
    """Set-uid bits would hand the person's identity to other users of the machine."""
    rules: dict[str, Block] = {
        name: _fail_if_created_with_set_id(flags, mode) for name, flags, mode in (("open", 1, 2), ("openat", 2, 3))
    }
    rules["creat"] = fail_if_any_bit(1, _SET_ID_BITS, errno.EPERM)
    if not namespaces:
        rules |= _each(_TIMES.split(), fail(0)) | {"utimensat": _TOUCH}
    if not (namespaces and policy.exec_any):
        return rules | _each(_MODES.split(), fail(0))
    modes = (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("fchmodat2", 2))
    return rules | {name: fail_if_any_bit(mode, _SET_ID_BITS, errno.EPERM) for name, mode in modes}


def _fail_if_created_with_set_id(flags: int, mode: int) -> Block:
    return [
        load(flags),
        (ANY_BIT, 0, 3, _O_CREAT_OR_TMPFILE),
        load(mode),
        (ANY_BIT, 0, 1, _SET_ID_BITS),
        fail(errno.EPERM),
        ALLOW,
    ]


def _processes(policy: Policy, namespaces: bool, scoped_signals: bool) -> dict[str, Block]:
    own = [0, OWN_PID]
    rules: dict[str, Block] = {
        "prlimit64": fail_unless_one_of(0, own, errno.EPERM),
        "sched_setaffinity": fail_unless_one_of(0, own, errno.EPERM),
        "sched_setscheduler": fail_unless_one_of(0, own, errno.EPERM),
        "sched_setparam": fail_unless_one_of(0, own, errno.EPERM),
        "sched_setattr": fail_unless_one_of(0, own, errno.EPERM),
        "setpriority": [load(0), (EQUAL, 1, 0, 0), fail(errno.EPERM), *fail_unless_one_of(1, own, errno.EPERM)],
        "ioprio_set": [fail(errno.EPERM)],
    }
    if not namespaces:
        if not (policy.may_fork and scoped_signals):
            rules |= {
                name: fail_unless_one_of(0, [OWN_PID], errno.EPERM)
                for name in ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
            }
            rules["tkill"] = [fail(errno.EPERM)]
        rules |= _each(("setsid", "setpgid"), fail(errno.EPERM))  # it stays where a signal to its group finds it
    elif policy.terminal:
        rules["kill"] = fail_if_one_of(0, [0], errno.EPERM)  # its process group is the host's, beyond its namespace
    if policy.may_fork:
        rules["clone"] = fail_if_any_bit(0, _CLONE_ELSEWHERE, errno.EPERM)
    else:
        rules["clone"] = [
            load(0),
            (ANY_BIT, 0, 1, _CLONE_ELSEWHERE),
            fail(errno.EPERM),
            (ANY_BIT, 1, 0, _CLONE_THREAD),
            fail(errno.EPERM),
            ALLOW,
        ]
        rules |= _each(("fork", "vfork", "execve", "execveat"), fail(errno.EPERM))
    return rules


def _sockets(policy: Policy) -> dict[str, Block]:
    """No socket is made inside, but pairs that are connected from birth.

    A pair of datagrams could be sent to any address without connecting, and a closed TCP socket could open a new
    connection with MSG_FASTOPEN.
    """
    rules = _each(("socket", "connect", "bind", "listen", "accept", "accept4"), fail(errno.EACCES))
    rules["socketpair"] = _fail_unless_socket(_AF_UNIX, (_SOCK_STREAM, _SOCK_SEQPACKET))
    rules |= {
        name: fail_if_any_bit(flags, _MSG_FASTOPEN, errno.EPERM)
        for name, flags in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3))
    }
    if policy.own_sockets:
        rules["socket"] = fail_unless_one_of(0, [_AF_INET, _AF_INET6], errno.EAFNOSUPPORT)
        for name in ("connect", "bind", "listen", "accept", "accept4"):
            del rules[name]
    if policy.unix_server:
        rules["socket"] = _fail_unless_socket(_AF_UNIX, (_SOCK_STREAM,))
        for name in ("bind", "listen", "accept", "accept4"):
            del rules[name]
    return rules


def _fail_unless_socket(family: int, kinds: tuple[int, ...]) -> Block:
    tests = [(EQUAL, len(kinds) - i, 0, kind) for i, kind in enumerate(kinds)]
    return [
        load(0),
        (EQUAL, 1, 0, family),
        fail(errno.EACCES),
        load(1),
        (AND, 0, 0, _SOCK_TYPE_MASK),
        *tests,
        fail(errno.EACCES),
        ALLOW,
    ]


def _ioctl() -> Block:
    ranges: Block = []
    for first, last in reversed(_IOCTL_RANGES):
        to_fail = len(ranges) + 1
        ranges = [(AT_LEAST, 0, 1, first), (GREATER, 0, to_fail, last), *ranges]
    terminal = _TERMINAL_IOCTLS
    tests = [(EQUAL, len(terminal) - i + len(ranges), 0, request) for i, request in enumerate(terminal)]
    return [load(1), *tests, *ranges, ALLOW, fail(errno.EPERM)]
