"""One side of a connection, running. What it asks is here; what it is asked is in ``answering``.

The reading thread applies messages in order and never sends: whatever must be answered becomes a job for a thread
that does not read. Who calls encodes and sends on its own thread.
"""

from __future__ import annotations

import itertools
import platform
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

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
from innkeeper_protocol.payloads.base import Nothing, Payload
from innkeeper_protocol.payloads.session import InitializeParams, InitializeResult, Software
from innkeeper_protocol.streams import WINDOW_BYTES, ReceiveWindow
from innkeeper_protocol.version import PACKAGE_VERSION, REVISIONS

from .answering import Answering
from .blobs import HELD_BYTES, PART_BYTES, Blobs
from .core import Core
from .incoming import Handler, IncomingCall
from .reading import Job
from .stream import Outcome, Stream
from .waiting import make_ready

P = TypeVar("P")
R = TypeVar("R")

BELL = "bell"
"""The capability that says: the bell that came along is in use."""


class _PartInPlace(Payload, frozen=True, kw_only=True):
    """``BlobPartParams``, with data that is not copied out of the payload."""

    blob: int
    size: int
    data: memoryview


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
        self._core = Core(link, role, table, max_frame_bytes, apply=self._apply, place=self._place)
        self._blobs = Blobs(held_blob_bytes)
        all_handlers: dict[str, Handler] = {}
        if role == "plugin":
            all_handlers[methods.SHUTDOWN.name] = lambda params, call: Nothing()
            all_handlers[methods.INITIALIZE.name] = self._answer_initialize
            link.expect_bell()
        all_handlers.update(handlers)
        self._answering = Answering(self._core, all_handlers, describe_error, self)
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
        outcome = Outcome(method, ReceiveWindow(self._window_bytes))
        self._ask(outcome, params)
        return Stream(self, outcome, timeout_s)

    def notify(self, method: Method[P, Any], params: P) -> None:
        """Tell the other side; there is no answer. On a connection that is over nothing happens."""
        self._core.send_payload(connection.notification(method, params))
        self._core.ring_if_unread()

    def send_blob(self, content: bytes | bytearray | memoryview) -> int:
        """Send *content* ahead in parts; return the number by which a message can name it. Raises ConnectionLost."""
        core = self._core
        number = next(self._blob_numbers)
        view = memoryview(content).cast("B")
        part_bytes = min(PART_BYTES, core.item_limit_bytes)
        for start in range(0, max(len(view), 1), part_bytes):
            if core.reading.is_over:
                raise core.error_when_closed()
            data = view[start : start + part_bytes]
            core.send_split(codec.encode_part_prefix(number, len(view), len(data)), data)
        return number

    def take_blob(self, number: int) -> memoryview:
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
        core.agree(answer.max_frame_bytes, bell if BELL in answer.capabilities else None)
        return answer

    def serve(self) -> None:
        """Answer the other side until it has closed the connection, or asked to shut down: a plugin's main loop."""
        while (job := self._core.reading.serve()) is not None:
            self._core.attendants.stand_by()
            job.run()
            if self.closed:
                break

    def close(self) -> None:
        """End the connection now, without a word. Never waits for a handler. May be called twice."""
        self._core.lose(ConnectionLost("this side closed the connection"))

    # For Stream

    def wait(self, outcome: Outcome, deadline: float | None) -> None:
        """Block until there is something for *outcome*. Raises CallTimedOut; the call is cancelled then."""
        core = self._core
        try:
            is_ready = core.reading.wait(outcome, deadline)
        except BaseException:
            self.cancel(outcome)
            raise
        if is_ready:
            return
        if core.reading.is_over:  # and this call's answer was just being taken when that happened
            raise core.error_when_closed()
        self.cancel(outcome)
        raise CallTimedOut(f"no answer to '{outcome.method.name}' in time")

    def take_batch(self, outcome: Outcome) -> bytes | None:
        """Return the next batch of items that came, None if there is none now."""
        with self._core.state_lock:
            batch = outcome.batches.pop(0) if outcome.batches else None
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
            self._core.send_payload(payload)
            self._core.ring()

    # What this side asks

    def _ask(self, outcome: Outcome, params: Any) -> None:
        core = self._core
        try:
            with core.state_lock:
                if core.reading.is_over:
                    raise core.error_when_closed()
                payload = core.connection.request(outcome, params)
            core.send_payload(payload)
        except BaseException:
            with core.state_lock:
                core.connection.forget(outcome)
            raise
        core.ring_if_unread(own_calls=1)

    # What came

    def _apply(self, payload: memoryview) -> Job | None:
        """Take one payload on the reading thread; return what is to be done elsewhere. Raises ProtocolViolation."""
        message = codec.decode_message(payload)
        with self._core.state_lock:
            event: Any = self._core.connection.receive(message)
            kind = type(event)  # a look at the type takes a quarter of isinstance, with structs
            if kind is Outcome:
                _take_answer(event)
                return None
            if kind is Arrived:
                _take_items(event)
                return None
            if kind is Granted:
                self._answering.granted(event)
                return None
        if kind is Asked or kind is Refused:
            return self._answering.job_for(event)
        if kind is CancelAsked:
            return self._answering.cancelled(event)
        if kind is Notified:
            self._take_notification(event)
        return None

    def _place(self, head: memoryview, length: int) -> tuple[memoryview, bytes] | None:
        """Return where the end of a large payload goes, and what to apply once it is there: parts of blobs are so."""
        part = codec.begun_part(head, length) if self._core.connection.is_initialized else None
        if part is None:
            return None
        blob, size, data_bytes, stand_in = part
        place = self._blobs.lend(blob, size, data_bytes)
        return None if place is None else (place, stand_in)

    def _take_notification(self, event: Notified) -> None:
        if event.method is methods.BLOB_PART:
            part: _PartInPlace = codec.decode_as(_PartInPlace, event.params, event.method.name)
            self._blobs.add(part.blob, part.size, part.data)
        else:
            self._on_notification(event.method, codec.decode_params(event.method, event.params))

    # The plugin's answer to the first call

    def _answer_initialize(self, params: InitializeParams, call: IncomingCall) -> InitializeResult:
        revision = choose_revision(params.revisions, REVISIONS)
        try:
            check_frame_limit(params.max_frame_bytes)
        except UnexpectedMessage as error:
            raise CallFailed(ErrorCode.INVALID_PARAMS, str(error)) from error
        core = self._core
        bell = core.link.take_bell()
        if BELL not in params.capabilities:
            bell = None
        with core.state_lock:
            core.connection.is_initialized = True
        core.agree(params.max_frame_bytes, bell)
        return InitializeResult(
            revision=revision,
            sdk=self.software,
            capabilities=self._capabilities if bell is None else (*self._capabilities, BELL),
            max_frame_bytes=self._max_frame_bytes,
        )


def _take_answer(outcome: Outcome) -> None:
    """Finish a call. The state lock is held: what is decoded here holds the interpreter as well."""
    answer: Any = outcome.answer
    outcome.answer = None  # it looks into the buffer, which will be overwritten
    if type(answer) is ErrorObject:
        outcome.finish(None, _error_of(answer))
        return
    try:
        result = codec.decode_result(outcome.method, answer)
    except MalformedMessage as refusal:
        outcome.finish(None, MalformedResult(str(refusal)))
    else:
        outcome.finish(result, None)


def _take_items(event: Arrived) -> None:
    """Keep a batch for whoever takes the items. The state lock is held."""
    outcome: Any = event.call
    outcome.batches.append(bytes(event.items))
    make_ready(outcome)


def _error_of(error: ErrorObject) -> Exception:
    if error.code == ErrorCode.CANCELLED:
        return CallCancelled(error.message)
    return CallFailed(error.code, error.message, error.data)
