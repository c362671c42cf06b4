"""Starts the process of a plugin: the only place that does.

This runs before the host has loaded the rest of itself, so that both start up at once: it needs neither click nor
msgspec nor `subprocess`. What it returns is not yet spoken with; see `session`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from innkeeper.confinement.confine import BOOTSTRAP, SIGINT, SIGTERM, Confined, Run, confine
from innkeeper.confinement.policy import Policy
from innkeeper.confinement.tier import Tier
from innkeeper.errors import PluginStartFailed
from innkeeper.installation.generation import Held
from innkeeper.paths import Home
from innkeeper.storage.unwritable import what_to_do

from .child import Child
from .launcher import on_lasting_thread
from .log import Log

if TYPE_CHECKING:
    from .terminal import Lent

SIGPIPE, SIGXFSZ, SIGTTOU, SIGTTIN = 13, 25, 22, 21


class Launched:
    """A plugin's process. *channel* and *broker* are descriptors of the host's, for who speaks with it to own."""

    __slots__ = (
        *("_confined", "_held", "_lent", "broker", "channel", "child", "log", "own_paths", "plugin", "policy"),
        "tier",
    )

    def __init__(
        self,
        held: Held,
        policy: Policy,
        *,
        child: Child,
        channel: int,
        log: Log,
        confined: Confined,
        lent: Lent | None,
        tier: str,
        own_paths: tuple[str, ...],
    ) -> None:
        self.plugin = held.plugin
        self.policy = policy
        self.child = child
        self.channel = channel
        self.log = log
        self.broker = confined.broker_fd
        self.tier = tier
        self.own_paths = own_paths
        """Folders that it sees without being granted them: its environment, its data, its tmp."""
        self._confined = confined
        self._held = held
        self._lent = lent

    @property
    def is_confined(self) -> bool:
        return self.tier != "off"

    def discard(self) -> None:
        """End a process that nobody spoke with."""
        os.close(self.channel)
        if self.broker is not None:
            os.close(self.broker)
        self.child.kill()
        self.clean_up()

    def clean_up(self) -> None:
        """Remove what was made for the process, which is gone, and let its environment go. Called once."""
        if self._lent is not None:
            self._lent.take_back(broke_off=self.child.status != 0)
        self._confined.cleanup()
        os.close(self._held.descriptor)


def launch(
    home: Home,
    held: Held,
    policy: Policy,
    tier: Tier,
    *,
    cwd: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Launched:
    """Start the plugin that is *held*, under *policy* in *tier*. Its stdout and stderr are its log, its stdin is empty;
    with ``policy.terminal`` all three are this process's own, and so is its process group: see `terminal`.

    *held* is let go when the process is gone, or was not started. *cwd* is the person's working directory, for plugins
    that take paths. Raises PluginStartFailed, ConfinementError.
    """
    try:
        return _launch(home, held, policy, tier, cwd, environ)
    except BaseException:
        os.close(held.descriptor)
        raise


def _launch(  # noqa: PLR0917  # called in one place
    home: Home, held: Held, policy: Policy, tier: Tier, cwd: str | None, environ: Mapping[str, str]
) -> Launched:
    import _socket

    plugin = held.plugin
    try:
        log = Log(home.log_file(plugin.name))
    except OSError as error:
        raise PluginStartFailed(
            plugin.name,
            f"Plugin '{plugin.name}' was not started.",
            why=f"Its log: {error}",
            hint=what_to_do(error),
        ) from error
    ours, theirs = _socket.socketpair()
    try:
        confined = confine(
            tier,
            policy,
            interpreter=plugin.interpreter,
            base_prefix=plugin.base_prefix,
            data_dir=home.data_dir(plugin.name),
            run=Run(module="innkeeper_sdk"),
            venv=plugin.venv(home),
            site_packages=plugin.site_packages,
            channel_fd=theirs.fileno(),
            cwd=cwd,
            environ=environ,
        )
        lent = _lend() if policy.terminal else None
        try:
            pid = on_lasting_thread(lambda: _spawn(confined, None if policy.terminal else log.descriptor))
        except BaseException:
            if lent is not None:
                lent.take_back(broke_off=False)
            confined.cleanup()
            if confined.broker_fd is not None:
                os.close(confined.broker_fd)
            raise
        confined.started()
        child = Child(pid, shares_group=policy.terminal)
        data_dir, folders = home.data_dir(plugin.name), (plugin.base_prefix, plugin.venv(home), BOOTSTRAP)
        return Launched(
            held,
            policy,
            child=child,
            channel=ours.detach(),
            log=log,
            confined=confined,
            lent=lent,
            tier="off" if policy.trusted else str(tier),
            own_paths=tuple(path for path in (data_dir, confined.tmp_dir, *folders) if path),
        )
    except OSError as error:
        raise PluginStartFailed(
            plugin.name,
            f"Plugin '{plugin.name}' could not be started.",
            why=str(error),
            hint=f"If its environment is damaged: llm plugins repair {plugin.name}",
        ) from error
    finally:
        ours.close()
        theirs.close()
        log.started()


def _lend() -> Lent:
    from .terminal import Lent

    return Lent()


def _spawn(confined: Confined, log: int | None) -> int:
    """Start the process; without a *log* it gets our terminal and shares our group. Descriptors are handed over in the
    child alone: no other child can come by them.
    """
    actions: list[tuple[int, ...] | tuple[int, int, str, int, int]] = []
    if log is not None:
        actions += [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, log, 1),
            (os.POSIX_SPAWN_DUP2, log, 2),
        ]
    actions += [(os.POSIX_SPAWN_DUP2, number, number) for number in confined.pass_fds]
    settings: dict[str, Any] = {"setsigdef": (SIGPIPE, SIGXFSZ)}  # which Python itself ignores
    if log is not None:
        settings = {"setpgroup": 0, "setsigdef": (SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGTTIN, SIGTTOU)}
    return os.posix_spawn(
        confined.argv[0],
        confined.argv,
        confined.environment,
        file_actions=actions,
        setsigmask=confined.blocked_signals,
        **settings,
    )
