"""The system call filter as a program: run here by a small machine, for both kinds of processor."""

from __future__ import annotations

import errno
import os
import struct
from typing import NamedTuple

import pytest
from innkeeper.confinement.assembler import ALLOW, assemble, fail, fail_if_one_of, fail_unless_one_of
from innkeeper.confinement.policy import Policy
from innkeeper.confinement.system_call_rules import OWN_PID, build_filter
from innkeeper.confinement.system_calls import MACHINES, NEWEST

ALLOWED, KILLED = 0x7FFF0000, 0x80000000


def run(program: bytes, audit_arch: int, number: int, *arguments: int) -> int:
    """Return what the kernel would do: classic BPF over the data of a system call."""
    data = struct.pack(
        "<IIQ6Q", number & 0xFFFFFFFF, audit_arch, 0, *[a & (2**64 - 1) for a in (*arguments, *[0] * 6)[:6]]
    )
    accumulator = position = 0
    while True:
        code, if_true, if_false, operand = struct.unpack_from("<HBBI", program, 8 * position)
        position += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, operand)[0]
        elif code == 0x54:
            accumulator &= operand
        elif code == 0x05:
            position += operand
        elif code == 0x06:
            return int(operand)
        else:
            tests = {0x15: accumulator == operand, 0x25: accumulator > operand, 0x35: accumulator >= operand}
            tests[0x45] = bool(accumulator & operand)
            position += if_true if tests[code] else if_false


class Case(NamedTuple):
    call: str
    arguments: tuple[int, ...]
    error: int | None
    """None is allowed, 0 pretends success."""


PLAIN = [
    Case("execve", (), errno.EPERM),
    Case("socket", (2, 1), errno.EACCES),
    Case("connect", (), errno.EACCES),
    Case("socketpair", (1, 1), None),
    Case("socketpair", (1, 1 | 0o2000000), None),
    Case("socketpair", (1, 5), None),
    Case("socketpair", (1, 2), errno.EACCES),
    Case("socketpair", (2, 1), errno.EACCES),
    Case("sendto", (3, 0, 0, 0x4000), None),
    Case("sendto", (3, 0, 0, 0x20000000), errno.EPERM),
    Case("sendmsg", (3, 0, 0x20000000), errno.EPERM),
    Case("clone", (0x3D0F00,), None),
    Case("clone", (17,), errno.EPERM),
    Case("clone", (0x3D0F00 | 0x10000000,), errno.EPERM),
    Case("clone3", (), errno.ENOSYS),
    Case("openat2", (), errno.ENOSYS),
    Case("io_uring_setup", (), errno.ENOSYS),
    Case("ptrace", (), errno.EPERM),
    Case("kill", (OWN_PID, 9), None),
    Case("kill", (1234, 9), errno.EPERM),
    Case("kill", (-1, 9), errno.EPERM),
    Case("prlimit64", (0, 7), None),
    Case("prlimit64", (1, 7), errno.EPERM),
    Case("setpriority", (0, 0, 5), None),
    Case("setpriority", (0, 9, 5), errno.EPERM),
    Case("setpriority", (2, 0, 5), errno.EPERM),
    Case("mmap", (0, 4096, 3, 0x22), None),
    Case("mmap", (0, 4096, 3, 0x21), errno.EPERM),
    Case("mmap", (0, 4096, 3, 0x01), None),
    Case("mmap", (0, 4096, 3, 0x23), errno.EPERM),
    Case("ioctl", (0, 0x5413), None),
    Case("ioctl", (0, 0x5412), errno.EPERM),
    Case("ioctl", (0, 0x5414), errno.EPERM),
    Case("ioctl", (0, 0x5413), None),
    Case("ioctl", (0, 0x5412 | 1 << 40), errno.EPERM),
    Case("ioctl", (0, 0x8912), errno.EPERM),
    Case("ioctl", (0, 0x88FF), None),
    Case("ioctl", (0, 0x8A00), None),
    Case("ioctl", (0, 0x540C), errno.EPERM),
    Case("ioctl", (0, 0x4AFF), None),
    Case("ioctl", (0, 0x4B00), errno.EPERM),
    Case("ioctl", (0, 0x4BFF), errno.EPERM),
    Case("ioctl", (0, 0x4C00), None),
    Case("ioctl", (0, 0x5606), errno.EPERM),
    Case("ioctl", (0, 0x5700), None),
    Case("fcntl", (0, 2), None),
    Case("fcntl", (0, 8), errno.EPERM),
    Case("prctl", (15,), None),
    Case("prctl", (1,), errno.EPERM),
    Case("setsockopt", (3, 1, 26), errno.EPERM),
    Case("setsockopt", (3, 41, 26), None),
    Case("openat", (0, 0, 0o101, 0o644), None),
    Case("openat", (0, 0, 0o101, 0o4755), errno.EPERM),
    Case("openat", (0, 0, 0, 0o4755), None),
    Case("fchmodat", (0, 0, 0o666), 0),
    Case("utimensat", (0, 1, 1, 0), 0),
    Case("utimensat", (0, 1, 0, 0), errno.EACCES),
    Case("fgetxattr", (), errno.EOPNOTSUPP),
    Case("setsid", (), errno.EPERM),
    Case("truncate", (), errno.EPERM),
]


