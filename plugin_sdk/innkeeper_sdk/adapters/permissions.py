"""``register_permissions``: what a plugin says it needs. Asking grants nothing."""

from __future__ import annotations

from innkeeper_protocol.payloads.describe import PermissionRequest

from innkeeper_sdk.registry import Registry


class Permissions:
    """What the hook gets: one method a kind of need, each may be called any number of times.

    ``request.net("api.example.com", "api.example.com:8443")``, ``request.keys("example")``, ``request.reason("...")``.
    """

    def __init__(self) -> None:
        self._lists: dict[str, list[str]] = {}
        self._terminal = False
        self._memory_bytes: int | None = None
        self._reasons: list[str] = []

    def net(self, *hosts: str) -> None:
        """Ask to reach *hosts*: ``name`` or ``name:port``."""
        self._add("net", hosts)

    def keys(self, *names: str) -> None:
        """Ask for stored keys by name."""
        self._add("keys", names)

    def env(self, *names: str) -> None:
        """Ask for environment variables."""
        self._add("env", names)

    def read(self, *paths: str) -> None:
        """Ask to read files and directories."""
        self._add("read", paths)

    def write(self, *paths: str) -> None:
        """Ask to write files and directories."""
        self._add("write", paths)

    def run(self, *programs: str) -> None:
        """Ask to run programs."""
        self._add("run", programs)

    def databases(self, *names: str) -> None:
        """Ask for databases of the host: ``logs``, ``embeddings``."""
        self._add("databases", names)

    def terminal(self) -> None:
        """Ask for the person's terminal."""
        self._terminal = True

    def memory(self, size_bytes: int) -> None:
        """Ask for more memory than plugins get by default."""
        self._memory_bytes = max(size_bytes, self._memory_bytes or 0)

    def reason(self, text: str) -> None:
        """Say, for the person who decides, what all this is for."""
        self._reasons.append(text)

    def payload(self) -> PermissionRequest:
        """Return what was asked for, each thing once."""
        lists = {kind: tuple(dict.fromkeys(names)) for kind, names in self._lists.items()}
        return PermissionRequest(
            **lists, terminal=self._terminal, memory_bytes=self._memory_bytes, reason=" ".join(self._reasons)
        )

    def _add(self, kind: str, names: tuple[str, ...]) -> None:
        for name in names:
            if not isinstance(name, str):
                raise TypeError(f"{kind}() takes strings, not {type(name).__name__}")
        self._lists.setdefault(kind, []).extend(names)


def requested(registry: Registry) -> PermissionRequest:
    """Run the hook and return what it asked for."""
    permissions = Permissions()
    registry.permissions(permissions)
    return permissions.payload()
