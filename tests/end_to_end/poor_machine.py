"""Runs a command as on a machine that has less: a filter of system calls takes away what the command is not to find.

    python poor_machine.py landlock,namespaces llm doctor

Real enough for what Innkeeper tries, since it tries by doing: an old kernel and a strict container answer the same.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

from innkeeper.confinement.assembler import Block, assemble, fail, fail_if_any_bit
from innkeeper.confinement.system_calls import MACHINES

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _FILTER = 38, 22, 2
_NEW_NAMESPACES = 0x7E020000
_LANDLOCK_CALLS = (444, 445, 446)


def blocks(missing: set[str]) -> dict[int, Block]:
    numbers = MACHINES[os.uname().machine][2]
    found: dict[int, Block] = {}
    if "landlock" in missing:
        found |= {number: [fail(errno.ENOSYS)] for number in _LANDLOCK_CALLS}
    if "namespaces" in missing:
        found[numbers["unshare"]] = [fail(errno.EPERM)]
        found[numbers["clone"]] = fail_if_any_bit(0, _NEW_NAMESPACES, errno.EPERM)
        found[numbers["clone3"]] = [fail(errno.ENOSYS)]
    return found


def main() -> None:
    missing, command = set(sys.argv[1].split(",")), sys.argv[2:]
    audit_arch, x32, _ = MACHINES[os.uname().machine]
    program = assemble(audit_arch, x32=x32, newest=1 << 20, blocks=blocks(missing))
    kept = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(kept))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(_PR_SET_SECCOMP, _FILTER, header, 0, 0):
        raise OSError(ctypes.get_errno(), "the filter was not taken")
    os.execv(command[0], command)


main()
