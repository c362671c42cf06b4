"""The processes of one run, each in the room that it was started for: which there are, who may share one, their end.

All methods are thread-safe.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from innkeeper.errors import InnkeeperError

if TYPE_CHECKING:
    from innkeeper.process.launch import Launched
    from innkeeper.process.session import Session


class Room(NamedTuple):
    """What tells the processes of one run apart: whose it is, the paths that it was shown, whether it has the person's
    terminal, and the *models* at other servers that it was told of (`installation.openai_settings`).
    """

    plugin: str
    shown: frozenset[str] = frozenset()
    has_terminal: bool = False
    models: str = ""


class Rooms:
    """Those of one `Host`, which starts what lives in them."""

    def __init__(self) -> None:
        self._launched: dict[Room, Launched] = {}
        self._sessions: dict[Room, Session] = {}
        self._starting: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()
        self._is_closed = False

    def prepare(self, room: Room, launched: Launched) -> None:
        """Keep a process with which nobody has spoken yet, for who asks for *room*."""
        self._launched[room] = launched

    def session(self, room: Room, start: Callable[[Launched | None], Session]) -> Session:
        """Return the session in *room*, or in one that may be shared; else the one that *start* makes of the process
        that was prepared, if one was. Nobody else starts that plugin meanwhile.
        """
        with self._lock:
            starting = self._starting.setdefault(room.plugin, threading.Lock())
        with starting:
            session = self._running(room)
            if session is None:
                session = start(self._launched.pop(room, None))
                with self._lock:
                    if not self._is_closed:
                        self._sessions[room] = session
                if self._is_closed:
                    session.close()
                    raise InnkeeperError("This host is closed.")
            return session

    def close(self) -> None:
        """End all of them; none is started any more. An interrupt on the way kills those that are left."""
        with self._lock:
            self._is_closed = True
            sessions, self._sessions = list(self._sessions.values()), {}
            launched, self._launched = list(self._launched.values()), {}
        try:
            for session in sessions:
                session.close()
        finally:
            for process in launched:
                process.discard()
            for session in sessions:
                session.kill()

    def leave(self) -> None:
        """Leave them to the process that this one was forked off."""
        for session in self._sessions.values():
            session.leave()
        for launched in self._launched.values():
            launched.child.disown()

    def _running(self, wanted: Room) -> Session | None:
        """Return a session whose process is as *wanted*. Sessions of the plugin that are over are put away."""
        with self._lock:
            own = {room: session for room, session in self._sessions.items() if room.plugin == wanted.plugin}
            over = [self._sessions.pop(room) for room, session in own.items() if session.is_over]
        for session in over:
            session.close()
        for room, session in own.items():
            fits = wanted.shown <= room.shown and bool(wanted.shown) == bool(room.shown)
            if session not in over and fits and wanted[2:] == room[2:]:
                return session
        return None
