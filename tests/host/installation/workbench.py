"""A home, and what installs into it: the real parts, uv and confinement among them, without a command line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from innkeeper.confinement.tier import Tier, choose_tier
from innkeeper.errors import InnkeeperError
from innkeeper.installation.install import install, make_ready, repair
from innkeeper.installation.inventory import InstalledPlugin, read_index
from innkeeper.installation.request import InstallRequest
from innkeeper.paths import Home
from innkeeper.remote.host import Host


class Workbench:
    """A home in a folder of its own. *said* are the lines of progress."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.home = host.home
        self.root = Path(host.home.root)
        self.said: list[str] = []

    @property
    def means(self) -> dict[str, Any]:
        return {"tier": choose_tier(self.home), "describe": self.host.describe, "progress": self.said.append}

    def install(self, requirement: str | Path, *, tier: Tier | None = None, **options: Any) -> InstalledPlugin:
        means = {**self.means, **({"tier": tier} if tier else {})}
        return install(self.home, InstallRequest(requirement=str(requirement), **options), **means)

    def fails(self, requirement: str | Path, **options: Any) -> InnkeeperError:
        """Install what must fail, and return the error; nothing may be left of it."""
        before = self.everything()
        try:
            self.install(requirement, **options)
        except InnkeeperError as error:
            assert self.everything() == before
            return error
        raise AssertionError(f"{requirement} was installed")

    def make_ready(self, name: str) -> InstalledPlugin:
        plugin = self.plugin(name)
        return make_ready(self.home, plugin, **self.means)

    def repair(self, name: str) -> InstalledPlugin:
        return repair(self.home, name, **self.means)

    def plugin(self, name: str) -> InstalledPlugin:
        found = read_index(self.home).named(name)
        assert found is not None, f"{name} is not installed"
        return found

    def installed(self) -> dict[str, str]:
        """Return name and version of what was installed, the default plugins left out."""
        return {one.name: one.version for one in read_index(self.home).plugins if not one.is_default}

    def everything(self) -> dict[str, Any]:
        """Return what an installation may change: the index, and which folders there are."""
        folders = [self.root / "plugins", self.root / "cache" / "scratch"]
        listed = [path for folder in folders for pattern in ("*", "*/*/*") for path in folder.glob(pattern)]
        return {"installed": read_index(self.home), "folders": sorted(map(str, listed))}

    def distributions(self, name: str) -> dict[str, str]:
        """Return name and version of every distribution in the environment of plugin *name*."""
        folders = Path(self.plugin(name).site_packages).glob("*.dist-info")
        found = (folder.name.removesuffix(".dist-info").rpartition("-") for folder in folders)
        return {distribution.replace("_", "-"): version for distribution, _, version in found}


@contextmanager
def workbench(root: Path) -> Iterator[Workbench]:
    with Host(Home(str(root)), environ={**os.environ}) as host:
        yield Workbench(host)
