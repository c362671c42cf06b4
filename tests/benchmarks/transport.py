"""How fast the wire is: small calls, streams, bulk, beside the same done by hand between two Python processes.

``python tests/benchmarks/transport.py`` from the repository. The plugin is a process of its own, confined as this
machine can, in a virtualenv that has the protocol from its wheel; at the other end is the host's peer. Raw and ours
take turns, and what counts is the median of their ratios.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from environments import REPOSITORY, Workbench, workbench
from innkeeper.confinement.confine import Run, confine
from innkeeper.confinement.policy import Policy
from innkeeper.confinement.tier import Tier, choose_tier
from innkeeper.paths import Home
from innkeeper_protocol import methods
from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.models import Prompt, PromptParams
from innkeeper_protocol.payloads.tools import CallToolParams
from innkeeper_protocol.peer import Peer
from measure import Report
from raw import RawChild, copy_seconds
from transport_plugin import own_kilobytes

PLUGIN = str(Path(__file__).with_name("transport_plugin.py"))

CALLS = 2_000
CHUNKS = 400_000
SLOW_CHUNKS = 50
SLOW_PAUSE_S = 0.004
BULK_BYTES = 50_000_000
BLOCK_S = 0.2
ENDLESS_CHUNKS = 20_000_000
LEAVE_S = 10.0


def small_call(peer: Peer, name: str = "echo", **arguments: object) -> str:
    """Call a tool, the smallest call that plugins are asked often."""
    return peer.call(methods.CALL_TOOL, CallToolParams(name=name, arguments=arguments)).output


def calls(peer: Peer) -> float:
    """Return the seconds of one small call, of many one after the other."""
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


def chunk_delay(peer: Peer) -> float:
    """Return how old a chunk of a slow stream is when it arrives, as a rule."""
    with peer.open_stream(methods.MODELS_PROMPT, _params(SLOW_CHUNKS, SLOW_PAUSE_S)) as items:
        return statistics.median([time.perf_counter() - float(item) for item in items])


def call_delay(peer: Peer) -> float:
    """Return the seconds of a small call, as a rule, where they are as seldom as the chunks of a slow stream."""
    taken = []
    for _ in range(SLOW_CHUNKS):
        time.sleep(SLOW_PAUSE_S)
        start = time.perf_counter()
        small_call(peer)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def second_call(peer: Peer) -> float:
    """Return the seconds of a small call while a handler blocks."""
    blocked = threading.Thread(target=small_call, args=(peer, "block"), kwargs={"seconds": BLOCK_S})
    blocked.start()
    time.sleep(BLOCK_S / 4)
    start = time.perf_counter()
    small_call(peer)
    taken = time.perf_counter() - start
    assert blocked.is_alive()
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
    """Return the megabytes that host and plugin together grow by while nobody takes the items of a fast stream."""
    for _ in peer.open_stream(methods.MODELS_PROMPT, _params(1000)):
        pass
    before = own_kilobytes() + int(small_call(peer, "memory"))
    with peer.open_stream(methods.MODELS_PROMPT, _params(ENDLESS_CHUNKS)) as items:
        next(items)
        time.sleep(1)
        small_call(peer)
        after = own_kilobytes() + int(small_call(peer, "memory"))
    return (after - before) / 1024


def rounds(count: int, raw: Callable[[], float], ours: Callable[[], float]) -> tuple[float, float, float]:
    """Return the median of ours over raw, round by round, and both medians."""
    raw()
    ours()
    pairs = [(raw(), ours()) for _ in range(count)]
    ratio = statistics.median(ours / raw for raw, ours in pairs)
    return ratio, statistics.median(own for _, own in pairs), statistics.median(base for base, _ in pairs)


def measure(peer: Peer, report: Report) -> None:
    """Fill *report* by what goes over *peer*, an initialized host whose plugin is ``transport_plugin``."""
    report.at_most("memory of a stalled stream, MB", growth_of_stalled_stream(peer), 2, "both sides, after a second")
    with RawChild() as raw:
        ratio, own, base = rounds(25, lambda: raw.ping(CALLS), lambda: calls(peer))
        report.at_most("small call, x pipe ping-pong", ratio, 3.5, both(us(own), us(base)))
        ratio, own, base = rounds(7, lambda: raw.stream(CHUNKS), lambda: stream(peer))
        report.at_least("stream of 5-byte chunks, x one write each", ratio, 3, both(rate(own), rate(base)))
        ratio, own, base = rounds(201, raw.first_chunk, lambda: first_chunk(peer))
        report.at_most("first chunk, x raw", ratio, 4.5, both(us(own), us(base)))
        ratio, own, base = rounds(5, lambda: call_delay(peer), lambda: chunk_delay(peer))
        report.at_most("delay in a slow stream, x as slow a call", ratio, 1, both(us(own), us(base)))
        base = statistics.median(raw.delays(SLOW_CHUNKS, SLOW_PAUSE_S))
        report.note("delay in a slow stream, x raw", own / base, both(us(own), us(base)))
    second = statistics.median(second_call(peer) for _ in range(9))
    report.at_most(
        "second call while a handler blocks, ms", second * 1000, 2, f"a handler blocks {BLOCK_S * 1000:.0f} ms"
    )
    ratio, own, base = rounds(9, lambda: copy_seconds(BULK_BYTES), lambda: bulk(peer))
    report.at_most("50 MB of bytes, x memcpy", ratio, 3.5, both(us(own), us(base)))


def both(ours: str, raw: str) -> str:
    """Return the figures behind a ratio."""
    return f"{ours}, {raw}"


def us(seconds: float) -> str:
    """Return microseconds to read."""
    return f"{seconds * 1e6:,.0f} us"


def rate(chunks: float) -> str:
    """Return chunks a second to read."""
    return f"{chunks / 1e6:.2f} M/s"


@contextlib.contextmanager
def on_one_processor() -> Iterator[None]:
    """Keep this thread, and what it starts, on one processor: where they run matters as much as what they do."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def plugin(bench: Workbench, site_packages: str, tier: str) -> Iterator[Peer]:
    """Start the plugin confined in *tier*, and yield the host's peer to it, initialized."""
    ours, theirs = socket.socketpair()
    confined = confine(
        tier,
        Policy("transport"),
        interpreter=os.path.realpath(sys._base_executable),  # type: ignore[attr-defined]  # no public name for it
        base_prefix=sys.base_prefix,
        data_dir=str(bench.folder / "data"),
        run=Run(script=PLUGIN),
        venv=str(bench.folder / "plugin"),
        site_packages=site_packages,
        channel_fd=theirs.fileno(),
        environ={},
    )
    try:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, confined.blocked_signals)
        process = subprocess.Popen(
            confined.argv, env=confined.environment, pass_fds=confined.pass_fds, stdin=subprocess.DEVNULL
        )
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        confined.started()
        theirs.close()
        with process:
            peer = Peer(SocketLink(ours), role="host", handlers={})
            try:
                peer.initialize(timeout_s=LEAVE_S)
                yield peer
                peer.call(methods.SHUTDOWN, Nothing(), timeout_s=LEAVE_S)
            finally:
                peer.close()
                process.wait(LEAVE_S)
    finally:
        confined.cleanup()
        if confined.broker_fd is not None:
            os.close(confined.broker_fd)


