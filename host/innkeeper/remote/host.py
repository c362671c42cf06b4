"""One run of the host: the home, the index, and the plugins that run, each started when it is first needed.

Whoever makes a `Host` closes it; every plugin that it started is gone then. All methods are thread-safe: a plugin that
calls another plugin's model does so from a thread of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING

from innkeeper.errors import ConfinementError, UnknownPlugin
from innkeeper.installation.inventory import Index, InstalledPlugin, read_index
from innkeeper.installation.selection import VARIABLE, selected
from innkeeper.masking import Mask, holds_secret
from innkeeper.paths import Home
from innkeeper.storage.aliases import read_aliases
from innkeeper.storage.default_model import default_model

from .catalogue import Found, find_model, unknown_model
from .rooms import Room, Rooms

if TYPE_CHECKING:
    from innkeeper_protocol.payloads.describe import Description

    from innkeeper.confinement.grants import Grants
    from innkeeper.confinement.tier import Tier
    from innkeeper.process.launch import Launched
    from innkeeper.process.session import Session

    from .ledger import Ledger
    from .refresh import Latecomers

Progress = Callable[[str], None]


RUNTIME_VARIABLE = "INNKEEPER_RUNTIME"
"""By this the SDK in a plugin's process is told that it speaks for a plugin on the real ``llm``."""

DEFERRED_VARIABLE = "INNKEEPER_DEFERRED"
"""By this it is told for which classes of options pydantic can wait, where the plugin is not being described."""

DESCRIBE_S = 60.0
"""For importing a plugin and running its hooks. Some need 2 to 3 s for their imports, some ask a server."""


def say_nothing(line: str) -> None:
    """Show no progress."""


