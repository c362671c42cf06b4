"""Who reads: leader and followers, and no thread of its own.

The thread that waits for an answer reads the link itself and hands other waiting threads what is theirs; when it
leaves, one of those takes over. A hand-over between threads costs more than everything else in a call together, and
this way a lone call has none. (The pattern is Schmidt's "Leader/Followers", 2000.)

Three kinds of thread lead: one that *waits* for something of its own, one that *serves* (it leads until a request
comes, and then runs that itself), and an attendant that was rung for and *drains* what lies there. The leader never
sends: two sides that both wait for room to send must each still have someone who reads.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from innkeeper_protocol.errors import ConnectionLost, ProtocolViolation
from innkeeper_protocol.framing import FrameDecoder
from innkeeper_protocol.link import Link


class Job(Protocol):
    """Something to do that reading brought up, to be done by a thread that does not read."""

    def run(self) -> None:
        """Do it. Never raises."""


class Waiter:
    """Someone who waits. *is_ready* says that it need not, or need not any more; guarded by the state lock."""

    __slots__ = ("_asleep", "is_ready")

    def __init__(self) -> None:
        self.is_ready = False
        self._asleep: threading.Lock | None = None

    def wake(self) -> None:
        """Let the thread that sleeps here look again. The state lock is held."""
        asleep, self._asleep = self._asleep, None
        if asleep is not None:
            asleep.release()

    def make_ready(self) -> None:
        """Say that there is something for this one. The state lock is held."""
        self.is_ready = True
        self.wake()

    def lie_down(self) -> threading.Lock:
        """Return the lock to sleep on. The state lock is held."""
        self._asleep = threading.Lock()
        self._asleep.acquire()
        return self._asleep


class Reading:
    """Reads *link* for everyone.

    *apply* is given each payload, in order; it returns a job when there is something to do. *give* passes a job to
    an attendant, *poke* wakes one to drain. *lose* is told why nothing more will come. *lock* guards all state.
    """

    def __init__(
        self,
        link: Link,
        decoder: FrameDecoder,
        lock: threading.Lock,
        *,
        apply: Callable[[memoryview], Job | None],
        give: Callable[[Job], None],
        poke: Callable[[], None],
        lose: Callable[[Exception], None],
    ) -> None:
        self.is_over = False
        self.has_bell = True
        """Whether the other side rings. If not, someone must always read."""
        self.jobs: deque[Job] = deque()
        self._link = link
        self._decoder = decoder
        self._lock = lock
        self._apply = apply
        self._give = give
        self._poke = poke
        self._lose = lose
        self._leader: object | None = None
        self._followers: deque[Waiter] = deque()
        self._servers: deque[Waiter] = deque()
        self._was_rung = False

    @property
    def is_idle(self) -> bool:
        """Whether nobody reads."""
        return self._leader is None

    def wait(self, waiter: Waiter, deadline: float | None = None) -> bool:
        """Block until *waiter* is ready, reading meanwhile if nobody else does. False: the deadline passed first."""
        while True:
            with self._lock:
                if waiter.is_ready:
                    self._pass_on()
                    return True
                if self.is_over:
                    return False
                if self._leader is None:
                    self._leader = waiter
                    break
                asleep = waiter.lie_down()
                self._followers.append(waiter)
            if not self._sleep(waiter, asleep, deadline):
                return waiter.is_ready
        try:
            while self._read_buffer(self._give) and not waiter.is_ready:
                if not self._receive(deadline):
                    break
        finally:
            self._resign()
        return waiter.is_ready

    def serve(self) -> Job | None:
        """Lead until there is a job, and return it; None when the connection is over."""
        server = Waiter()
        while True:
            with self._lock:
                if self.jobs:
                    return self.jobs.popleft()
                if self.is_over:
                    return None
                if self._leader is None:
                    self._leader = server
                    break
                asleep = server.lie_down()
                self._servers.append(server)
            try:
                asleep.acquire()
            finally:
                with self._lock:
                    if server in self._servers:
                        self._servers.remove(server)
        return self._lead_for_job(lambda: self._receive(None))

    def drain(self) -> Job | None:
        """Read what lies there, if nobody else does; return the first job that it brings up."""
        with self._lock:
            if self.jobs:
                return self.jobs.popleft()
            if self.is_over:
                return None
            if self._leader is not None:
                self._was_rung = True  # its reader may just be about to leave: it will see to it then
                return None
            self._leader = self
        return self._lead_for_job(
            lambda: (self._decoder.is_inside_frame or self._link.is_readable(0)) and self._receive(None)
        )

    def add_job(self, job: Job) -> bool:
        """Queue *job*; return whether a serving thread was there to take it."""
        with self._lock:
            self.jobs.append(job)
            if not self._servers:
                return False
            self._servers.popleft().wake()
            return True

    def end(self) -> None:
        """Let everyone go: nothing more will come. The state lock is held."""
        self.is_over = True
        for waiter in (*self._followers, *self._servers):
            waiter.wake()

    def _lead_for_job(self, receive: Callable[[], bool]) -> Job | None:
        jobs: list[Job] = []
        try:
            while self._read_buffer(jobs.append) and not jobs:
                if not receive():
                    break
        finally:
            self._resign()
            for job in jobs[1:]:
                self._give(job)
        return jobs[0] if jobs else None

    def _read_buffer(self, take_job: Callable[[Job], None]) -> bool:
        """Apply every whole payload in the decoder. False when the connection is over.

        An interrupt in here may leave a message half applied: the connection is over then, rather than wrong.
        """
        try:
            while (payload := self._decoder.next_payload()) is not None:
                job = self._apply(payload)
                if job is not None:
                    take_job(job)
        except ProtocolViolation as error:
            self._lose(error)
        except BaseException as error:
            self._lose(ConnectionLost(f"reading was interrupted by {type(error).__name__}"))
            raise
        return not self.is_over

    def _receive(self, deadline: float | None) -> bool:
        """Read some more. False when the deadline passed, or the connection is over."""
        if deadline is not None and not self._link.is_readable(deadline - time.monotonic()):
            return False
        try:
            if self._decoder.read_from(self._link.receive_into):
                return True
            self._decoder.finish()
            self._lose(ConnectionLost())
        except OSError as error:
            self._lose(ConnectionLost(f"the connection broke: {error}"))
        except ProtocolViolation as error:
            self._lose(error)
        return False

    def _resign(self) -> None:
        """Stop leading and see that someone else does, if there is reason to."""
        with self._lock:
            self._leader = None
            needs_attendant = not self._pass_on() and (self._was_rung or not self.has_bell) and not self.is_over
            if needs_attendant:
                self._was_rung = False
        if needs_attendant:
            self._poke()

    def _pass_on(self) -> bool:
        """If nobody leads, wake one who may; say whether there was one. The state lock is held."""
        if self._leader is not None:
            return True
        while self._followers:
            follower = self._followers.popleft()
            if not follower.is_ready:
                follower.wake()
                return True
        if self._servers:
            self._servers.popleft().wake()
            return True
        return False

    def _sleep(self, waiter: Waiter, asleep: threading.Lock, deadline: float | None) -> bool:
        """Follow until woken. False when the deadline passed first."""
        was_woken = False
        try:
            was_woken = asleep.acquire(timeout=-1 if deadline is None else max(0.0, deadline - time.monotonic()))
        finally:
            with self._lock:
                if waiter in self._followers:
                    self._followers.remove(waiter)
                if not was_woken:
                    self._pass_on()  # it may have been chosen to lead the moment it left
        return was_woken
