"""The one boundary from our exceptions to the terminal: a message in plain words, and an exit status.

0 done, 1 failed, 2 used wrongly, 130 interrupted. With ``--json`` a failure is one object on stdout, too.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from innkeeper.errors import InnkeeperError

from .main import INTERRUPTED

if TYPE_CHECKING:
    from .run import Run


def exit_status(command: Callable[[], int], run: Run) -> int:  # one for each kind of end
    """Call *command* and return the exit status; what it raises is shown.

    A reader of stdout that left ends the command quietly, as `head` does to any program.
    """
    try:
        status = command()
        sys.stdout.flush()
        return status
    except InnkeeperError as error:
        run.progress.clear()
        show(error, as_json=run.as_json)
        return error.exit_code
    except KeyboardInterrupt:
        run.progress.clear()
        print("\nAborted!", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes
        return 1
    except OSError as error:  # of the system, not ours: the disk that stdout goes to is full, a file cannot be read
        run.progress.clear()
        show(_told(error), as_json=False)
        return 1


def _told(error: OSError) -> InnkeeperError:
    from innkeeper.storage.unwritable import MAKE_ROOM, what_to_do

    if what_to_do(error) == MAKE_ROOM:
        return InnkeeperError("A disk is full.", why=str(error), hint=MAKE_ROOM)
    return InnkeeperError(str(error))


def show(error: InnkeeperError, *, as_json: bool) -> None:
    """Print *error*: on stderr for a person, and on stdout as well where JSON was asked for."""
    if as_json:
        import json

        print(json.dumps(error.as_json()))
    print(f"Error: {error}", file=sys.stderr)
