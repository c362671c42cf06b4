"""What one installation is about, once it is known what the person's words stand for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

from innkeeper.paths import Home

from .interpreters import Interpreter, choose, usable
from .inventory import InstalledPlugin
from .record import Asked
from .request import Describe, InstallRequest, Progress
from .runtime import SDK
from .sdk_wheels import default_plugin_wheel
from .wheel import Distribution, read_wheel


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where environments are made, and with what. *tier* is how what is a stranger's is confined meanwhile."""

    home: Home
    tier: str
    describe: Describe
    progress: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plugin *name* is to get an environment.

    *wheel* is its file where that is on this machine, *source* the folder that an editable one leads to, *built* the
    wheels that were built for its earlier environment, and *first_python* what is tried before any other. *earlier* is
    what is in the index now; *keeps_versions* says that the versions chosen for it stay as far as they fit.
    """

    name: str
    source_kind: str
    location: str = ""
    asked: Asked
    wheel: str | None = None
    source: str = ""
    built: tuple[str, ...] = ()
    first_python: Interpreter | None = None
    earlier: InstalledPlugin | None = None
    keeps_versions: bool = False
    is_default: bool = False
    runtime: str = SDK
    """See `runtime`."""
    most_problems: int | None = None
    """What registers with more of them is not worth keeping; None: everything that can be loaded is."""

    @property
    def request(self) -> InstallRequest:
        return self.asked.request

    def interpreters(self, distribution: Distribution | None) -> Iterator[Interpreter]:
        """Yield the Pythons to try, best first. *distribution* is that of its wheel; machine code in it is for one."""
        if self.first_python is not None:
            yield self.first_python
            if self.request.python or (self.wheel is not None and not is_for_any_python(self.wheel)):
                return
        requires_python = distribution.requires_python if distribution else ""
        for interpreter in usable(self.request.python, subject=self.name):
            if interpreter != self.first_python and interpreter.satisfies(requires_python):
                yield interpreter


def is_for_any_python(wheel: str) -> bool:
    """Say whether the file name of *wheel* promises that it runs on any Python 3."""
    return os.path.basename(wheel).endswith(("-py3-none-any.whl", ".py3-none-any.whl"))


def plan_of_default(home: Home, name: str, asked: Asked, shipped: InstallRequest) -> Plan:
    """Return the plan for the default plugin *name*, from the wheel that this host has.

    *shipped* is the request that comes with the host: what it keeps out of the environment stays out, whatever else
    is *asked* for.
    """
    wheel = default_plugin_wheel(home, name)
    without = tuple(dict.fromkeys((*shipped.without, *asked.request.without)))
    return Plan(
        name=name,
        source_kind="default",
        asked=replace(asked, request=replace(asked.request, without=without)),
        wheel=wheel,
        first_python=choose(read_wheel(wheel).requires_python, asked.request.python, subject=name),
        is_default=True,
    )