def expected(error: int | None) -> int:
    return ALLOWED if error is None else 0x00050000 | error


def verdicts(program: bytes, machine: str, cases: list[Case]) -> list[tuple[Case, int]]:
    arch, _, numbers = MACHINES[machine]
    return [(case, run(program, arch, numbers[case.call], *case.arguments)) for case in cases]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_plugin_without_grants(machine: str) -> None:
    program = build_filter(Policy("plain"), machine=machine, namespaces=False, scoped_signals=True)

    assert verdicts(program, machine, PLAIN) == [(case, expected(case.error)) for case in PLAIN]


@pytest.mark.parametrize("machine", MACHINES)
def test_group_that_a_command_shares_with_the_host_cannot_be_signalled(machine: str) -> None:
    """In a namespace of its own the number of that group is 0, and the kernel would deliver."""
    program = build_filter(Policy("screen", terminal=True), machine=machine, namespaces=True, scoped_signals=False)
    cases = [Case("kill", (0, 9), errno.EPERM), Case("kill", (1234, 9), None), Case("kill", (-1, 9), None)]

    assert verdicts(program, machine, cases) == [(case, expected(case.error)) for case in cases]


@pytest.mark.parametrize("machine", MACHINES)
def test_a_build_makes_programs_but_none_that_is_run_as_somebody_else(machine: str) -> None:
    program = build_filter(Policy("build", exec_any=True), machine=machine, namespaces=True, scoped_signals=True)
    cases = [Case("fchmodat", (0, 0, 0o755), None), Case("fchmodat", (0, 0, 0o4755), errno.EPERM)]

    assert verdicts(program, machine, cases) == [(case, expected(case.error)) for case in cases]


@pytest.mark.parametrize("machine", MACHINES)
def test_in_namespaces_times_and_signals_are_its_own_business(machine: str) -> None:
    """Modes are not: not all that it sees there and the person owns is its own, such as devices and a terminal."""
    program = build_filter(Policy("plain"), machine=machine, namespaces=True, scoped_signals=True)
    cases = [
        Case("fchmodat", (0, 0, 0o666), 0),
        Case("utimensat", (0, 1, 1, 0), None),
        Case("kill", (1234, 9), None),
        Case("setsid", (), None),
        Case("execve", (), errno.EPERM),
        Case("socket", (2, 1), errno.EACCES),
    ]

    assert verdicts(program, machine, cases) == [(case, expected(case.error)) for case in cases]


