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

from .waiting import Waiter, Waiting


class Job(Protocol):
    """Something to do that reading brought up, to be done by a thread that does not read."""

    def run(self) -> None:
        """Do it. Never raises."""


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
        self._followers: deque[Waiting] = deque()
        self._servers: deque[Waiting] = deque()
        self._was_rung = False

    @property
    def is_idle(self) -> bool:
        """Whether nobody reads."""
        return self._leader is None

    def wait(self, waiter: Waiting, deadline: float | None = None) -> bool:
        """Block until *waiter* is ready, reading meanwhile if nobody else does.

        False: the deadline passed, or the connection ended, first.
        """
        with self._lock:
            leads = self._leader is None and not waiter.is_ready and not self.is_over
            if leads:
                self._leader = waiter
        if not leads and not self._follow(waiter, deadline):
            return waiter.is_ready
        try:
            while not waiter.is_ready and self._read(self._give, deadline):
                pass
        finally:
            self._resign()
        return waiter.is_ready

    def serve(self) -> Job | None:
        """Lead until there is a job, and return it; None when the connection is over."""
        while True:
            with self._lock:
                if self.jobs:
                    return self.jobs.popleft()
                if self.is_over:
                    return None
                if self._leader is None:
                    self._leader = self
                    break
                server = Waiter()
                asleep = server.lie_down()
                self._servers.append(server)
            self._sleep(server, asleep, None)
        return self._lead_for_job(is_draining=False)

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
        return self._lead_for_job(is_draining=True)

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

    def _lead_for_job(self, *, is_draining: bool) -> Job | None:
        jobs: list[Job] = []
        try:
            while not jobs:
                if is_draining and not (self._decoder.is_inside_frame or self._link.is_readable(0)):
                    break
                if not self._read(jobs.append, None):
                    break
        finally:
            self._resign()
        if len(jobs) > 1:
            for job in jobs[1:]:
                self._give(job)
        return jobs[0] if jobs else None

    def _read(self, take_job: Callable[[Job], object], deadline: float | None) -> bool:
        """Read once, and apply every message that is whole then. False when the deadline passed, or all is over.

        An interrupt while a message is applied may leave it half applied: the connection is over then, rather than
        wrong. While waiting for bytes it does no harm.
        """
        if deadline is not None and not self._link.is_readable(deadline - time.monotonic()):
            return False
        decoder = self._decoder
        is_applying = False
        try:
            if not decoder.read_from(self._link.receive_into):
                decoder.finish()
                self._lose(ConnectionLost())
                return False
            is_applying = True
            while decoder.start != decoder.end and (payload := decoder.next_payload()) is not None:
                job = self._apply(payload)
                if job is not None:
                    take_job(job)
        except ProtocolViolation as error:
            self._lose(error)
        except BaseException as error:
            if is_applying:
                self._lose(ConnectionLost(f"reading was interrupted by {type(error).__name__}"))
            elif isinstance(error, OSError):
                self._lose(ConnectionLost(f"the connection broke: {error}"))
                return False
            raise
        return not self.is_over

    def _follow(self, waiter: Waiting, deadline: float | None) -> bool:
        """Wait in line until there is no need to, which is False, or it is this one's turn to lead, which is True."""
        while True:
            with self._lock:
                if waiter.is_ready or self.is_over:
                    self._pass_on()
                    return False
                if self._leader is None:
                    self._leader = waiter
                    return True
                asleep = waiter.lie_down()
                self._followers.append(waiter)
            if not self._sleep(waiter, asleep, deadline):
                return False

    def _resign(self) -> None:
        """Stop leading and see that someone else does, if there is reason to."""
        with self._lock:
            self._leader = None
            if self.has_bell and not (self._was_rung or self._followers or self._servers):
                return
            if self._pass_on() or self.is_over or not (self._was_rung or not self.has_bell):
                return
            self._was_rung = False
        self._poke()

    def _pass_on(self) -> bool:
        """If nobody leads, wake one who may; say whether someone leads or will. The state lock is held."""
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

    def _sleep(self, waiter: Waiting, asleep: threading.Lock, deadline: float | None) -> bool:
        """Follow until woken. False when the deadline passed first."""
        was_woken = False
        try:
            was_woken = asleep.acquire(timeout=-1 if deadline is None else max(0.0, deadline - time.monotonic()))
        finally:
            with self._lock:
                for line in (self._followers, self._servers):
                    if waiter in line:
                        line.remove(waiter)
                if not was_woken:
                    self._pass_on()  # it may have been chosen to lead the moment it left
        return was_woken
