"""One side of a connection, running. What it asks is here; what it is asked is in ``answering``.

The reading thread applies messages in order and never sends: whatever must be answered becomes a job for a thread
that does not read. Who calls encodes and sends on its own thread.
"""

from __future__ import annotations

import itertools
import platform
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from innkeeper_protocol import codec, connection, methods
from innkeeper_protocol.connection import (
    Answered,
    Arrived,
    Asked,
    Call,
    CancelAsked,
    Failed,
    Granted,
    Notified,
    Refused,
    Role,
)
from innkeeper_protocol.errors import (
    CallCancelled,
    CallFailed,
    CallTimedOut,
    ConnectionLost,
    ErrorCode,
    MalformedMessage,
    MalformedResult,
    UnexpectedMessage,
)
from innkeeper_protocol.framing import MAX_FRAME_BYTES
from innkeeper_protocol.link import Link
from innkeeper_protocol.methods import METHODS, Method
from innkeeper_protocol.negotiation import check_frame_limit, check_revision, choose_revision
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.session import InitializeParams, InitializeResult, Software
from innkeeper_protocol.streams import WINDOW_BYTES
from innkeeper_protocol.version import PACKAGE_VERSION, REVISIONS

from .answering import Answering, keep_blob_part
from .blobs import HELD_BYTES, PART_BYTES, PARTS_AHEAD, Blobs
from .core import Core
from .incoming import Handler, IncomingCall
from .reading import Job
from .stream import Outcome, Stream

P = TypeVar("P")
R = TypeVar("R")

BELL = "bell"
"""The capability that says: the bell that came along is in use."""


