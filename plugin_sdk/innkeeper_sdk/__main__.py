"""``python -m innkeeper_sdk``: the process that a host starts for one plugin."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from .stdio import NoChannel, flush_streams, settle_streams, take_channel

GARBAGE_OBJECTS = 20_000
"""New objects after which Python looks for cycles among them. With the 700 of older versions a twentieth of all imports
is spent on looking, in vain."""


def main() -> NoReturn:
    """Serve the plugin until the host leaves, then leave.

    Leaving is by ``os._exit``, once exit functions have run and streams are flushed: tearing the interpreter down
    would cost a fifth of a short run and free nothing that the end of the process does not.
    """
    try:
        channel = take_channel(os.environ)
    except NoChannel as error:
        sys.exit(_usage_error(error))
    settle_streams()
    exit_code = 1
    try:
        import gc

        from innkeeper_protocol.msgspec_alone import import_msgspec

        gc.set_threshold(GARBAGE_OBJECTS)
        import_msgspec()
        from .run import run

        exit_code = run(channel, os.environ)
    finally:
        _leave(exit_code)


def _usage_error(error: NoChannel) -> int:
    print(f"Error: {error}", file=sys.stderr)
    return 2


def _leave(exit_code: int) -> NoReturn:
    import atexit

    if sys.exc_info()[0] is not None:
        sys.excepthook(*sys.exc_info())
    try:
        atexit._run_exitfuncs()
    finally:
        flush_streams()
        os._exit(exit_code)


if __name__ == "__main__":
    main()
