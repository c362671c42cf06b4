"""One side of a connection, running: calls go out and come in, on threads, over a link."""

from __future__ import annotations

from .incoming import Handler, IncomingCall
from .peer import Peer
from .stream import Stream

__all__ = ["Handler", "IncomingCall", "Peer", "Stream"]
