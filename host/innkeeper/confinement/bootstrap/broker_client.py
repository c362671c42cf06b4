"""The plugin's side of the broker's socket: any number of requests at once, one thread that takes the answers.

A request is ``NUMBER PORT HOST``; its answer ``NUMBER ERRNO TEXT``, with a connected socket beside it when ERRNO is 0.
"""

import itertools
import os
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_REQUEST_LIMIT_BYTES = 1024
_ANSWER_LIMIT_BYTES = 2048
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
    """Asks for connections. *module* is the standard library's ``socket``, not yet changed; no *broker* refuses all."""

    def __init__(self, module: "Any", broker: "int | None", plugin: str) -> None:
        self.module = module
        self.plugin = plugin
        self.pid = os.getpid()
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.waiting: dict[int, Answer] = {}
        self.reader: threading.Thread | None = None
        self.channel: Any = None if broker is None else module.socket(fileno=broker)

    def ask(self, host: str, port: int) -> Answer:
        """Ask for a connection; return the answer to wait for."""
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
            if self.reader is None:
                self.reader = threading.Thread(target=self._read, name="innkeeper-broker", daemon=True)
                self.reader.start()
        try:
            self.channel.send(request)
        except OSError:
            answer.settle(_ENETDOWN, "the host no longer answers", None)
        return answer

    def _read(self) -> None:
        while True:
            try:
                data, descriptors, _, _ = self.module.recv_fds(
                    self.channel, _ANSWER_LIMIT_BYTES, 1, self.module.MSG_CMSG_CLOEXEC
                )
            except OSError:
                break
            if not data:
                break
            number, error, text = data.decode("utf-8", "replace").split(" ", 2)
            with self.lock:
                answer = self.waiting.pop(int(number), None)
            if answer is None or not answer.settle(int(error), text, descriptors[0] if descriptors else None):
                for descriptor in descriptors:
                    os.close(descriptor)
        with self.lock:
            left, self.waiting, self.channel = list(self.waiting.values()), {}, None
        for answer in left:
            answer.settle(_ENETDOWN, "the host no longer answers", None)