def plugin_environment(bench: Workbench) -> str:
    """Make the plugin's virtualenv, with the protocol from its wheel; return where its packages lie."""
    wheels = bench.folder / "wheels"
    bench.uv("build", "--wheel", str(REPOSITORY / "protocol"), "--out-dir", str(wheels))
    where = bench.folder / "plugin"
    bench.uv("venv", "--python", sys.executable, str(where))
    bench.uv("pip", "install", "--python", str(where), "--compile-bytecode", str(next(wheels.glob("*.whl"))))
    return str(next(where.glob("lib/python*/site-packages")))


def main() -> int:
    """Measure and print."""
    with workbench() as bench, tempfile.TemporaryDirectory() as home:
        site_packages = plugin_environment(bench)
        tier = choose_tier(Home(home))
        report = Report(f"transport, tier {tier}")
        with plugin(bench, site_packages, tier) as peer:
            measure(peer, report)
        with on_one_processor(), plugin(bench, site_packages, tier) as peer, RawChild() as raw:
            ratio, own, base = rounds(15, lambda: raw.ping(CALLS), lambda: calls(peer))
        report.note("small call, x pipe, all on one processor", ratio, both(us(own), us(base)))
        with plugin(bench, site_packages, Tier("off")) as free, plugin(bench, site_packages, tier) as confined:
            share, own, base = rounds(15, lambda: calls(free), lambda: calls(confined))
        report.note("small call, confined x not confined", share, both(us(own), us(base)))
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
