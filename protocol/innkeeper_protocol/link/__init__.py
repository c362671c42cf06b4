"""What carries the bytes of a connection, and the bell beside it."""

from __future__ import annotations

from .base import Bell, Link
from .memory import MemoryLink, memory_links
from .socket import SocketLink, socket_links

__all__ = ["Bell", "Link", "MemoryLink", "SocketLink", "memory_links", "socket_links"]
