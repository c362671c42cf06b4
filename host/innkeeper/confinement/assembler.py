"""Assembles a seccomp filter: a program of classic BPF that the kernel runs at a system call.

A block of instructions for each system call that is not simply allowed, found by a binary search over the numbers, so
that a call costs about eight comparisons; for calls without a block the kernel (5.11 and newer) remembers that they
are allowed and runs nothing. Offsets of conditional jumps have 8 bits, so every longer way is an unconditional jump,
which has 32.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

Instruction = tuple[int, int, int, int]
"""code, instructions to skip when true, the same when false, operand."""
Block = Sequence[Instruction]

LOAD, AND = 0x20, 0x54
JUMP, EQUAL, GREATER, AT_LEAST, ANY_BIT = 0x05, 0x15, 0x25, 0x35, 0x45
RETURN = 0x06

ALLOW: Instruction = (RETURN, 0, 0, 0x7FFF0000)
KILL_PROCESS: Instruction = (RETURN, 0, 0, 0x80000000)

_NUMBER, _AUDIT_ARCH, _ARGUMENTS = 0, 4, 16
_X32_BIT = 0x40000000
_ENOSYS = 38
_LEAF = 4


def fail(errno: int) -> Instruction:
    """Return the answer *errno* without running the call; 0 pretends that it ran."""
    return (RETURN, 0, 0, 0x00050000 | errno)


def load(argument: int) -> Instruction:
    """Load the lower 32 bits of an argument, counted from 0: all the kernel looks at in flags, descriptors, pids."""
    return (LOAD, 0, 0, _ARGUMENTS + 8 * argument)


def fail_if_any_bit(argument: int, mask: int, errno: int) -> Block:
    return [load(argument), (ANY_BIT, 0, 1, mask), fail(errno), ALLOW]


def fail_if_all_bits(argument: int, mask: int, errno: int) -> Block:
    return [load(argument), (AND, 0, 0, mask), (EQUAL, 0, 1, mask), fail(errno), ALLOW]


def fail_if_one_of(argument: int, values: Sequence[int], errno: int) -> Block:
    tests = [(EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [load(argument), *tests, ALLOW, fail(errno)]


def fail_unless_one_of(argument: int, values: Sequence[int], errno: int) -> Block:
    tests = [(EQUAL, len(values) - i, 0, value) for i, value in enumerate(values)]
    return [load(argument), *tests, fail(errno), ALLOW]


def assemble(audit_arch: int, *, x32: bool, newest: int, blocks: Mapping[int, Block]) -> bytes:
    """Return the program: foreign machines killed, calls past *newest* unknown, *blocks* by number, others allowed."""
    program: list[Instruction] = [
        (LOAD, 0, 0, _AUDIT_ARCH),
        (EQUAL, 1, 0, audit_arch),
        KILL_PROCESS,
        (LOAD, 0, 0, _NUMBER),
    ]
    if x32:
        program += [(AT_LEAST, 0, 1, _X32_BIT), KILL_PROCESS]
    program += [(GREATER, 0, 1, newest), fail(_ENOSYS)]
    program += _search(sorted(blocks), blocks)
    return b"".join([struct.pack("<HBBI", *instruction) for instruction in program])


def _search(numbers: list[int], blocks: Mapping[int, Block]) -> list[Instruction]:
    if len(numbers) <= _LEAF:
        leaf: list[Instruction] = []
        for number in numbers:
            leaf.append((EQUAL, 0, len(blocks[number]), number))
            leaf.extend(blocks[number])
        return [*leaf, ALLOW]
    middle = len(numbers) // 2
    lower, upper = _search(numbers[:middle], blocks), _search(numbers[middle:], blocks)
    return [(AT_LEAST, 0, 1, numbers[middle]), (JUMP, 0, 0, len(lower)), *lower, *upper]
