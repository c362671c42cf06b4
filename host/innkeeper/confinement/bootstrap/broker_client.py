"""The plugin's side of the broker's socket: any number of requests at once, one reader at a time.

A request is ``NUMBER PORT HOST``; its answer ``NUMBER ERRNO TEXT``, with a connected socket beside it when ERRNO is 0.
"""

import itertools
import os
import select
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_REQUEST_LIMIT_BYTES = 1024
_ANSWER_LIMIT_BYTES = 2048
_DESCRIPTOR_BYTES = 4
_EACCES, _ENETDOWN = 13, 100


class Answer:
    """What the broker says to one request: an error number and a text, or a connected descriptor."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.arrived = threading.Event()
        self.error = 0
        self.text = ""
        self.descriptor: int | None = None
        self.given_up = False
        self.bell: Any = None

    def settle(self, error: int, text: str, descriptor: "int | None") -> bool:
        """Take the answer; False when nobody waits for it any more, and *descriptor* stays the caller's."""
        with self.lock:
            if self.given_up or self.arrived.is_set():
                return False
            self.error, self.text, self.descriptor = error, text, descriptor
            self.arrived.set()
            bell = self.bell
        if bell is not None:
            bell.close()
        return True

    def close_on_arrival(self, bell: "Any") -> None:
        """Close *bell*, one end of a pair, when the answer is there: whoever waits for the other end wakes up."""
        with self.lock:
            self.bell = bell
            arrived = self.arrived.is_set()
        if arrived:
            bell.close()

    def give_up(self) -> None:
        with self.lock:
            self.given_up = True
            descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)


class Client:
    """Asks for connections. *module* is the standard library's ``socket``, not yet changed; no *broker* refuses all.

    Whoever waits for an answer reads the channel, and hands others theirs. Only who cannot wait, or finds another
    reading, has a thread do it from then on: two switches between threads are a third of what a connection takes.
    """

    def __init__(self, module: "Any", broker: "int | None", plugin: str) -> None:
        self.module = module
        self.plugin = plugin
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.reading = threading.Lock()
        self.numbers = itertools.count(1)
        self.waiting: dict[int, Answer] = {}
        self.reader: threading.Thread | None = None
        self.channel: Any = None if broker is None else module.socket(fileno=broker)

    def ask(self, host: str, port: int) -> Answer:
        """Ask for a connection; return the answer, to `wait` for, or to have `read` for one."""
        answer = Answer()
        number = next(self.numbers)
        request = f"{number} {port} {host}".encode("utf-8", "replace")
        if self.channel is None or self.pid != os.getpid() or len(request) > _REQUEST_LIMIT_BYTES:
            answer.settle(
                _EACCES, f"{self.plugin} may not connect to {host[:253]}:{port}: it has no network here", None
            )
            return answer
        with self.lock:
            self.waiting[number] = answer
        try:
            self.channel.send(request)
        except OSError:
            answer.settle(_ENETDOWN, "the host no longer answers", None)
        return answer

    def wait(self, answer: Answer, timeout_s: "float | None") -> bool:
        """Wait for *answer*; say whether it came in time."""
        if not self.reading.acquire(blocking=False):
            self.read()
            return answer.arrived.wait(timeout_s)
        try:
            deadline = None if timeout_s is None else time.monotonic() + timeout_s
            while not answer.arrived.is_set():
                if not self._take_one(deadline):
                    break
        finally:
            self.reading.release()
        return answer.arrived.is_set()

    def read(self) -> None:
        """See that answers are read by somebody, now and from now on."""
        with self.lock:
            if self.reader is None and self.channel is not None and self.pid == os.getpid():
                self.reader = threading.Thread(target=self._read, name="innkeeper-broker", daemon=True)
                self.reader.start()

    def _read(self) -> None:
        with self.reading:
            while self._take_one(None):
                pass

    def _take_one(self, deadline: "float | None") -> bool:
        """Take the next answer to anybody; False when none came before *deadline*, or none comes any more."""
        channel = self.channel
        if channel is None:
            return False
        if deadline is not None and not select.select([channel], [], [], max(deadline - time.monotonic(), 0.0))[0]:
            return False
        module, descriptor = self.module, None
        try:  # and not by `recv_fds`, which takes as long again
            data, beside, _, _ = channel.recvmsg(
                _ANSWER_LIMIT_BYTES, module.CMSG_SPACE(_DESCRIPTOR_BYTES), module.MSG_CMSG_CLOEXEC
            )
        except OSError:
            data, beside = b"", []
        for _, _, content in beside:
            descriptor = int.from_bytes(content[:_DESCRIPTOR_BYTES], sys.byteorder)
        if not data:
            self._give_up()
            return False
        number, error, text = data.decode("utf-8", "replace").split(" ", 2)
        with self.lock:
            answer = self.waiting.pop(int(number), None)
        is_taken = answer is not None and answer.settle(int(error), text, descriptor)
        if descriptor is not None and not is_taken:
            os.close(descriptor)
        return True

    def _give_up(self) -> None:
        with self.lock:
            left, self.waiting, self.channel = list(self.waiting.values()), {}, None
        for answer in left:
            answer.settle(_ENETDOWN, "the host no longer answers", None)
