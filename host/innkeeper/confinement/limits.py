"""The kernel's limits for a plugin, from those of its policy. Hard and soft are the same, so nothing can be raised."""

from __future__ import annotations

import resource

from .policy import Policy

_SHARED_PROCESS_COUNT = 8192
"""In tier inproc the kernel counts all threads of the person, and a desktop has thousands; there no plugin may fork."""


def kernel_limits(policy: Policy, namespaces: bool) -> list[tuple[int, int]]:
    """Return resource and limit, none above what this process itself may have: the kernel would refuse to raise it."""
    limits = policy.limits
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: limits.file_bytes,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_AS: limits.address_space_bytes,
        resource.RLIMIT_NPROC: limits.processes if namespaces else max(limits.processes, _SHARED_PROCESS_COUNT),
        resource.RLIMIT_MEMLOCK: 64 * 1024,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if limits.cpu_s is not None:
        wanted[resource.RLIMIT_CPU] = limits.cpu_s
    return [(kind, _at_most(value, resource.getrlimit(kind)[1])) for kind, value in wanted.items()]


def _at_most(value: int, hard: int) -> int:
    return value if hard == resource.RLIM_INFINITY else min(value, hard)