@pytest.mark.parametrize("scoped", [True, False])
def test_a_plugin_that_runs_programs_signals_them_only_where_landlock_keeps_signals_inside(scoped: bool) -> None:
    policy = Policy("runner", run=("/bin/cat",))
    program = build_filter(policy, machine="x86_64", namespaces=False, scoped_signals=scoped)
    cases = [
        Case("fork", (), None),
        Case("execve", (), None),
        Case("clone", (17,), None),
        Case("clone", (17 | 0x8000,), errno.EPERM),
        Case("clone", (17 | 0x10000000,), errno.EPERM),
        Case("kill", (1234, 9), None if scoped else errno.EPERM),
        Case("setsid", (), errno.EPERM),
    ]

    assert verdicts(program, "x86_64", cases) == [(case, expected(case.error)) for case in cases]


def test_own_sockets_and_a_unix_server_open_what_they_say() -> None:
    own = build_filter(Policy("own", own_sockets=True), machine="x86_64", namespaces=True, scoped_signals=True)
    server = build_filter(Policy("server", unix_server=True), machine="x86_64", namespaces=True, scoped_signals=True)
    own_cases = [
        Case("socket", (2, 1), None),
        Case("socket", (10, 2), None),
        Case("socket", (1, 1), errno.EAFNOSUPPORT),
        Case("socket", (16, 3), errno.EAFNOSUPPORT),
        Case("connect", (), None),
    ]
    server_cases = [
        Case("socket", (1, 1), None),
        Case("socket", (1, 2), errno.EACCES),
        Case("socket", (2, 1), errno.EACCES),
        Case("bind", (), None),
        Case("listen", (), None),
        Case("accept4", (), None),
        Case("connect", (), errno.EACCES),
    ]

    assert verdicts(own, "x86_64", own_cases) == [(case, expected(case.error)) for case in own_cases]
    assert verdicts(server, "x86_64", server_cases) == [(case, expected(case.error)) for case in server_cases]


@pytest.mark.parametrize("machine", MACHINES)
def test_foreign_machines_are_killed_and_later_calls_unknown(machine: str) -> None:
    program = build_filter(Policy("plain"), machine=machine, namespaces=False, scoped_signals=True)
    arch, x32, _ = MACHINES[machine]

    assert run(program, 0x40000003, 5) == KILLED
    assert run(program, arch, NEWEST + 1) == expected(errno.ENOSYS)
    assert run(program, arch, 0x40000000 | 1) == (KILLED if x32 else expected(errno.ENOSYS))


def test_a_machine_without_a_table_has_no_filter() -> None:
    with pytest.raises(KeyError):
        build_filter(Policy("plain"), machine="pdp11", namespaces=False, scoped_signals=True)


def test_every_block_is_found_and_nothing_else() -> None:
    """The binary search, over so many numbers that its jumps need more than eight bits."""
    blocks = {
        number: [fail(number)] if number % 2 else fail_if_one_of(0, range(40), number) for number in range(0, 900, 3)
    }
    program = assemble(7, x32=False, newest=1000, blocks=blocks)

    for number in range(1000):
        found = [run(program, 7, number, argument) for argument in (0, 39, 40)]
        if number % 3 or number >= 900:
            assert found == [ALLOWED] * 3
        else:
            assert found == [expected(number)] * 2 + [expected(number) if number % 2 else ALLOWED]


def test_blocks_decide_by_argument() -> None:
    program = assemble(7, x32=False, newest=9, blocks={1: fail_unless_one_of(2, (5, 6), 13), 2: [ALLOW]})

    assert [run(program, 7, 1, 0, 0, value) for value in (4, 5, 6, 7)] == [expected(13), ALLOWED, ALLOWED, expected(13)]


def test_the_table_has_the_numbers_that_this_machine_uses() -> None:
    """A few that Python itself can tell apart by what they do."""
    import ctypes

    numbers = MACHINES[os.uname().machine][2]
    libc = ctypes.CDLL(None, use_errno=True)

    assert libc.syscall(numbers["prlimit64"], 0, 7, None, None) == 0
    assert libc.syscall(numbers["kill"], os.getpid(), 0) == 0
    assert libc.syscall(numbers["fcntl"], 1, 1) in (0, 1)
