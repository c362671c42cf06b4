"""System calls that Python has no name for, as cheaply as Python can make them.

``import ctypes`` takes half as long as starting Python; nearly all of that is its Python part, which is not needed to
call a function. So this takes the C part, ``_ctypes``, which is what ctypes itself is made of and has been the same
from 3.10 to 3.14.
"""

import _ctypes
import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _Int(_ctypes._SimpleCData):  # type: ignore[type-arg]
    _type_ = "i"


class _Bytes(_ctypes._SimpleCData):  # type: ignore[type-arg]
    _type_ = "z"


class _Function(_ctypes.CFuncPtr):
    _flags_ = _ctypes.FUNCFLAG_CDECL | _ctypes.FUNCFLAG_USE_ERRNO
    _restype_ = _Int


def function(name: str) -> "Callable[..., int]":
    """Return the C library's function *name*. It takes numbers of 32 bits, bytes for a pointer to them, and None."""
    found: Callable[..., int] = _Function(_ctypes.dlsym(_library, name))
    return found


def checked(what: str, result: int) -> int:
    """Return *result*; OSError, saying *what* was tried, when it is -1."""
    if result == -1:
        number = _ctypes.get_errno()
        raise OSError(number, f"{what}: {posix.strerror(number)}")
    return result


def pointer_to(data: bytes) -> "tuple[bytes, Any]":
    """Return the address of *data* as bytes of a C pointer, and what must be kept while that address is used."""
    holder = _Bytes(data)
    return bytes(memoryview(holder)), holder


_library = _ctypes.dlopen(None, 2)  # type: ignore[arg-type]  # this program itself
