"""Who reads: leader and followers, and no thread of its own.

The thread that waits for an answer reads the link itself and hands other waiting threads what is theirs; when it
leaves, one of those takes over. A hand-over between threads costs more than everything else in a call together, and
this way a lone call has none. (The pattern is Schmidt's "Leader/Followers", 2000.)

Three kinds of thread lead: one that *waits* for something of its own, one that *serves* (it leads until a request
comes, and then runs that itself), and an attendant that was rung for and *drains* what lies there. The leader never
sends: two sides that both wait for room to send must each still have someone who reads.

An interrupt (Ctrl-C raises KeyboardInterrupt anywhere in the main thread) must leave no lock held and nobody waiting
for ever. So locks are taken by ``with`` only: between ``acquire()`` and ``try`` there is room for an interrupt, there
is none in ``with``, though it takes thrice as long. And who is interrupted while leaving leaves again.
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

from .waiting import Waiter, Waiting, lie_down, wake

LARGE_PAYLOAD_BYTES = 256 * 1024
"""From here on it is worth while to look where a payload is going: one copy less of it."""

AWAKE_S = 0.00005
"""How long a leader looks for bytes before it sleeps. Falling asleep and being woken, on another core as a rule, costs
as much as a whole small call; what comes later than this is not worth the processor time."""

QUICK_S = 0.0002
"""Staying awake is tried only where the last two reads were no further apart: in a quick exchange, not a slow one."""


class Job(Protocol):
    """Something to do that reading brought up, to be done by a thread that does not read."""

    def run(self) -> None:
        """Do it. Never raises, but for a KeyboardInterrupt."""


class Reading:
    """Reads *link* for everyone.

    *apply* is given each payload, in order; it returns a job when there is something to do. *place* may give the end
    of a large one a place of its own, see ``FrameDecoder.divert``. *give* passes a job to an attendant, *poke* wakes
    one to drain. *lose* is told why nothing more will come, *left* that nobody reads any more then. *lock* guards all
    state.
    """

    def __init__(
        self,
        link: Link,
        decoder: FrameDecoder,
        lock: threading.Lock,
        *,
        apply: Callable[[memoryview], Job | None],
        place: Callable[[memoryview, int], tuple[memoryview, bytes] | None],
        give: Callable[[Job], None],
        poke: Callable[[], None],
        lose: Callable[[Exception], None],
        left: Callable[[], None],
    ) -> None:
        self.is_over = False
        self.has_bell = True
        """Whether the other side rings. If not, someone must always read."""
        self.jobs: deque[Job] = deque()
        self._link = link
        self._decoder = decoder
        self._lock = lock
        self._apply = apply
        self._place = place
        self._give = give
        self._poke = poke
        self._lose = lose
        self._left = left
        self._leader: Waiting | None = None
        self._followers: deque[Waiting] = deque()
        self._servers: deque[Waiting] = deque()
        self._was_rung = False
        self._last_read = 0.0
        self._is_quick = False

    @property
    def is_idle(self) -> bool:
        """Whether nobody reads."""
        return self._leader is None

    def wait(self, waiter: Waiting, deadline: float | None = None) -> bool:
        """Block until *waiter* is ready, reading meanwhile if nobody else does.

        False: the deadline passed, or the connection ended, first.
        """
        try:
            if self._follow(waiter, deadline):
                while not waiter.is_ready and self._read(self._give, deadline):
                    pass
            self._leave(waiter)
        except BaseException:
            self._leave(waiter)
            raise
        return waiter.is_ready

    def serve(self) -> Job | None:
        """Lead until there is a job, and return it; None when the connection is over."""
        server = Waiter()
        try:
            while True:
                with self._lock:
                    if self.is_over:
                        return None
                    if self.jobs:
                        return self.jobs.popleft()
                    if self._leader is None:
                        self._leader = server
                        break
                    asleep = lie_down(server)
                    self._servers.append(server)
                asleep.acquire()
            return self._lead_for_job(is_draining=False)
        finally:
            self._leave(server)

    def drain(self) -> Job | None:
        """Read what lies there, if nobody else does; return the first job that it brings up."""
        drainer = Waiter()
        with self._lock:
            if self.is_over:
                return None
            if self.jobs:
                return self.jobs.popleft()
            if self._leader is not None:
                self._was_rung = True  # its reader may just be about to leave: it will see to it then
                return None
            self._leader = drainer
        try:
            return self._lead_for_job(is_draining=True)
        finally:
            self._leave(drainer)

    def add_job(self, job: Job) -> bool:
        """Queue *job*; return whether a serving thread was there to take it."""
        with self._lock:
            self.jobs.append(job)
            if not self._servers:
                return False
            wake(self._servers.popleft())
            return True

    def end(self) -> None:
        """Let everyone go: nothing more will come. The state lock is held."""
        self.is_over = True
        for waiter in (*self._followers, *self._servers):
            wake(waiter)

    def _lead_for_job(self, *, is_draining: bool) -> Job | None:
        jobs: list[Job] = []
        while not jobs:
            if is_draining and not (self._decoder.is_inside_frame or self._link.is_readable(0)):
                return None
            if not self._read(jobs.append, None):
                break
        if len(jobs) > 1:
            for job in jobs[1:]:
                self._give(job)
        return jobs[0] if jobs else None

    def _read(self, take_job: Callable[[Job], object], deadline: float | None) -> bool:
        """Read once, and apply every message that is whole then. False when the deadline passed, or all is over.

        An interrupt while a message is applied may leave it half applied: the connection is over then, rather than
        wrong. While waiting for bytes it does no harm; what it kept from being applied comes first the next time.
        """
        decoder = self._decoder
        is_applying = False
        try:
            if decoder.start == decoder.end or not decoder.has_payload:
                if self._is_quick:
                    self._link.stay_awake(AWAKE_S)
                if deadline is not None and not self._link.is_readable(deadline - time.monotonic()):
                    return False
                if not decoder.read_from(self._link.receive_into):
                    decoder.finish()
                    self._lose(ConnectionLost())
                    return False
                now = time.monotonic()
                self._is_quick, self._last_read = now - self._last_read < QUICK_S, now
            is_applying = True
            while decoder.start != decoder.end and (payload := decoder.next_payload()) is not None:
                job = self._apply(payload)
                if job is not None:
                    take_job(job)
            if decoder.start != decoder.end:
                self._divert_large_payload()
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

    def _divert_large_payload(self) -> None:
        head, length = self._decoder.begun()
        if length > LARGE_PAYLOAD_BYTES:
            placed = self._place(head, length)
            if placed is not None:
                self._decoder.divert(*placed)

    def _follow(self, waiter: Waiting, deadline: float | None) -> bool:
        """Wait in line until there is no need to, which is False, or it is this one's turn to lead, which is True."""
        while True:
            with self._lock:
                if waiter.is_ready or self.is_over:
                    return False
                if self._leader is None:
                    self._leader = waiter
                    return True
                asleep = lie_down(waiter)
                self._followers.append(waiter)
            if not asleep.acquire(timeout=-1 if deadline is None else max(0.0, deadline - time.monotonic())):
                return False

    def _leave(self, waiter: Waiting) -> None:
        """Stop leading, following or serving, and see that someone else reads, if there is reason to.

        Whoever leaves looks after that, also one that did not lead: it may just have been chosen to. Leaving twice does
        no harm.
        """
        with self._lock:
            if self._leader is waiter:
                self._leader = None
            else:
                self._step_out(waiter)
                if self._leader is not None:
                    return
            is_over = self.is_over
            if not is_over:
                if self._followers or self._servers:
                    self._pass_on()
                    return
                if self.has_bell and not self._was_rung:
                    return
                self._was_rung = False
        if is_over:
            self._left()
        else:
            self._poke()

    def _step_out(self, waiter: Waiting) -> None:
        """Take *waiter* out of the line it stands in. The state lock is held."""
        waiter.asleep = None
        for line in (self._followers, self._servers):
            if waiter in line:
                line.remove(waiter)

    def _pass_on(self) -> None:
        """Wake one who may lead: those that wait for something first. The state lock is held."""
        line = self._followers or self._servers
        wake(line.popleft())