class Host:
    """*no_sandbox* is the person's word that plugins may run unconfined. *progress* gets a line for what takes long.

    *cwd* is the person's working directory, *environ* their environment.
    """

    def __init__(
        self,
        home: Home,
        *,
        no_sandbox: bool = False,
        environ: Mapping[str, str] = os.environ,
        cwd: str | None = None,
        progress: Progress = say_nothing,
    ) -> None:
        self.home = home
        self.environ = environ
        self.cwd = cwd
        self.progress = progress
        self._no_sandbox = no_sandbox
        self._index: Index | None = None
        self._not_installed: tuple[str, ...] = ()
        self._rooms = Rooms()
        self.mask = Mask()
        """The keys that were handed out in this run."""
        self.notice: Progress = say_nothing
        """Gets a line for what the person must know, and for which nobody asked."""
        self._allowed_once: dict[tuple[str, str], Grants] = {}
        self._ledger: Ledger | None = None
        self._latecomers: Latecomers | None = None
        self._unconfined: set[str] = set()
        self._lock = threading.Lock()

    @property
    def index(self) -> Index:
        """What is installed and may be used, as it was when it was first asked for."""
        if self._index is None:
            self._index, self._not_installed = selected(read_index(self.home), self.environ.get(VARIABLE))
        return self._index

    @property
    def not_installed(self) -> tuple[str, ...]:
        """The names in ``LLM_LOAD_PLUGINS`` that mean no plugin."""
        return self._not_installed if self.index else ()

    def reread_index(self) -> None:
        """Look again at what is installed."""
        self._index = None

    def plugin(self, name: str) -> InstalledPlugin:
        """Return the installed plugin *name*. Raises UnknownPlugin with the nearest names."""
        found = self.index.find(name)
        if found is None:
            if VARIABLE in self.environ and read_index(self.home).find(name):
                raise UnknownPlugin(f"Plugin '{name}' is installed, but {VARIABLE} leaves it out.")
            raise unknown_plugin(self.index, name)
        return found

    def key_named(self, given: str | None) -> str | None:
        """Return the key that the person gave for one call: itself, or the stored one with that name."""
        if not given:
            return None
        from innkeeper.storage.keys import stored_key

        key = stored_key(self.home, given) or given
        self.mask.add(key)
        return key

    def find_model(self, name: str | None = None, kind: str = "models") -> Found:
        """Return the model that *name* means, or the default one. Raises UnknownModel with the nearest names."""
        aliases = read_aliases(self.home)
        wanted = name or default_model(self.home)
        found = find_model(self.index, aliases, wanted, kind)
        if found is None and self.look_again():
            found = find_model(self.index, aliases, wanted, kind)
        if found is None:
            from .refresh import with_what_failed

            raise with_what_failed(unknown_model(self.index, aliases, wanted, kind), self.index.plugins)
        return found

    def granted(self, plugin: InstalledPlugin, *, models: str = "") -> Grants:
        """Return what *plugin* is allowed in this run, where it is told of *models*. Raises StorageError."""
        from innkeeper.confinement.grants import NOTHING, load

        granted = load(self.home, plugin.name, plugin.source)
        if plugin.is_default:
            from innkeeper.installation import openai_settings

            if openai_settings.concerns(plugin):
                granted = granted.add(openai_settings.granted_by_settings(self.home, self.environ, models))
        return granted.add(self._allowed_once.get((plugin.name, plugin.source), NOTHING))

    def tier(self, granted: Grants | None = None) -> Tier:
        """Return how a plugin with these grants is confined on this machine. Raises ConfinementError."""
        from innkeeper.confinement.tier import Tier, choose_tier

        try:
            return choose_tier(self.home, no_sandbox=self._no_sandbox)
        except ConfinementError:
            if granted is not None and granted.no_sandbox:
                return Tier("off")
            raise

    def launch_early(self, plugin: InstalledPlugin, *, read: Iterable[str] = (), terminal: bool = False) -> None:
        """Start *plugin* without a word to it yet, if it is up to date: `session` takes it from there."""
        from innkeeper.installation.fingerprint import is_current

        if is_current(self.home, plugin):
            room = Room(plugin.name, frozenset(read), terminal)
            self._rooms.prepare(room, self._launch(plugin, room))

    def session(
        self, plugin: InstalledPlugin, *, read: Iterable[str] = (), terminal: bool = False, models: str = ""
    ) -> Session:
        """Return the conversation with *plugin*, which is started, and made ready before that, where it is not.

        *read* are paths that the person named for what is asked next (`named_paths`). What a process may read is fixed
        when it starts, so such a call has one of its own, shared only with calls for which no more was named; a call
        without any goes to one that was shown nothing. With *terminal* it is the process of a command that the person
        runs, which gets their terminal, and no other call. *models* are for the plugin for OpenAI.

        Raises InstallError, ConfinementError, PluginError, StorageError.
        """
        room = Room(plugin.name, frozenset(read), terminal, models)
        return self._rooms.session(room, lambda launched: self._start(plugin, room, launched))

    def describe(
        self, plugin: InstalledPlugin, more: Grants | None = None, *, wait_s: float = DESCRIBE_S
    ) -> Description:
        """Start *plugin*, ask what it registers, and end it. Raises PluginError, ConfinementError.

        *more* is what it is about to be allowed. Whether it `looks_outside` for that is entered into *plugin*.
        """
        from innkeeper_protocol import methods
        from innkeeper_protocol.payloads.base import Nothing

        from innkeeper.confinement.grants import NOTHING

        session = self._converse(self._launch(plugin, Room(plugin.name), more=more or NOTHING))
        try:
            return session.call(methods.DESCRIBE, Nothing(), timeout_s=wait_s)
        finally:
            session.close()
            plugin.looks_outside = self.ledger.has_reached_out(plugin)

    def refresh(self, plugin: InstalledPlugin, *, wait_s: float = DESCRIBE_S) -> InstalledPlugin:
        """Ask *plugin* anew what it registers; return it as it is then. Raises as `session`."""
        from innkeeper.installation.install import refresh

        def describe(one: InstalledPlugin) -> Description:
            return self.describe(one, wait_s=wait_s)

        tier = self.tier(self.granted(plugin))
        refreshed = refresh(self.home, plugin, tier=tier, describe=describe, progress=self.progress)
        self.reread_index()
        return refreshed

    def look_again(self, *, wait: bool = True) -> bool:
        """Ask plugins anew that may register more models by now; say whether any was asked. Raises nothing of theirs.

        For names that mean nothing; see `refresh`. Without *wait* nothing is done while they are being asked already.
        """
        from .refresh import Latecomers

        with self._lock:
            if self._latecomers is None:
                self._latecomers = Latecomers(self)
        return self._latecomers.ask(wait=wait)

    def close(self) -> None:
        """End every plugin. An interrupt on the way kills those that are left."""
        self._rooms.close()

    def renew(self) -> None:
        """Begin anew in a process that was just forked off: the plugins that run are the other one's (see `forks`)."""
        self._rooms.leave()
        self._rooms = Rooms()
        self._latecomers = self._ledger = None
        self._lock = threading.Lock()  # who held it is a thread of the other process

    def __enter__(self) -> Host:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self, plugin: InstalledPlugin, room: Room, launched: Launched | None) -> Session:
        """Start *plugin* where it was not *launched*, and shake hands with it."""
        from innkeeper.installation.fingerprint import is_current

        if launched is None:
            if not is_current(self.home, plugin):
                plugin = self._make_ready(plugin)
            launched = self._launch(plugin, room)
        return self._converse(launched)

    def _make_ready(self, plugin: InstalledPlugin) -> InstalledPlugin:
        from innkeeper.installation.install import make_ready

        tier = self.tier(self.granted(plugin))
        ready = make_ready(self.home, plugin, tier=tier, describe=self.describe, progress=self.progress)
        self.reread_index()
        return ready

    def _launch(self, plugin: InstalledPlugin, room: Room, *, more: Grants | None = None) -> Launched:
        """Start *plugin*. It is described with *more* than it is allowed; None: it is not being described."""
        from innkeeper.confinement.grants import policy_for
        from innkeeper.installation.generation import hold
        from innkeeper.process.launch import launch
        from innkeeper.storage.audit import record
        from innkeeper.storage.database_views import database_views

        held = hold(self.home, plugin)  # which may be a newer one
        plugin = held.plugin
        try:
            if more is None:
                self._take_once(plugin)
            granted = self.granted(plugin, models=room.models)
            granted = granted if more is None else granted.add(more)
            tier = self.tier(granted)
            views = database_views(self.home, plugin.name, granted.databases)
            policy = policy_for(
                plugin.name, granted, read=(*plugin.extra_read, *views), shown=sorted(room.shown), environ=self.environ
            )
        except BaseException:
            os.close(held.descriptor)
            raise
        policy = policy._replace(terminal=room.has_terminal)
        if plugin.is_default:
            from innkeeper.installation import openai_settings

            if openai_settings.concerns(plugin):
                told = openai_settings.told_to_plugin(self.home, self.environ, room.models)
                policy = policy._replace(environment=(*policy.environment, *told))
        if plugin.runtime != "sdk":
            policy = policy._replace(environment=(*policy.environment, (RUNTIME_VARIABLE, plugin.runtime)))
        if plugin.deferred and more is None:
            policy = policy._replace(environment=(*policy.environment, (DEFERRED_VARIABLE, ",".join(plugin.deferred))))
        self.mask.add(*(value for name, value in policy.environment if holds_secret(name)))
        record(self.home, plugin.name, "started", tier=str(tier), grants=granted.as_fields())
        return launch(self.home, held, policy, tier, cwd=self.cwd, environ=self.environ)

    def _take_once(self, plugin: InstalledPlugin) -> None:
        """Use up what *plugin* was allowed for one run: it is this one, for all processes that it starts."""
        from innkeeper.confinement.grants import take_once

        taken = take_once(self.home, plugin.name, plugin.source)
        if any(taken):
            self._allowed_once[plugin.name, plugin.source] = taken

    def _converse(self, launched: Launched) -> Session:
        from innkeeper.process.session import Session

        from .services import Services

        plugin = launched.plugin
        try:
            denials = self.ledger.denials(plugin)
            services = Services(self, launched, denials)
            session = Session(
                launched,
                handlers=services.handlers(),
                on_notification=services.notified,
                denials=denials,
                mask=self.mask,
                on_connected=lambda host, port: self.ledger.used(plugin, "net", f"{host}:{port}"),
                environ=self.environ,
            )
        except BaseException:
            launched.discard()
            raise
        if not launched.is_confined:
            self._say_unconfined(launched)
        session.initialize()
        return session

    def _say_unconfined(self, launched: Launched) -> None:
        name = launched.plugin.name
        if name in self._unconfined:
            return
        self._unconfined.add(name)
        why = (
            f"as you allowed it; to confine it: llm plugins deny {name} --trust"
            if launched.policy.trusted
            else (
                "the sandbox is off, at your word" if self._no_sandbox else "this machine cannot confine it: llm doctor"
            )
        )
        self.notice(f"Warning: plugin '{name}' runs unconfined ({why}).")

    @property
    def ledger(self) -> Ledger:
        """What plugins used and were refused in this run."""
        with self._lock:
            if self._ledger is None:
                from .ledger import Ledger

                self._ledger = Ledger(self)
            return self._ledger

    def left_to_tell(self) -> list[str]:
        """Return a sentence for each plugin that was refused something of which no error told."""
        return [] if self._ledger is None else self._ledger.left_to_tell()


def unknown_plugin(index: Index, name: str) -> UnknownPlugin:
    """Return the error that says so, with the nearest names."""
    import difflib

    near = difflib.get_close_matches(name, [plugin.name for plugin in index.plugins], n=3, cutoff=0.5)
    hint = f"Near to it: {', '.join(near)}. " if near else ""
    return UnknownPlugin(f"There is no plugin '{name}'.", hint=f"{hint}What is installed: llm plugins --all")
