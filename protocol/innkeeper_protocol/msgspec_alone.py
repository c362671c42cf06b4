"""Imports msgspec by itself, for processes that live for one call: it takes what it needs from ``typing`` then.

It would rather have ``typing_extensions``, where that is installed. That takes a third as long to import as all of this
package, and from Python 3.11 on gives it nothing: ``Required`` and ``NotRequired`` are those of ``typing``, and
``get_type_hints`` with extras does what the one of ``typing`` does.
"""

from __future__ import annotations

import sys
from typing import Any

NAME = "typing_extensions"


def import_msgspec() -> None:
    """Import it. Call this before anything else has done so, and before there is a second thread."""
    if sys.version_info < (3, 11) or NAME in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    modules[NAME] = None  # to an import statement, that there is no such module
    try:
        import msgspec  # noqa: F401
    finally:
        del modules[NAME]
