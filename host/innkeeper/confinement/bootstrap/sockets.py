"""The standard library's ``socket`` for a process that can make none: it asks the host's broker for connected ones.

Put over the module `socket` when that is first imported, so whatever builds on it (ssl, http, httpx, requests, asyncio)
works unchanged. It is a convenience, no barrier: the barrier is the system call filter, and the broker, which connects
to nothing that was not granted. TCP to a name and a port only; the rest fails as the filter makes it fail.

A new socket is one end of a pair, the same for all that are not connected: making one takes longer than all else here.
``connect`` puts the broker's socket in its place, under the same descriptor. Without blocking it first puts a pair
there that becomes writable when the broker has answered, and asking for SO_ERROR, as every event loop does then, puts
the socket in its place.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from innkeeper.confinement.bootstrap.broker_client import Answer, Client
    from innkeeper.confinement.bootstrap.placeholders import Names

_EINPROGRESS, _EALREADY, _EISCONN, _ENOTCONN, _EACCES, _ENETDOWN = 115, 114, 106, 107, 13, 100
_SO_DOMAIN = 39


def install(module: "Any", names: "Names", client: "Client") -> None:
    """Change *module*, the just loaded ``socket``."""
    module.socket = _socket_class(module, names, client)
    module.getaddrinfo = names.getaddrinfo
    module.gethostbyname = names.gethostbyname
    module.gethostbyname_ex = names.gethostbyname_ex
    module.getfqdn = lambda name="": name or module.gethostname()


class _Unconnected:
    """What is known of the sockets that are still pairs, by descriptor. *module* is ``socket``."""

    def __init__(self, module: "Any") -> None:
        self.module = module
        self.options: dict[int, list[Any]] = {}
        self.answers: dict[int, Answer] = {}
        self.pair = [end.detach() for end in self.new_pair()]

    def descriptor(self) -> int:
        """Return a new descriptor of the pair."""
        return os.dup(self.pair[0])

    def new_pair(self) -> "Any":
        return self.module._socket.socketpair(self.module.AF_UNIX, self.module.SOCK_STREAM)

    def forget(self, descriptor: int) -> None:
        self.options.pop(descriptor, None)
        answer = self.answers.pop(descriptor, None)
        if answer is not None:
            answer.give_up()


def _socket_class(module: "Any", names: "Names", client: "Client") -> "Any":
    real: Any = module.socket
    unconnected = _Unconnected(module)

    class socket(real):  # type: ignore[misc]  # the real one is only known when it is loaded
        __slots__ = ()

        def __init__(
            self,
            family: int = -1,
            type: int = -1,  # noqa: A002 # the name it has in the standard library
            proto: int = -1,
            fileno: "int | None" = None,
        ) -> None:
            wanted = module.AF_INET if family == -1 else family
            kind = module.SOCK_STREAM if type == -1 else type
            if fileno is not None or not _is_internet(module, wanted, kind):
                real.__init__(self, family, type, proto, fileno)
                return
            descriptor = unconnected.descriptor()
            unconnected.forget(descriptor)
            unconnected.options[descriptor] = []
            real.__init__(self, wanted, module.SOCK_STREAM, max(proto, 0), descriptor)
            self.settimeout(0.0 if kind & module.SOCK_NONBLOCK else module.getdefaulttimeout())

        def connect(self, address: "Any") -> None:
            if not _is_internet(module, self.family, self.type):
                real.connect(self, address)
                return
            descriptor = self.fileno()
            if descriptor in unconnected.answers:
                raise OSError(_EALREADY, os.strerror(_EALREADY))
            if not is_pair(self):
                raise OSError(_EISCONN, os.strerror(_EISCONN))
            answer = client.ask(names.name_of(address[0]), int(address[1]))
            timeout = self.gettimeout()
            if timeout == 0.0:
                unconnected.answers[descriptor] = answer
                answer.close_on_arrival(replace_by_full_pair(self))
                client.read()
                raise BlockingIOError(_EINPROGRESS, os.strerror(_EINPROGRESS))
            if not client.wait(answer, timeout or None):
                answer.give_up()
                raise TimeoutError("timed out")
            if answer.error:
                raise OSError(answer.error, answer.text)
            take(self, answer)

        def connect_ex(self, address: "Any") -> int:
            try:
                self.connect(address)
            except OSError as error:
                if error.errno is None:
                    raise
                return error.errno
            return 0

        def setsockopt(self, *arguments: "Any") -> None:
            waiting = unconnected.options.get(self.fileno())
            if waiting is None:
                real.setsockopt(self, *arguments)
            else:
                waiting.append(arguments)

        def getsockopt(self, level: int, option: int, *rest: int) -> "Any":
            descriptor = self.fileno()
            answer = unconnected.answers.get(descriptor)
            if (level, option) == (module.SOL_SOCKET, module.SO_ERROR) and answer is not None:
                if not answer.arrived.is_set():
                    return 0
                del unconnected.answers[descriptor]
                if answer.error:
                    return answer.error
                take(self, answer)
            elif level != module.SOL_SOCKET and descriptor in unconnected.options:
                set_before = reversed(unconnected.options[descriptor])
                return next(
                    (value for set_level, name, value, *_ in set_before if (set_level, name) == (level, option)), 0
                )
            return real.getsockopt(self, level, option, *rest)

        def getpeername(self) -> "Any":
            if is_pair(self):
                raise OSError(_ENOTCONN, os.strerror(_ENOTCONN))
            return real.getpeername(self)

        def getsockname(self) -> "Any":
            if is_pair(self):
                return ("::", 0, 0, 0) if self.family == module.AF_INET6 else ("0.0.0.0", 0)
            return real.getsockname(self)

        def bind(self, address: "Any") -> None:
            if is_pair(self):
                raise PermissionError(_EACCES, f"{client.plugin} is confined: it may connect, not listen")
            real.bind(self, address)

        def _real_close(self, *rest: "Any") -> None:
            unconnected.forget(self.fileno())
            real._real_close(self, *rest)

    def is_pair(sock: "Any") -> bool:
        """Say whether the internet socket *sock* is not connected yet: the kernel knows what it really is."""
        if not _is_internet(module, sock.family, sock.type):
            return False
        return bool(real.getsockopt(sock, module.SOL_SOCKET, _SO_DOMAIN) == module.AF_UNIX)

    def replace_by_full_pair(sock: "Any") -> "Any":
        """Put a pair of its own there, unwritable, so that nobody takes it for connected before its time; return the
        other end.
        """
        mine, bell = unconnected.new_pair()
        os.set_blocking(mine.fileno(), False)
        os.dup2(mine.fileno(), sock.fileno(), inheritable=False)
        mine.close()
        try:
            while True:
                real.send(sock, bytes(1 << 16))
        except BlockingIOError:
            return bell

    def take(sock: "Any", answer: "Answer") -> None:
        """Put the connected descriptor of *answer* in the place of the pair, with the options that were set before."""
        descriptor = sock.fileno()
        received, answer.descriptor = answer.descriptor, None
        if received is None:
            raise OSError(_ENETDOWN, "the host sent no connection")
        wanted = unconnected.options.pop(descriptor, [])
        os.set_blocking(received, sock.gettimeout() is None)
        os.dup2(received, descriptor, inheritable=False)
        os.close(received)
        unconnected.forget(descriptor)
        for arguments in wanted:
            real.setsockopt(sock, *arguments)

    socket.__module__ = socket.__qualname__ = "socket"
    return socket


def _is_internet(module: "Any", family: int, kind: int) -> bool:
    return family in (module.AF_INET, module.AF_INET6) and kind & 0xFF == module.SOCK_STREAM
