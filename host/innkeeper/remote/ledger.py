"""What plugins used and were refused in one run: told to the person where no error told it, and kept in the audit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from innkeeper.confinement.grants import NOTHING, Grants
from innkeeper.installation.inventory import InstalledPlugin
from innkeeper.process.denials import GRANTS, Denial, Denials
from innkeeper.storage.audit import record

if TYPE_CHECKING:
    from .host import Host

MOST_USES = 200
"""Things of one kind that a plugin used, kept in the audit of one run."""


class Ledger:
    """That of *host*."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._denials: dict[str, Denials] = {}
        self._used: dict[tuple[str, str], set[str]] = {}
        self._lock = threading.Lock()

    def denials(self, plugin: InstalledPlugin) -> Denials:
        """Return what *plugin* was refused in this run."""
        with self._lock:
            if plugin.name not in self._denials:
                self._denials[plugin.name] = Denials(
                    plugin.name,
                    self._host.home.log_file(plugin.name),
                    mask=self._host.mask,
                    tell=lambda one: record(
                        self._host.home, plugin.name, "refused", kind=one.kind, what=one.what, reason=one.reason
                    ),
                )
            return self._denials[plugin.name]

    def used(self, plugin: InstalledPlugin, kind: str, what: str) -> None:
        """Keep in the audit that *plugin* used what it was granted: each thing once a run."""
        alike = self._used.setdefault((plugin.name, kind), set())
        if what not in alike and len(alike) < MOST_USES:
            alike.add(what)
            record(self._host.home, plugin.name, "used", kind=kind, what=what)

    def has_reached_out(self, plugin: InstalledPlugin) -> bool:
        """Say whether *plugin* went, or wanted to go, to the network in this run."""
        refused = any(denial.kind == "net" for denial in self.denials(plugin).all())
        return refused or (plugin.name, "net") in self._used

    def refused_before_installed(self) -> Grants:
        """Return what would have to be granted to plugins that could not be installed, for nothing to be refused."""
        self._host.reread_index()
        grants = NOTHING
        for name, denials in list(self._denials.items()):
            grants = grants if self._host.index.named(name) else grants.add(denials.as_grants())
        return grants

    def left_to_tell(self) -> list[str]:
        """Return a sentence for each plugin that was refused something of which no error told."""
        with self._lock:
            found = list(self._denials.values())
        return [sentence for one in found if (sentence := one.left_to_tell(self._was_decided(one.plugin)))]

    def _was_decided(self, name: str) -> Callable[[Denial], bool]:
        """Return what says whether the person was asked about something that the plugin *name* was refused."""

        @cache
        def decided() -> Grants:
            from innkeeper.confinement.granting import answered

            plugin = self._host.index.named(name)
            return answered(self._host.home, name, plugin.source) if plugin is not None else NOTHING

        return lambda denial: denial.what in getattr(decided(), GRANTS.get(denial.kind, ""), ())
