"""What the transport is measured against: the same things done by hand between two Python processes, over pipes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import TracebackType

CHUNK = b"abcd "

_CHILD = """
import os, time
while True:
    asked = os.read(0, 65536)
    if not asked:
        break
    if asked[:1] == b"p":
        os.write(1, asked)
    elif asked[:1] == b"s":
        count = int(asked[1:])
        write = os.write
        for _ in range(count):
            write(1, b"abcd ")
    else:
        count, pause = asked[1:].split()
        for _ in range(int(count)):
            time.sleep(float(pause))
            os.write(1, b"%.7f" % time.perf_counter())
"""


class RawChild:
    """A Python process at the other end of two pipes."""

    def __enter__(self) -> RawChild:
        self._process = subprocess.Popen([sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin.fileno(), self._process.stdout.fileno()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def ping(self, count: int) -> float:
        """Return the seconds of one ping-pong of 60 bytes, over *count* of them."""
        message = b"p" * 60
        start = time.perf_counter()
        for _ in range(count):
            os.write(self._to, message)
            os.read(self._from, 65536)
        return (time.perf_counter() - start) / count

    def stream(self, count: int) -> float:
        """Return the chunks a second when the child writes *count* of them, one write each."""
        start = time.perf_counter()
        os.write(self._to, b"s%d" % count)
        left = count * len(CHUNK)
        while left:
            left -= len(os.read(self._from, 65536))
        return count / (time.perf_counter() - start)

    def first_chunk(self) -> float:
        """Return the seconds from asking for a stream to its first chunk."""
        start = time.perf_counter()
        os.write(self._to, b"s1")
        os.read(self._from, 65536)
        return time.perf_counter() - start

    def delays(self, count: int, pause_s: float) -> list[float]:
        """Return how old each chunk of a slow stream is when it arrives."""
        os.write(self._to, b"d%d %f" % (count, pause_s))
        sent = (float(os.read(self._from, 65536)) for _ in range(count))
        return [time.perf_counter() - moment for moment in sent]


def copy_seconds(size: int) -> float:
    """Return the seconds that copying *size* bytes in memory takes, both sides of it in place already."""
    source, target = bytearray(b"x") * size, bytearray(b"y") * size
    start = time.perf_counter()
    target[:] = source
    return time.perf_counter() - start