def describe_any_error(error: BaseException) -> CallFailed:
    """Return the failure that an exception of a handler becomes: its type and text, and no more of it."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return CallFailed(ErrorCode.PLUGIN_EXCEPTION, text, {"type": type(error).__name__})


def ignore_notification(method: Method[Any, Any], params: Any) -> None:
    """Do nothing with a notification."""


class Peer:
    """Calls the other side, and answers it with *handlers*, by method name. All methods are thread-safe.

    *on_notification* runs on the reading thread, in order: it must be quick and not use the peer. *describe_error*
    turns what a handler raised into a failure. *software* is how this side introduces itself. *table* is the method
    table, *held_blob_bytes* the most that may be sent ahead to this side.
    """

    def __init__(
        self,
        link: Link,
        *,
        role: Role,
        handlers: Mapping[str, Handler],
        max_frame_bytes: int = MAX_FRAME_BYTES,
        on_notification: Callable[[Method[Any, Any], Any], None] = ignore_notification,
        describe_error: Callable[[BaseException], CallFailed] = describe_any_error,
        software: Software | None = None,
        capabilities: tuple[str, ...] = (),
        table: Mapping[str, Method[Any, Any]] = METHODS,
        window_bytes: int = WINDOW_BYTES,
        held_blob_bytes: int = HELD_BYTES,
    ) -> None:
        self.role = role
        self.software = software or Software(
            name="innkeeper-protocol", version=PACKAGE_VERSION, python=platform.python_version()
        )
        self._core = Core(link, role, table, max_frame_bytes, self._apply)
        self._blobs = Blobs(held_blob_bytes)
        all_handlers: dict[str, Handler] = {methods.BLOB_PART.name: keep_blob_part}
        if role == "plugin":
            all_handlers[methods.SHUTDOWN.name] = lambda params, call: Nothing()
            all_handlers[methods.INITIALIZE.name] = self._answer_initialize
            link.expect_bell()
        all_handlers.update(handlers)
        self._answering = Answering(self._core, all_handlers, describe_error, self._blobs, self)
        self._on_notification = on_notification
        self._capabilities = capabilities
        self._max_frame_bytes = max_frame_bytes
        self._window_bytes = window_bytes
        self._blob_numbers = itertools.count(1)

    @property
    def closed(self) -> bool:
        """Whether the connection is over."""
        return self._core.reading.is_over

    @property
    def why_closed(self) -> Exception | None:
        """What ended the connection: ConnectionLost, or the ProtocolViolation seen. None while it goes on."""
        return self._core.why_closed

    def call(self, method: Method[P, R], params: P, *, timeout_s: float | None = None) -> R:
        """Ask for *method* and wait for the result; stream items are not wanted.

        Raises CallFailed, CallCancelled, CallTimedOut (the call is cancelled then), ConnectionLost, MalformedResult;
        ProtocolViolation when the other side broke a rule while this call was open.
        """
        outcome = Outcome()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        call = self._ask(method, params, outcome)
        self.wait(outcome, call, deadline)
        result: R = outcome.get()
        return result

    def open_stream(self, method: Method[P, R], params: P, *, timeout_s: float | None = None) -> Stream[Any, R]:
        """Ask for *method* and return its stream of items. *timeout_s* bounds each wait for the next item."""
        outcome = Outcome()
        outcome.batches = deque()
        return Stream(self, outcome, self._ask(method, params, outcome, self._window_bytes), timeout_s)

    def notify(self, method: Method[P, Any], params: P) -> None:
        """Tell the other side; there is no answer. On a connection that is over nothing happens."""
        payload = connection.notification(method, params)
        with self._core.state_lock:
            ring = self._core.must_ring()
        self._core.send_payload(payload)
        if ring:
            self._core.ring()

    def send_blob(self, content: bytes | bytearray | memoryview) -> int:
        """Send *content* ahead in parts; return the number by which a message can name it. Raises as ``call``."""
        number = next(self._blob_numbers)
        view = memoryview(content).cast("B")
        under_way: deque[tuple[Outcome, Call]] = deque()
        for start in range(0, max(len(view), 1), PART_BYTES):
            data = view[start : start + PART_BYTES]
            if len(under_way) >= PARTS_AHEAD:
                self._finish_part(under_way)
            under_way.append(self._send_part(number, data, is_last=start + PART_BYTES >= len(view)))
        while under_way:
            self._finish_part(under_way)
        return number

    def take_blob(self, number: int) -> bytearray:
        """Hand out a blob that was sent ahead to this side, once. Raises CallFailed for one that is not there."""
        return self._blobs.take(number)

    def initialize(self, *, timeout_s: float | None = None) -> InitializeResult:
        """Agree on a revision; the host's first call. Returns what the plugin said of itself.

        Raises as ``call``; CallFailed with REVISION_UNSUPPORTED says which side to upgrade.
        """
        core = self._core
        bell = core.link.offer_bell()
        params = InitializeParams(
            revisions=REVISIONS,
            host=self.software,
            capabilities=self._capabilities if bell is None else (*self._capabilities, BELL),
            max_frame_bytes=self._max_frame_bytes,
        )
        answer = self.call(methods.INITIALIZE, params, timeout_s=timeout_s)
        try:
            check_revision(answer.revision, REVISIONS)
            check_frame_limit(answer.max_frame_bytes)
        except UnexpectedMessage as error:
            core.lose(error)
            raise
        core.send_limit = answer.max_frame_bytes
        core.open(bell if BELL in answer.capabilities else None)
        return answer

    def serve(self) -> None:
        """Answer the other side until it has closed the connection, or asked to shut down: a plugin's main loop."""
        while (job := self._core.reading.serve()) is not None:
            self._core.attendants.stand_by()
            job.run()
            if self.closed:
                break
        self._core.dispose_if_unused()

    def close(self) -> None:
        """End the connection now, without a word. Never waits for a handler. May be called twice."""
        self._core.lose(ConnectionLost("this side closed the connection"))
        self._core.dispose_if_unused()

    # For Stream

    def wait(self, outcome: Outcome, call: Call, deadline: float | None) -> None:
        """Block until there is something for *outcome*. Raises CallTimedOut; the call is cancelled then."""
        try:
            if self._core.reading.wait(outcome, deadline) or outcome.is_done:
                return
        except BaseException:
            self.cancel(call)
            raise
        finally:
            if self._core.reading.is_over:
                self._core.dispose_if_unused()
        self.cancel(call)
        raise CallTimedOut(f"no answer to '{call.method.name}' in time")

    def take_batch(self, outcome: Outcome) -> bytes | None:
        """Return the next batch of items that came, None if there is none now."""
        with self._core.state_lock:
            batch = outcome.batches.popleft() if outcome.batches else None
            outcome.is_ready = bool(outcome.batches) or outcome.is_done
        return batch

    def grant(self, call: Call, cost: int) -> None:
        """Count a batch as consumed, and send credit when it is time."""
        with self._core.state_lock:
            payload = self._core.connection.consume(call, cost)
        if payload is not None:
            self._core.send_payload(payload)

    def cancel(self, call: Call) -> None:
        """Give up on *call*, unless it is answered."""
        with self._core.state_lock:
            payload = self._core.connection.cancel(call)
            outcome = call.owner
            if payload is not None and outcome.batches:
                outcome.batches.clear()
                outcome.is_ready = outcome.is_done
        if payload is not None:
            self._core.send_payload(payload)
            self._core.ring()

    # What this side asks

    def _ask(self, method: Method[Any, Any], params: Any, outcome: Outcome, window: int | None = None) -> Call:
        core = self._core
        with core.state_lock:
            if core.reading.is_over:
                raise core.error_when_closed()
            ring = core.must_ring()
            call, payload = core.connection.request(method, params, window=window, owner=outcome)
        try:
            core.send_payload(payload)
        except CallFailed:
            with core.state_lock:
                core.connection.forget(call)
            raise
        if ring:
            core.ring()
        return call

    def _send_part(self, blob: int, data: memoryview, *, is_last: bool) -> tuple[Outcome, Call]:
        core, outcome = self._core, Outcome()
        with core.state_lock:
            if core.reading.is_over:
                raise core.error_when_closed()
            call, prefix = core.connection.blob_part(blob, len(data), is_last=is_last, owner=outcome)
        core.send_split(prefix, data)
        return outcome, call

    def _finish_part(self, under_way: deque[tuple[Outcome, Call]]) -> None:
        outcome, call = under_way.popleft()
        self.wait(outcome, call, None)
        outcome.get()

    # What came

    def _apply(self, payload: memoryview) -> Job | None:
        """Take one payload on the reading thread; return what is to be done elsewhere. Raises ProtocolViolation."""
        message = codec.decode_message(payload)
        with self._core.state_lock:
            event = self._core.connection.receive(message)
        if isinstance(event, Answered):
            self._take_answer(event)
        elif isinstance(event, Arrived):
            self._take_items(event)
        elif isinstance(event, (Asked, Refused)):
            return self._answering.job_for(event)
        elif isinstance(event, Failed):
            self._finish(event.call, None, _error_of(event))
        elif isinstance(event, Granted):
            self._answering.granted(event)
        elif isinstance(event, CancelAsked):
            return self._answering.cancelled(event)
        elif isinstance(event, Notified):
            self._on_notification(event.method, codec.decode_params(event.method, event.params))
        return None

    def _take_answer(self, event: Answered) -> None:
        try:
            result = codec.decode_result(event.call.method, event.result)
        except MalformedMessage as error:
            self._finish(event.call, None, MalformedResult(str(error)))
        else:
            self._finish(event.call, result, None)

    def _take_items(self, event: Arrived) -> None:
        batch = bytes(event.items)
        outcome = event.call.owner
        with self._core.state_lock:
            outcome.batches.append(batch)
            outcome.make_ready()

    def _finish(self, call: Call, result: Any, error: Exception | None) -> None:
        with self._core.state_lock:
            call.owner.finish(result, error)

    # The plugin's answer to the first call

    def _answer_initialize(self, params: InitializeParams, call: IncomingCall) -> InitializeResult:
        revision = choose_revision(params.revisions, REVISIONS)
        try:
            check_frame_limit(params.max_frame_bytes)
        except UnexpectedMessage as error:
            raise CallFailed(ErrorCode.INVALID_PARAMS, str(error)) from error
        core = self._core
        bell = core.link.take_bell() if BELL in params.capabilities else None
        core.send_limit = params.max_frame_bytes
        with core.state_lock:
            core.connection.is_initialized = True
        core.open(bell)
        return InitializeResult(
            revision=revision,
            sdk=self.software,
            capabilities=self._capabilities if bell is None else (*self._capabilities, BELL),
            max_frame_bytes=self._max_frame_bytes,
        )


def _error_of(event: Failed) -> Exception:
    error = event.error
    if error.code == ErrorCode.CANCELLED:
        return CallCancelled(error.message)
    return CallFailed(error.code, error.message, error.data)
