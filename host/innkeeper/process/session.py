"""One running plugin and the conversation with it, from the handshake to its end.

What goes wrong on the wire becomes the host's own errors here, and nowhere else: each names the plugin, says how its
process ended and what it wrote last. Whatever happens, `close` leaves no process behind.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NoReturn, TypeVar

from innkeeper_protocol import methods
from innkeeper_protocol.errors import (
    CallCancelled,
    CallError,
    CallFailed,
    CallTimedOut,
    ConnectionLost,
    MalformedResult,
    ProtocolViolation,
)
from innkeeper_protocol.link import SocketLink
from innkeeper_protocol.methods import Method
from innkeeper_protocol.payloads.base import Nothing
from innkeeper_protocol.payloads.session import Software
from innkeeper_protocol.peer import Handler, Peer

from innkeeper.confinement.broker import Broker
from innkeeper.confinement.confine import LOCKDOWN_FAILED
from innkeeper.confinement.policy import HostPort
from innkeeper.errors import (
    ConfinementError,
    Interrupted,
    PluginError,
    PluginMisbehaved,
    PluginStartFailed,
    PluginStopped,
    PluginTimedOut,
)
from innkeeper.masking import Mask
from innkeeper.untrusted import cleaned, one_line
from innkeeper.version import VERSION

from .call_failures import call_failed
from .child import how_it_ended
from .denials import Denials
from .launch import Launched
from .open_call import OpenCall

P = TypeVar("P")
R = TypeVar("R")

HANDSHAKE_S = 30.0
"""A plugin answers before it imports any of its own code, in a tenth of a second; this is for a machine under load."""

STOPPED_S = 1.0
"""How long a process may outlive its connection before it counts as one that cut it, and is ended."""

SHUTDOWN_S = 0.5
"""For the answer to ``shutdown``, which takes a millisecond unless every thread of the plugin is stuck."""

LEAVE_S = 1.0
"""Between that answer and SIGTERM: exit functions, flushing. A plugin that flushes a log needs about 0.2 s."""

TERMINATE_S = 1.0
"""Between SIGTERM and SIGKILL."""

LAST_LINES = 3


class Session:
    """A plugin that was launched. *handlers* answer what it asks of the host. Any thread may call.

    *on_notification* gets what the plugin tells: on the reading thread, so it must be quick.
    """

    def __init__(
        self,
        launched: Launched,
        *,
        handlers: Mapping[str, Handler],
        on_notification: Callable[[Method[Any, Any], Any], None],
        denials: Denials,
        mask: Mask,
        on_connected: Callable[[str, int], None] | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        """*mask* holds the keys that the plugin may have got. *on_connected* is told where it was connected to."""
        self.name = launched.plugin.name
        self.launched = launched
        self.denials = denials
        self._mask = mask
        self.ending: list[threading.Thread] = []
        """Those that see to the end of calls that were cancelled."""
        self._closing = threading.Lock()
        self._is_closed = False
        self._is_anothers = False
        self._broker: Broker | None = None
        if launched.broker is not None:
            self._broker = Broker(
                launched.broker,
                launched.policy,
                environ=environ,
                on_denied=self._denied,
                on_connected=on_connected,
            )
            self._broker.start()
        self._link = SocketLink.from_descriptor(launched.channel)
        self.peer = Peer(
            self._link,
            role="host",
            handlers=handlers,
            on_notification=on_notification,
            software=Software(name="innkeeper", version=VERSION),
        )

    def initialize(self) -> None:
        """Shake hands. Raises PluginStartFailed, PluginMisbehaved, ConfinementError; the process is gone then."""
        try:
            self.peer.initialize(timeout_s=HANDSHAKE_S)
        except CallTimedOut as error:
            raise self._start_failed(f"It did not answer within {HANDSHAKE_S:.0f} seconds.") from error
        except ConnectionLost as error:
            self._wait_or_kill()
            ended = self._ended()
            if self.launched.child.status == LOCKDOWN_FAILED:
                self.close()
                raise ConfinementError(
                    f"Plugin '{self.name}' was not started: it could not be confined.",
                    why=ended,
                    hint="See what this machine can enforce: llm doctor",
                ) from error
            raise self._start_failed(ended) from error
        except CallFailed as error:
            raise self._start_failed(cleaned(self._mask(error.message))) from error
        except (MalformedResult, ProtocolViolation) as error:
            self._misbehaved(error)
        except BaseException:
            self.close()
            raise

    def call(self, method: Method[P, R], params: P, *, timeout_s: float | None = None) -> R:
        """Call *method* and return its result. Raises a PluginError; after all but PluginCallFailed it is gone."""
        with self.translating(method):
            return self.peer.call(method, params, timeout_s=timeout_s)

    def stream(self, method: Method[P, R], params: P) -> OpenCall[R]:
        """Call *method* and return its stream of items. Raises as `call` does; a plugin that is silent for longer than
        its policy says is ended.
        """
        policy = self.launched.policy
        timeout_s = None if policy.trusted else policy.limits.silence_s
        with self.translating(method):
            return OpenCall(self, method, self.peer.open_stream(method, params, timeout_s=timeout_s))

    def settle(self) -> None:
        """Wait until every call that was cancelled is over, or the plugin ended for not letting go of it.

        Whoever asks next is then not struck by that end.
        """
        for thread in tuple(self.ending):
            thread.join()
            with suppress(ValueError):  # somebody else waited for it as well
                self.ending.remove(thread)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can be asked of it."""
        return self._is_closed or self.peer.closed

    def close(self) -> None:
        """Have the plugin leave, or end it, and wait until it is gone. May be called twice, by any thread.

        An interrupt on the way kills it at once.
        """
        with self._closing:
            if self._is_closed:
                return
            self._is_closed = True
            child = self.launched.child
            try:
                if not self.peer.closed:
                    self.peer.call(methods.SHUTDOWN, Nothing(), timeout_s=SHUTDOWN_S)
            except (CallError, ProtocolViolation):
                pass  # it is ended all the same
            except BaseException:
                child.kill()
                raise
            finally:
                try:
                    self.peer.close()
                    child.end(leave_s=LEAVE_S, terminate_s=TERMINATE_S)
                finally:
                    if self._broker is not None:
                        self._broker.close()
                    self.launched.log.take_out(self._mask.keys)
                    self.launched.clean_up()

    def leave(self) -> None:
        """Leave the plugin to the process that this one was forked off: there it goes on, and here it is over."""
        self._closing = threading.Lock()  # who held it is a thread of that process
        self._is_closed = self._is_anothers = True
        self.launched.child.disown()
        self._link.leave()

    def kill(self) -> None:
        """End the plugin at once."""
        self.launched.child.kill()
        self.close()

    # From the wire's errors to the host's

    @contextmanager
    def translating(self, method: Method[Any, Any]) -> Iterator[None]:
        """Turn the errors of the wire, in this block, into the host's own."""
        try:
            yield
        except CallFailed as error:
            raise call_failed(self.name, error, self.denials.hint(), self._mask) from error
        except CallCancelled as error:
            raise Interrupted(f"The call to plugin '{self.name}' was cancelled.") from error
        except CallTimedOut as error:
            self.kill()
            raise PluginTimedOut(
                self.name,
                f"Plugin '{self.name}' did not answer '{method.name}' in time, and was ended.",
                why=self._last_words(),
                hint=f"Its log may say what it waits for: llm plugins log {self.name}",
            ) from error
        except ConnectionLost as error:
            raise self._stopped(method) from error
        except (MalformedResult, ProtocolViolation) as error:
            self._misbehaved(error)

    def _stopped(self, method: Method[Any, Any]) -> PluginError:
        why_closed = self.peer.why_closed
        if isinstance(why_closed, ProtocolViolation):
            self._misbehaved(why_closed)
        if self._is_anothers:
            return PluginStopped(
                self.name,
                f"Plugin '{self.name}' answers the process that asked it.",
                why="This one was forked off after that.",
                hint="Ask again in this one.",
            )
        self._wait_or_kill()
        self.close()
        return PluginStopped(
            self.name,
            f"Plugin '{self.name}' stopped before it answered '{method.name}'.",
            why=self._ended(),
            hint=self.denials.hint() or f"See its whole log: llm plugins log {self.name}",
        )

    def _misbehaved(self, error: Exception) -> NoReturn:
        self.kill()
        raise PluginMisbehaved(
            self.name,
            f"Plugin '{self.name}' said something that no plugin may say, and was ended.",
            why=one_line(self._mask(str(error))),
            hint=f"See its log: llm plugins log {self.name}",
        ) from error

    def _start_failed(self, why: str) -> PluginStartFailed:
        self.kill()
        return PluginStartFailed(
            self.name,
            f"Plugin '{self.name}' did not start.",
            why=why,
            hint=f"Make its environment anew with `llm plugins repair {self.name}`, "
            f"or see its log: llm plugins log {self.name}",
        )

    def _wait_or_kill(self) -> None:
        child = self.launched.child
        if not child.wait(STOPPED_S):
            child.kill()

    def _ended(self) -> str:
        return "\n".join(part for part in (how_it_ended(self.launched.child.status), self._last_words()) if part)

    def _last_words(self) -> str:
        lines = self.launched.log.last_lines(LAST_LINES)
        return f"It wrote last: {one_line(self._mask(' / '.join(lines)), 600)}" if lines else ""

    def _denied(self, plugin: str, host: str, port: int, reason: str) -> None:
        where = f"[{host}]:{port}" if host.count(":") > 1 else f"{host}:{port}"
        try:
            HostPort.parse(where)
        except ValueError:  # a plugin may name anything, and what is no host cannot be granted
            self.denials.add("host", where, reason)
        else:
            self.denials.add("net", where, reason)
