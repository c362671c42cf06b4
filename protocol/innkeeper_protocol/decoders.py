"""Makes msgspec's decoders, one at a time.

To make one, msgspec looks at its type and at every type in there, and leaves what it finds with each as it goes along.
A second thread that comes upon a type which is half done crashes the process (seen with msgspec 0.22, where a plugin
could have that happen in its host). Who has a decoder may use it from any thread.
"""

from __future__ import annotations

from _thread import allocate_lock
from collections.abc import Callable
from typing import Any

import msgspec

_making = allocate_lock()


def msgpack_decoder(wanted: Any, ext_hook: Callable[[int, memoryview], Any]) -> msgspec.msgpack.Decoder[Any]:
    """Return a decoder of msgpack for *wanted*."""
    with _making:
        return msgspec.msgpack.Decoder(wanted, ext_hook=ext_hook)


def json_decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    """Return a decoder of JSON for *wanted*."""
    with _making:
        return msgspec.json.Decoder(wanted)
