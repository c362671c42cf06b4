"""What this side is asked: a request becomes a job that runs its handler and answers, exactly once.

Source: SPEC.md CALL-3 to CALL-6, CANCEL-2, ERR-2 to ERR-5.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from innkeeper_protocol import codec, connection, methods
from innkeeper_protocol.connection import Asked, CancelAsked, Granted, Refused
from innkeeper_protocol.errors import CallFailed, ConnectionLost, ErrorCode, MalformedMessage
from innkeeper_protocol.messages import Result

from .coalescing import ItemSender
from .core import Core, too_large
from .incoming import Handler, IncomingCall
from .reading import Job

if TYPE_CHECKING:
    from .peer import Peer


SHORT_MESSAGE = 1000
"""How many characters are left of a message that does not fit a frame."""


class Task(NamedTuple):
    """A job that is no handler's: an answer the protocol itself gives, a callback."""

    action: Callable[[], None]

    def run(self) -> None:
        """Do it."""
        self.action()


class Answering:
    """Answers with *handlers*, by method name. *describe_error* turns what a handler raised into a failure."""

    def __init__(
        self,
        core: Core,
        handlers: Mapping[str, Handler],
        describe_error: Callable[[BaseException], CallFailed],
        peer: Peer,
    ) -> None:
        self.core = core
        self._handlers = handlers
        self._describe_error = describe_error
        self.peer = peer

    def job_for(self, event: Asked | Refused) -> Job:
        """Return the job that answers a request. Its params are decoded here: their bytes do not stay."""
        if not isinstance(event, Asked):
            return self._failing(event.id, event.failure)
        method = event.method
        handler = self._handlers.get(method.name)
        if handler is None:
            return self._failing(event.id, CallFailed(ErrorCode.METHOD_NOT_FOUND, f"no handler for '{method.name}'"))
        try:
            params = codec.decode_as(method.params, event.params, method.name)
        except MalformedMessage as error:
            return self._failing(event.id, CallFailed(ErrorCode.INVALID_PARAMS, str(error)))
        call = IncomingCall(self, event, handler, params)
        if event.window is not None:
            call._sender = ItemSender(self.core, event, event.window)
        event.owner = call
        return call

    def granted(self, event: Granted) -> None:
        """Wake the handler that waits for credit. The state lock is held."""
        call = event.asked.owner
        if call is not None:
            call.credit_came()

    def cancelled(self, event: CancelAsked) -> Job | None:
        """Tell a handler that its caller gave up; return what is to be done about that elsewhere."""
        call = event.asked.owner
        if call is None:
            return None
        with self.core.state_lock:
            call.cancel_came()
        return Task(call.be_cancelled)

    def describe(self, error: BaseException) -> CallFailed:
        """Return the failure that *error* becomes; never raises."""
        try:
            return self._describe_error(error)
        except Exception as second:  # noqa: BLE001  # a failure of the describer must not leave a call unanswered
            return CallFailed(ErrorCode.INTERNAL_ERROR, f"{type(error).__name__}, and describing it: {second!r}")

    def answer_result(self, number: int, result: Any) -> None:
        """Answer request *number*; what cannot be sent becomes a failure."""
        try:
            self._answer(number, codec.encode(Result(id=number, result=result)))
        except CallFailed as error:
            self.answer_failure(number, error)
        except (TypeError, ValueError) as error:
            self.answer_failure(number, CallFailed(ErrorCode.INTERNAL_ERROR, f"a result that cannot be sent: {error}"))

    def answer_failure(self, number: int, failure: CallFailed) -> None:
        """Answer request *number* with *failure*, without its data or most of its text where they cannot be sent."""
        try:
            payload = connection.failure(number, failure)
        except (TypeError, ValueError):
            payload = connection.failure(number, CallFailed(ErrorCode.INTERNAL_ERROR, _shortened(failure)))
        if len(payload) > self.core.send_limit:
            payload = connection.failure(number, CallFailed(failure.code, _shortened(failure)))
        self._answer(number, payload)

    def _answer(self, number: int, payload: bytes) -> None:
        """Send the one answer to request *number*; that to ``shutdown`` is the last thing said (INIT-6)."""
        core = self.core
        if len(payload) > core.send_limit:
            raise too_large(len(payload), core.send_limit)
        with core.state_lock:
            if core.reading.is_over:
                return
            asked = core.connection.answer(number)
            asked.owner = None  # they name each other, and would wait for the garbage collector
        core.send_payload(payload)
        if asked.method is methods.SHUTDOWN:
            core.lose(ConnectionLost("shut down"))

    def _failing(self, number: int, failure: CallFailed) -> Job:
        return Task(lambda: self.answer_failure(number, failure))


def _shortened(failure: CallFailed) -> str:
    """Return the message of *failure*, or so much of it as can be sent anywhere."""
    return str(failure.message)[:SHORT_MESSAGE].encode("utf-8", "replace").decode("utf-8")
