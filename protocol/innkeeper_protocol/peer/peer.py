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
from typing import Any, TypeVar, cast

import msgspec

from innkeeper_protocol import codec, connection, methods
from innkeeper_protocol.connection import (
    Arrived,
    Asked,
    CancelAsked,
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
from innkeeper_protocol.messages import ErrorObject
from innkeeper_protocol.methods import METHODS, Method
from innkeeper_protocol.negotiation import check_frame_limit, check_revision, choose_revision
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.session import InitializeParams, InitializeResult, Software
from innkeeper_protocol.streams import WINDOW_BYTES, ReceiveWindow
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
        outcome = Outcome(method)
        self._ask(outcome, params)
        self.wait(outcome, None if timeout_s is None else time.monotonic() + timeout_s)
        result: R = outcome.get()
        return result

    def open_stream(self, method: Method[P, R], params: P, *, timeout_s: float | None = None) -> Stream[Any, R]:
        """Ask for *method* and return its stream of items. *timeout_s* bounds each wait for the next item."""
        outcome = Outcome(method, ReceiveWindow(self._window_bytes), batches=deque())
        self._ask(outcome, params)
        return Stream(self, outcome, timeout_s)

    def notify(self, method: Method[P, Any], params: P) -> None:
        """Tell the other side; there is no answer. On a connection that is over nothing happens."""
        payload = connection.notification(method, params)
        with self._core.state_lock:
            ring = self._core.must_ring()
        self._core.send_payload(payload, ring=ring)

    def send_blob(self, content: bytes | bytearray | memoryview) -> int:
        """Send *content* ahead in parts; return the number by which a message can name it. Raises as ``call``."""
        number = next(self._blob_numbers)
        view = memoryview(content).cast("B")
        under_way: deque[Outcome] = deque()
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

    def wait(self, outcome: Outcome, deadline: float | None) -> None:
        """Block until there is something for *outcome*. Raises CallTimedOut; the call is cancelled then."""
        reading = self._core.reading
        try:
            is_ready = reading.wait(outcome, deadline)
        except BaseException:
            self.cancel(outcome)
            raise
        if reading.is_over:
            self._core.dispose_if_unused()
        elif not is_ready:
            self.cancel(outcome)
            raise CallTimedOut(f"no answer to '{outcome.method.name}' in time")

    def take_batch(self, outcome: Outcome) -> bytes | None:
        """Return the next batch of items that came, None if there is none now."""
        with self._core.state_lock:
            batch = outcome.batches.popleft() if outcome.batches else None
            outcome.is_ready = bool(outcome.batches) or outcome.is_done
        return batch

    def grant(self, outcome: Outcome, cost: int) -> None:
        """Count a batch as consumed, and send credit when it is time."""
        with self._core.state_lock:
            payload = self._core.connection.consume(outcome, cost)
        if payload is not None:
            self._core.send_payload(payload)

    def cancel(self, outcome: Outcome) -> None:
        """Give up on a call, unless it is answered."""
        with self._core.state_lock:
            payload = self._core.connection.cancel(outcome)
            if payload is not None and outcome.batches:
                outcome.batches.clear()
                outcome.is_ready = outcome.is_done
        if payload is not None:
            self._core.send_payload(payload, ring=True)

    # What this side asks

    def _ask(self, outcome: Outcome, params: Any) -> None:
        core = self._core
        with core.state_lock:
            if core.reading.is_over:
                raise core.error_when_closed()
            ring = core.must_ring()
            payload = core.connection.request(outcome, params)
        try:
            core.send_payload(payload, ring=ring)
        except CallFailed:
            with core.state_lock:
                core.connection.forget(outcome)
            raise

    def _send_part(self, blob: int, data: memoryview, *, is_last: bool) -> Outcome:
        core, outcome = self._core, Outcome(methods.BLOB_PART)
        with core.state_lock:
            if core.reading.is_over:
                raise core.error_when_closed()
            prefix = core.connection.blob_part(outcome, blob, len(data), is_last=is_last)
        core.send_split(prefix, data)
        return outcome

    def _finish_part(self, under_way: deque[Outcome]) -> None:
        outcome = under_way.popleft()
        self.wait(outcome, None)
        outcome.get()

    # What came

    def _apply(self, payload: memoryview) -> Job | None:
        """Take one payload on the reading thread; return what is to be done elsewhere. Raises ProtocolViolation."""
        core = self._core
        message = codec.decode_message(payload)
        with core.state_lock:
            event = core.connection.receive(message)
        kind = type(event)
        if kind is Outcome:
            self._take_answer(cast(Outcome, event))
        elif kind is Asked or kind is Refused:
            return self._answering.job_for(cast("Asked | Refused", event))
        elif isinstance(event, Arrived):
            self._take_items(event)
        elif isinstance(event, Granted):
            self._answering.granted(event)
        elif isinstance(event, CancelAsked):
            return self._answering.cancelled(event)
        elif isinstance(event, Notified):
            self._on_notification(event.method, codec.decode_params(event.method, event.params))
        return None

    def _take_answer(self, outcome: Outcome) -> None:
        answer = outcome.answer
        outcome.answer = None  # it looks into the buffer, which will be overwritten
        result: Any = None
        error: Exception | None = None
        if isinstance(answer, ErrorObject):
            error = _error_of(answer)
        else:
            try:
                result = codec.decode_result(outcome.method, cast(msgspec.Raw, answer))
            except MalformedMessage as refusal:
                error = MalformedResult(str(refusal))
        with self._core.state_lock:
            outcome.finish(result, error)

    def _take_items(self, event: Arrived) -> None:
        batch = bytes(event.items)
        outcome = cast(Outcome, event.call)
        with self._core.state_lock:
            if outcome.batches is not None:
                outcome.batches.append(batch)
            outcome.make_ready()

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


def _error_of(error: ErrorObject) -> Exception:
    if error.code == ErrorCode.CANCELLED:
        return CallCancelled(error.message)
    return CallFailed(error.code, error.message, error.data)
