"""What a person asked to have installed, and how: kept with the environment, so that it can be made again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from innkeeper.errors import InstallError

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.describe import Description

    from .inventory import InstalledPlugin

Progress = Callable[[str], None]
"""Takes one line about what is being done. Called from the installing thread; prints nothing by itself."""

Describe = Callable[["InstalledPlugin"], "Description"]
"""Starts a plugin whose environment is made, confined, and asks what it registers. It must not call `make_ready`: the
plugin is not in the index yet, and its lock is held. Raises PluginError.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallRequest:
    """*requirement* as typed: a name with extras and versions, a path, a URL. The rest: the options of ``install``."""

    requirement: str
    editable: bool = False
    with_: tuple[str, ...] = ()
    """Requirements more in this environment."""
    without: tuple[str, ...] = ()
    """Names of distributions that stay out of it, whoever depends on them."""
    python: str | None = None
    """A version (``3.12``) or the path of an interpreter."""
    pre: bool = False
    build: bool = False
    """Packages that come as source only may be built: that runs their code, confined."""
    upgrade: bool = False
    force_reinstall: bool = False
    no_cache: bool = False
    no_sandbox: bool = False
    """The person's word that this plugin may run where nothing can confine it."""

    def after(self, earlier: InstallRequest) -> InstallRequest:
        """Return this request with what the person said in an *earlier* one, about the same plugin, and leaves unsaid
        now. Forcing a reinstallation forgets it.
        """
        if self.force_reinstall:
            return self
        return replace(
            self,
            with_=self.with_ or earlier.with_,
            without=self.without or earlier.without,
            python=self.python or earlier.python,
            pre=self.pre or earlier.pre,
            no_sandbox=self.no_sandbox or earlier.no_sandbox,
        )

    def to_keep(self) -> InstallRequest:
        """Return what describes the environment; the rest was about this one installation."""
        return replace(self, upgrade=False, force_reinstall=False, no_cache=False)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def request_from_json(value: Any) -> InstallRequest:
    """Return the request that `InstallRequest.as_json` wrote, less what a newer host added. Raises ValueError."""
    if not isinstance(value, dict) or not isinstance(value.get("requirement"), str):
        raise ValueError("a kept request names no requirement")
    known: dict[str, Any] = {item.name: value[item.name] for item in fields(InstallRequest) if item.name in value}
    for name in ("with_", "without"):
        known[name] = tuple(str(item) for item in known.get(name, ()))
    return InstallRequest(**known)


class BuildNeeded(InstallError):
    """*packages* come as source only, and nobody allowed building them. With ``build=True`` the same request may do."""

    code = "build_needed"

    def __init__(self, packages: tuple[str, ...], *, subject: str) -> None:
        self.packages = packages
        names = "it" if packages == (subject,) else ", ".join(packages)
        super().__init__(
            f"{subject} was not installed: {names} must be built from source.",
            why="Building runs the package's own code on this machine. It would run confined, without network.",
            hint="Allow it for this installation: --build",
        )
