"""How fast the wire is: small calls, streams, bulk, against the same by hand over pipes, in one run.

``python -m tests.benchmarks.transport`` from the repository; ``--plugin COMMAND ...`` starts the other side by
another command (default: ``python -m tests.benchmarks.transport_plugin``); ``--json`` prints one object.

Ratios are medians of interleaved rounds: raw, ours, raw, ours. Whoever has a running peer already, in a confined
process say, calls ``measure``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

from innkeeper_protocol import methods
from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.models import Prompt, PromptParams
from innkeeper_protocol.payloads.tools import CallToolParams
from innkeeper_protocol.peer import Peer

from .raw import RawChild, copy_seconds

CALLS = 2_000
CHUNKS = 400_000
SLOW_CHUNKS = 50
SLOW_PAUSE_S = 0.004
BULK_BYTES = 50_000_000
BLOCK_S = 0.2


@dataclass(frozen=True)
class Figure:
    """One thing measured: *value* must be at most, or at least, *aim*; *ours* and *raw* are its absolute medians."""

    name: str
    value: float
    aim: float
    at_least: bool
    ours: str
    raw: str

    @property
    def is_met(self) -> bool:
        """Whether the aim is reached."""
        return self.value >= self.aim if self.at_least else self.value <= self.aim


def small_call(peer: Peer, name: str = "echo", **arguments: object) -> str:
    """Call a tool, the smallest call of the real table."""
    return peer.call(methods.CALL_TOOL, CallToolParams(name=name, arguments=arguments)).output


def calls(peer: Peer) -> float:
    """Return the seconds of one small call."""
    start = time.perf_counter()
    for _ in range(CALLS):
        small_call(peer)
    return (time.perf_counter() - start) / CALLS


def _params(count: int, pause_s: float = 0) -> PromptParams:
    return PromptParams(model_id="bench", prompt=Prompt(text="", options={"count": count, "pause_s": pause_s}))


def stream(peer: Peer) -> float:
    """Return the chunks a second, each looked at."""
    start = time.perf_counter()
    letters = 0
    with peer.open_stream(methods.MODELS_PROMPT, _params(CHUNKS)) as items:
        for item in items:
            letters += len(item)
    assert letters == 5 * CHUNKS
    return CHUNKS / (time.perf_counter() - start)


def first_chunk(peer: Peer) -> float:
    """Return the seconds from asking for a stream to its first chunk."""
    start = time.perf_counter()
    with peer.open_stream(methods.MODELS_PROMPT, _params(1)) as items:
        next(items)
        taken = time.perf_counter() - start
        items.result()
    return taken


def delays(peer: Peer) -> list[float]:
    """Return how old each chunk of a slow stream is when it arrives."""
    with peer.open_stream(methods.MODELS_PROMPT, _params(SLOW_CHUNKS, SLOW_PAUSE_S)) as items:
        return [time.perf_counter() - float(item) for item in items]


def second_call(peer: Peer) -> float:
    """Return the seconds of a small call while a handler blocks."""
    blocked = threading.Thread(target=small_call, args=(peer, "block"), kwargs={"seconds": BLOCK_S})
    blocked.start()
    time.sleep(BLOCK_S / 4)
    start = time.perf_counter()
    small_call(peer)
    taken = time.perf_counter() - start
    blocked.join()
    return taken


def bulk(peer: Peer) -> float:
    """Return the seconds from asking for 50 MB to holding them."""
    start = time.perf_counter()
    content = peer.take_blob(int(small_call(peer, "bytes", size=BULK_BYTES)))
    taken = time.perf_counter() - start
    assert len(content) == BULK_BYTES
    return taken


def growth_of_stalled_stream(peer: Peer) -> float:
    """Return the megabytes that host and plugin grow by while nobody takes the items of a fast stream."""
    for _ in peer.open_stream(methods.MODELS_PROMPT, _params(1000)):
        pass
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + int(small_call(peer, "memory"))
    with peer.open_stream(methods.MODELS_PROMPT, _params(20_000_000)) as items:
        next(items)
        time.sleep(1)
        small_call(peer)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + int(small_call(peer, "memory"))
    return (after - before) / 1024


def _rounds(count: int, raw: Callable[[], float], ours: Callable[[], float]) -> tuple[float, float, float]:
    """Return the median of ours over raw, round by round, and both medians."""
    pairs = [(raw(), ours()) for _ in range(count)]
    ratio = statistics.median(ours / raw for raw, ours in pairs)
    return ratio, statistics.median(own for _, own in pairs), statistics.median(base for base, _ in pairs)


def measure(peer: Peer) -> list[Figure]:
    """Measure over *peer*, an initialized host whose other side has the handlers of ``transport_plugin``."""
    figures = [Figure("stalled reader, growth of both sides, MB", growth_of_stalled_stream(peer), 2, False, "", "")]
    with RawChild() as raw:
        raw.ping(CALLS)
        calls(peer)
        ratio, own, base = _rounds(7, lambda: raw.ping(CALLS), lambda: calls(peer))
        figures.append(Figure("small call, x raw pipe", ratio, 3.5, False, _us(own), _us(base)))
        ratio, own, base = _rounds(5, lambda: raw.stream(CHUNKS), lambda: stream(peer))
        figures.append(Figure("stream of 5-byte chunks, x raw", ratio, 3, True, _rate(own), _rate(base)))
        ratio, own, base = _rounds(101, raw.first_chunk, lambda: first_chunk(peer))
        figures.append(Figure("first chunk, x raw", ratio, 4.5, False, _us(own), _us(base)))
        call = statistics.median(calls(peer) for _ in range(3))
        late = statistics.median(delays(peer))
        base = statistics.median(raw.delays(SLOW_CHUNKS, SLOW_PAUSE_S))
        figures.append(Figure("delay in a slow stream, x a small call", late / call, 1, False, _us(late), _us(base)))
    second = statistics.median(second_call(peer) for _ in range(5))
    figures.append(Figure("second call while a handler blocks, ms", second * 1000, 2, False, _us(second), ""))
    bulk(peer)
    ratio, own, base = _rounds(7, lambda: copy_seconds(BULK_BYTES), lambda: bulk(peer))
    figures.append(Figure("50 MB of bytes, x memcpy", ratio, 3.5, False, _us(own), _us(base)))
    return figures


def _us(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} us"


def _rate(chunks: float) -> str:
    return f"{chunks / 1e6:.2f} M/s"


@contextlib.contextmanager
def started(command: list[str]) -> Iterator[Peer]:
    """Start *command* with a channel, and yield the host's peer to it, initialized."""
    ours, theirs = socket.socketpair()
    environment = {**os.environ, "INNKEEPER_CHANNEL": str(theirs.fileno())}
    with subprocess.Popen(command, pass_fds=[theirs.fileno()], env=environment) as process:
        theirs.close()
        peer = Peer(SocketLink(ours), role="host", handlers={})
        try:
            peer.initialize(timeout_s=10)
            yield peer
            peer.call(methods.SHUTDOWN, Nothing(), timeout_s=10)
        finally:
            peer.close()
            process.wait(10)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one object instead of a table")
    parser.add_argument("--plugin", nargs=argparse.REMAINDER, help="the command that starts the other side")
    arguments = parser.parse_args()
    command = arguments.plugin or [sys.executable, "-m", "tests.benchmarks.transport_plugin"]
    with started(command) as peer:
        figures = measure(peer)
    if arguments.json:
        print(json.dumps([{**asdict(figure), "is_met": figure.is_met} for figure in figures]))
        return
    for figure in figures:
        aim = f"{'>=' if figure.at_least else '<='} {figure.aim:g}"
        print(f"{figure.name:42} {figure.value:8.2f}  {aim:7} {figure.ours:>12} {figure.raw:>12}  "
              f"{'' if figure.is_met else 'MISSED'}")  # fmt: skip


if __name__ == "__main__":
    main()
