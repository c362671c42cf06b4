"""Decoders for types that no thread has looked at yet, asked for by several at once."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import msgspec, sys, threading
from innkeeper_protocol.decoders import json_decoder, msgpack_decoder

def decode(wanted, barrier, number):
    barrier.wait()
    if number % 2:
        json_decoder(wanted).decode(b'{"field_0": [{"field_1": {"a": 1}}]}')
    else:
        msgpack_decoder(wanted, print).decode(b"\\x80")

sys.setswitchinterval(1e-6)
for _ in range(60):
    inner = msgspec.defstruct("Inner", [(f"field_{n}", "dict[str, int | None] | None", None) for n in range(20)])
    outer = msgspec.defstruct("Outer", [(f"field_{n}", tuple[inner, ...], ()) for n in range(5)])
    barrier = threading.Barrier(8)
    threads = [threading.Thread(target=decode, args=(outer, barrier, number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_several_threads_may_ask_at_once() -> None:
    """In a process of its own: without the lock it crashes."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
